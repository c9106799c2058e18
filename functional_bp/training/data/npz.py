"""The arrays of an .npz: their headers are read, and each is unpacked into the cache when it is opened."""

import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np

from functional_bp.errors import InputError
from functional_bp.training.data.cache import cached, unpack
from functional_bp.training.data.npy import Header, check_length, read_header
from functional_bp.training.data.stored import Stored, can_unfold_to, mapped
from functional_bp.training.regular import checksum_of, open_regular
from functional_bp.training.saving.archive import one_line

LARGEST_GAP = 64  # bytes: room for alignment, and less than any array needs
COMPRESSIONS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)


def open_npz(path: Path, wanted: Callable[[str], bool]) -> dict[str, Stored | None]:
    """The wanted arrays by name, None for each of the others. Raises InputError for a file that is damaged."""
    digest = cache(lambda: checksum_of(path))
    found: dict[str, Stored | None] = {}
    with reading(path) as archive:
        check_complete(archive, path)
        for member in archive.infolist():
            name = member.filename.removesuffix(".npy")
            if name in found:
                raise InputError(f"{path} is damaged: it holds {name} twice")
            found[name] = stored(archive, member, path, digest) if wanted(name) else None
    return found


@contextmanager
def reading(path: Path) -> Iterator[zipfile.ZipFile]:
    """The archive, open; whatever zipfile raises on bytes that are none becomes an InputError."""
    with open_regular(path) as file:
        try:
            with zipfile.ZipFile(file) as archive:
                yield archive
        except (InputError, OSError):
            raise
        except Exception as error:
            raise InputError(f"{path} is damaged: {one_line(error)}") from error


def stored(archive: zipfile.ZipFile, member: zipfile.ZipInfo, path: Path, digest: Any) -> Stored:
    where = f"{path}, {member.filename.removesuffix('.npy')}"
    if member.compress_type not in COMPRESSIONS:
        raise InputError(f"{path} is damaged: {member.filename} is compressed in an unknown way")
    if not can_unfold_to(member.file_size, member.compress_size):
        raise InputError(f"{where} is damaged: {member.compress_size} bytes cannot hold {member.file_size}")
    with archive.open(member) as source:
        header = read_header(source, where)
    check_length(header, member.file_size, where)
    return Stored(header.dtype, header.shape, partial(unpacked, path, member, header, digest))


def unpacked(path: Path, member: zipfile.ZipInfo, header: Header, digest: Any) -> np.ndarray:
    def write(out: Any) -> None:
        with reading(path) as archive, archive.open(member) as source:
            unpack(source, out, size=member.file_size, path=path)

    return mapped(cached(path, member.filename, digest(), member.file_size, write), *header[:3])


def check_complete(archive: zipfile.ZipFile, file: Path) -> None:
    """The members lie one behind the other, the directory after them: none is missing from it."""
    members = [(m.header_offset, 30 + len(m.filename) + m.compress_size) for m in archive.infolist()]
    end = 0
    for place, length in [*sorted(members), (archive.start_dir, 0)]:
        if place - end > LARGEST_GAP:
            raise InputError(f"{file} is damaged: it holds more than its directory lists")
        if place < end:
            raise InputError(f"{file} is damaged: its members overlap")
        end = place + length
