"""Compiled programs kept from one process to the next."""

import logging
import os
import tempfile
from pathlib import Path

import jax

FOLDER_VARIABLE = "JAX_COMPILATION_CACHE_DIR"
logger = logging.getLogger(__name__)


def keep_compiled_programs() -> None:
    """Tells JAX to store them in the user's cache folder, unless the user has set JAX's own options for it."""
    if FOLDER_VARIABLE not in os.environ:
        try:
            base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
            folder = Path(base) / "functional-bp" / "compiled"
            folder.mkdir(parents=True, exist_ok=True)
            tempfile.TemporaryFile(dir=folder).close()
        except (OSError, RuntimeError) as error:
            logger.warning(
                "compiled programs cannot be kept (%s): set XDG_CACHE_HOME or %s to a folder that can be written",
                error, FOLDER_VARIABLE,
            )  # fmt: skip
            return
        jax.config.update("jax_compilation_cache_dir", str(folder))
    if "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS" not in os.environ:
        jax.config.update("jax_persistent_cache_min_compile_time_secs", 0)
