"""A run folder has one owner at a time: the process that holds the lock in it."""

import errno
import json
import logging
import os
import socket
import time
from pathlib import Path
from typing import Any

from functional_bp.errors import InputError

try:
    import fcntl
except ImportError:  # not on Windows
    fcntl = None

NAME = ".lock"
NO_LOCKS = {errno.ENOLCK, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EINVAL}
PATIENCE = 0.5  # seconds: a killed owner takes a moment to go
NAMING = 2  # seconds: a new owner takes a moment to write its name
LONGEST = 1000  # bytes
logger = logging.getLogger(__name__)


class Lock:
    """A context in which the folder is ours alone.

    The lock is the system's: it ends with its process, however that ends, and on a shared file system holds on all
    its machines. Raises InputError, with the owner, where another process has the folder, and where it cannot be
    written. A file system without locks is said to be one; there the owner's name in the file is believed.
    """

    def __init__(self, folder: Path) -> None:
        self.folder, self.path, self.descriptor = folder, folder / NAME, -1

    def __enter__(self) -> "Lock":
        deadline = time.monotonic() + PATIENCE
        while not self.taken():
            if time.monotonic() > deadline:
                raise InputError(f"{self.folder} is in use by {self.owner()}: a run folder has one owner at a time")
            time.sleep(0.05)
        return self

    def __exit__(self, *error: Any) -> None:
        """The file goes first: whoever opens it meanwhile sees that it is no longer there."""
        self.path.unlink(missing_ok=True)
        os.close(self.descriptor)

    def taken(self) -> bool:
        try:
            flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOFOLLOW", 0)
            descriptor = os.open(self.path, flags, 0o666)
        except OSError as error:
            raise InputError(f"cannot write the run folder {self.folder}: {error.strerror}") from error
        if not (held(descriptor, self.folder, self.path) and is_still(descriptor, self.path)):
            os.close(descriptor)
            return False
        self.descriptor = descriptor
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, json.dumps({"pid": os.getpid(), "host": socket.gethostname()}).encode(), 0)
        return True

    def owner(self) -> str:
        deadline = time.monotonic() + NAMING
        while not (found := owner_in(self.path)) and time.monotonic() < deadline:
            time.sleep(0.05)
        return f"process {found[0]} on {found[1]}" if found else "another process"


def held(descriptor: int, folder: Path, path: Path) -> bool:
    try:
        if fcntl is None:
            raise OSError(errno.ENOSYS, "no locks")
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return True
    except BlockingIOError:
        return False
    except OSError as error:
        if error.errno not in NO_LOCKS:
            raise InputError(f"cannot lock the run folder {folder}: {error.strerror}") from error
    found = owner_in(path)
    if found and (found[1] != socket.gethostname() or (found[0] != os.getpid() and is_alive(found[0]))):
        return False
    logger.warning("the file system of %s has no locks: do not let two runs into one folder", folder)
    return True


def is_still(descriptor: int, path: Path) -> bool:
    """Whether the file that was locked is the one of that name: its last owner may have removed it in between."""
    try:
        return os.path.samestat(os.fstat(descriptor), os.stat(path))
    except FileNotFoundError:
        return False


def owner_in(path: Path) -> tuple[int, str] | None:
    try:
        with open(os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0)), "rb") as file:
            found = json.loads(file.read(LONGEST))
        return int(found["pid"]), str(found["host"])
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None


def is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        return True
    return True


def is_unused(folder: Path) -> bool:
    """Whether there is nothing in it but the lock and the half written file of a process that was killed."""
    return all(name == NAME or (name[0] == "." and name.endswith(".partial")) for name in os.listdir(folder))
