"""Regular files alone: a pipe would keep its reader waiting, and a device never ends."""

import hashlib
import os
import stat
from io import BufferedReader
from pathlib import Path

from functional_bp.errors import InputError

KINDS = {stat.S_IFDIR: "a folder", stat.S_IFIFO: "a pipe", stat.S_IFSOCK: "a socket"}
DEVICE = "a device"


def open_regular(path: Path) -> BufferedReader:
    """The file, open for reading. Raises OSError where it can't be, and InputError for anything but a regular file."""
    check_regular(path, os.stat(path))
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    file = os.fdopen(descriptor, "rb")
    try:
        check_regular(path, os.fstat(descriptor))
    except InputError:
        file.close()
        raise
    return file


def check_regular(path: Path, status: os.stat_result) -> None:
    if not stat.S_ISREG(status.st_mode):
        kind = KINDS.get(stat.S_IFMT(status.st_mode), DEVICE)
        raise InputError(f"{path}: expected a regular file, got {kind}")


def checksum_of(path: Path) -> str:
    """SHA-256 of its bytes, as `sha256sum` gives it."""
    with open_regular(path) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def read_text(path: Path, most: int) -> str:
    """Its text in UTF-8. Raises InputError for a file of more than `most` bytes, ValueError for other bytes."""
    with open_regular(path) as file:
        content = file.read(most + 1)
    if len(content) > most:
        raise InputError(f"{path}: expected at most {most} bytes, it has {os.stat(path).st_size}")
    return content.decode("utf-8")
