"""IDX, the format of MNIST: two zero bytes, the type, the number of axes, their lengths, the numbers; big-endian."""

import gzip
import re
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import numpy as np

from functional_bp.errors import InputError
from functional_bp.training.data.cache import Readable, cached, read, unpack
from functional_bp.training.data.stored import Stored, bytes_of, can_unfold_to, mapped
from functional_bp.training.regular import checksum_of, open_regular

TYPES = {
    0x08: ("ubyte", np.dtype("u1")),
    0x09: ("byte", np.dtype("i1")),
    0x0B: ("short", np.dtype(">i2")),
    0x0C: ("int", np.dtype(">i4")),
    0x0D: ("float", np.dtype(">f4")),
    0x0E: ("double", np.dtype(">f8")),
}
MOST_AXES = 8


class Header(NamedTuple):
    """What an IDX file says of itself: the type's name (as in `idx3-ubyte`), its dtype, and the lengths of the axes."""

    name: str
    dtype: np.dtype
    shape: tuple[int, ...]

    @property
    def offset(self) -> int:
        return 4 + 4 * len(self.shape)

    @property
    def bytes(self) -> int:
        """The length of the whole file."""
        return self.offset + bytes_of(self.dtype, self.shape)


def open_idx(path: Path) -> Stored:
    """The array in an IDX file, which is not read; a gzipped file is decompressed into the cache when it is opened.

    Raises InputError for a file that is cut short, too long, damaged, empty, or not what its header or name says.
    """
    zipped, length = path.suffix == ".gz", path.stat().st_size
    with open_regular(path) as file:
        header = read_header(gzip.GzipFile(fileobj=file) if zipped else file, path)
    if not zipped and length != header.bytes:
        raise InputError(f"{path}: its header calls for {header.bytes} bytes, it has {length}")
    if zipped and not can_unfold_to(header.bytes, length):
        raise InputError(f"{path} is damaged: {length} bytes cannot hold the {header.bytes} that its header calls for")
    return Stored(header.dtype, header.shape, partial(opened, path, header))


def opened(path: Path, header: Header) -> np.ndarray:
    file = unzipped(path, header) if path.suffix == ".gz" else open_regular(path)
    return mapped(file, header.dtype, header.shape, header.offset)


def unzipped(path: Path, header: Header) -> BinaryIO:
    def write(out: Any) -> None:
        with open_regular(path) as file:
            unpack(gzip.GzipFile(fileobj=file), out, header.bytes, path)

    return cached(path, "", checksum_of(path), header.bytes, write)


def read_header(file: Readable, path: Path) -> Header:
    start = read(file, 4, path)
    if len(start) < 4 or start[:2] != b"\0\0" or start[2] not in TYPES or not 1 <= start[3] <= MOST_AXES:
        raise InputError(
            f"{path} is no IDX file: it must begin with 00 00, a type and 1 to 8 axes, got {start.hex(' ')}"
        )
    lengths = read(file, 4 * start[3], path)
    if len(lengths) < 4 * start[3]:
        raise InputError(f"{path} ends within its header")
    name, dtype = TYPES[start[2]]
    header = Header(name, dtype, tuple(np.frombuffer(lengths, ">u4").tolist()))
    if 0 in header.shape:
        raise InputError(f"{path} is empty: its shape is {header.shape}")
    named = re.search(r"idx(\d)-([a-z]+)", path.name)
    if named and named.groups() != (str(len(header.shape)), header.name):
        raise InputError(f"{path}: its name says {named[0]}, its header idx{len(header.shape)}-{header.name}")
    return header
