"""Plain copies of compressed data, in the user's cache folder: they can be mapped, and are never all in memory."""

import hashlib
import os
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from functional_bp.errors import InputError
from functional_bp.training.saving.archive import write_atomically

BLOCK = 1 << 20
LIMIT = 16 << 30
LIMIT_VARIABLE = "FUNCTIONAL_BP_CACHE_LIMIT"


@runtime_checkable
class Readable(Protocol):
    """A file that is open for reading: plain, or one that decompresses."""

    def read(self, size: int, /) -> bytes: ...


def cached(source: Path, member: str, size: int, write: Callable[[Any], Any]) -> Path:
    """The file of `size` bytes that `write` makes of the source, or of one member of it, written at the first call.

    The folder never holds more than $FUNCTIONAL_BP_CACHE_LIMIT bytes (16 GiB, if not set): what was used longest ago
    makes room. Raises InputError for a file that alone is larger than that.
    """
    status = source.stat()
    identity = f"{source.resolve()}\n{member}\n{status.st_size}\n{status.st_mtime_ns}"
    path = folder() / hashlib.sha256(identity.encode()).hexdigest()[:32]
    if path.exists() and path.stat().st_size == size:
        os.utime(path)
        return path
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        make_room(path.parent, size, source)
    except OSError as error:
        raise InputError(f"cannot write the cache {path.parent}: {error.strerror}") from error
    write_atomically(path, write)
    return path


def folder() -> Path:
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "functional-bp" / "data"


def make_room(cache: Path, size: int, source: Path) -> None:
    """Removes the files used longest ago until `size` more bytes are within the limit."""
    text = os.environ.get(LIMIT_VARIABLE, str(LIMIT))
    limit = int(text) if text.isdecimal() else -1
    if limit < 0:
        raise InputError(f"{LIMIT_VARIABLE} must be a number of bytes, got {text!r}")
    if size > limit:
        raise InputError(
            f"{source} has {size} bytes when decompressed, the cache at most {limit}: "
            f"decompress it yourself, or set {LIMIT_VARIABLE}"
        )
    used = sorted((file.stat().st_mtime_ns, file.stat().st_size, file) for file in cache.iterdir())
    total = sum(bytes_used for _, bytes_used, _ in used)
    for _, bytes_used, file in used:
        if total + size <= limit:
            break
        file.unlink(missing_ok=True)
        total -= bytes_used


def unpack(file: Readable, out: Any, size: int, path: Path) -> None:
    """Copies `size` bytes and makes sure that they are all; what a damaged file would unfold to beyond is not read."""
    copied = 0
    while block := read(file, min(BLOCK, size + 1 - copied), path):
        copied += len(block)
        out.write(block)
    if copied != size:
        came = f"only {copied}" if copied < size else "more"
        raise InputError(f"{path}: its header calls for {size} bytes, it has {came}")


def read(file: Readable, count: int, path: Path) -> bytes:
    """`file.read(count)`, where the file belongs to compressed data that may be damaged."""
    try:
        return file.read(count)
    except (OSError, EOFError, zlib.error, zipfile.BadZipFile) as error:
        raise InputError(f"{path} is damaged: {error}") from error
