"""Plain copies of compressed data, in the user's cache folder: they can be mapped, and are never all in memory."""

import hashlib
import logging
import os
import secrets
import tempfile
import time
import zipfile
import zlib
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any, BinaryIO, Protocol, runtime_checkable

from functional_bp.errors import InputError

BLOCK = 1 << 20
LIMIT = 16 << 30
LIMIT_VARIABLE = "FUNCTIONAL_BP_CACHE_LIMIT"
FOLDER_VARIABLE = "XDG_CACHE_HOME"
ABANDONED = 3600  # seconds: what a killed process has left half written
logger = logging.getLogger(__name__)


@runtime_checkable
class Readable(Protocol):
    """A file that is open for reading: plain, or one that decompresses."""

    def read(self, size: int, /) -> bytes: ...


def cached(source: Path, member: str, checksum: str, size: int, write: Callable[[Any], Any]) -> BinaryIO:
    """The file of `size` bytes that `write` makes of the source, or of one member of it, open; written at the first
    call, and again where the source's checksum, or that of the copy, which is part of its name, is another.

    The folder never holds more than $FUNCTIONAL_BP_CACHE_LIMIT bytes (16 GiB, if not set): what was used longest ago
    makes room. Where it cannot be written that is said, and the copy lasts as long as the process. Raises InputError
    for a file that alone is larger than the limit.
    """
    check_size(size, source)
    identity = f"{source.resolve()}\n{member}\n{checksum}"
    key = hashlib.sha256(identity.encode(errors="surrogateescape")).hexdigest()[:32]
    cache = None
    try:
        cache = folder()
        return kept(cache, key, size) or written(cache, key, size, write)
    except OSError as error:
        why = error.strerror or error
        warn(f"the cache {cache} cannot be written ({why}): set {FOLDER_VARIABLE} to a folder that can")
    temporary = tempfile.TemporaryFile()  # noqa: SIM115
    write(temporary)
    temporary.flush()
    return temporary  # pyright: ignore[reportReturnType]


@lru_cache
def warn(message: str) -> None:
    """Once."""
    logger.warning("%s; until then what is compressed is unpacked for each process anew", message)


def folder() -> Path:
    """Raises OSError where there is none: no variable and no home."""
    try:
        base = os.environ.get(FOLDER_VARIABLE) or Path.home() / ".cache"
    except RuntimeError as error:
        raise OSError(f"{error}") from error
    return Path(base) / "functional-bp" / "data"


def kept(cache: Path, key: str, size: int) -> BinaryIO | None:
    """The copy, if there is one and its bytes are those that were written."""
    for path in cache.glob(f"{key}-*") if cache.is_dir() else ():
        file = open(path, "rb")  # noqa: SIM115
        whole = os.fstat(file.fileno()).st_size == size
        if whole and path.name == f"{key}-{hashlib.file_digest(file, 'sha256').hexdigest()}":  # pyright: ignore[reportArgumentType]
            os.utime(path)
            return file
        file.close()
        path.unlink(missing_ok=True)
    return None


def written(cache: Path, key: str, size: int, write: Callable[[Any], Any]) -> BinaryIO:
    """A new copy. Its checksum is its name, so that nothing need be flushed to be safe."""
    cache.mkdir(parents=True, exist_ok=True)
    make_room(cache, size)
    partial = cache / f".{key}.{secrets.token_hex(4)}.partial"
    try:
        with open(partial, "wb") as file:
            out = Hashed(file)
            write(out)
        whole = cache / f"{key}-{out.sha.hexdigest()}"
        os.replace(partial, whole)
        return open(whole, "rb")
    finally:
        partial.unlink(missing_ok=True)


class Hashed:
    """A file that hashes what is written to it."""

    def __init__(self, file: Any) -> None:
        self.file, self.sha = file, hashlib.sha256()

    def write(self, block: bytes) -> int:
        self.sha.update(block)
        return self.file.write(block)


def check_size(size: int, source: Path) -> None:
    most = limit()
    if size > most:
        raise InputError(
            f"{source} has {size} bytes when decompressed, the cache at most {most}: "
            f"decompress it yourself, or set {LIMIT_VARIABLE}"
        )


def limit() -> int:
    text = os.environ.get(LIMIT_VARIABLE, str(LIMIT))
    if not (text.isascii() and text.isdecimal() and len(text) < 20):
        raise InputError(f"{LIMIT_VARIABLE} must be a number of bytes, got {text!r}")
    return int(text)


def make_room(cache: Path, size: int) -> None:
    """Removes what is abandoned, and the files used longest ago until `size` more bytes are within the limit."""
    files = []
    for path in cache.iterdir():
        try:
            status = path.stat()
        except FileNotFoundError:  # another process has removed it
            continue
        if path.suffix == ".partial" and time.time() - status.st_mtime > ABANDONED:
            path.unlink(missing_ok=True)
        else:
            files.append((path.suffix == ".partial", status.st_mtime_ns, status.st_size, path))
    total, most = sum(length for _, _, length, _ in files), limit()
    for is_partial, _, length, path in sorted(files):
        if total + size <= most or is_partial:
            break
        path.unlink(missing_ok=True)
        total -= length


def unpack(file: Readable, out: Any, size: int, path: Path) -> None:
    """Copies `size` bytes and makes sure that they are all; what a damaged file would unfold to beyond is not read."""
    copied = 0
    while block := read(file, min(BLOCK, size + 1 - copied), path):
        copied += len(block)
        if copied <= size:
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
