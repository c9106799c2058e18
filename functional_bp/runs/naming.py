"""Where a run goes that was not told: a new folder named after its task and the time."""

import time
from pathlib import Path

from functional_bp.errors import InputError


def claimed(parent: Path, task: str) -> Path:
    """A new folder named after the task and the time, made by us alone."""
    while True:
        path = unused(parent, task)
        try:
            path.mkdir(parents=True)
            return path
        except FileExistsError:  # another run was quicker
            continue
        except OSError as error:
            raise InputError(f"cannot write the run folder {path}: {error.strerror}") from error


def unused(parent: Path, task: str) -> Path:
    """A name after the task and the time that no folder has."""
    name = f"{task}-{time.strftime('%Y%m%d-%H%M%S')}"
    candidates = [parent / name, *(parent / f"{name}-{number}" for number in range(2, 1000))]
    return next(path for path in candidates if not path.exists())
