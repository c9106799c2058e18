"""Compiled programs kept from one process to the next."""

import os
from pathlib import Path


def keep_compiled_programs() -> None:
    """Tells JAX to store them in the user's cache folder, unless the user has set JAX's own options for it."""
    import jax

    if "JAX_COMPILATION_CACHE_DIR" not in os.environ:
        base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
        jax.config.update("jax_compilation_cache_dir", str(Path(base) / "functional-bp" / "compiled"))
    if "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS" not in os.environ:
        jax.config.update("jax_persistent_cache_min_compile_time_secs", 0)
