"""The header of an .npy file, read with nothing behind it."""

import io
import warnings
from pathlib import Path
from typing import NamedTuple

import numpy as np

from functional_bp.errors import InputError
from functional_bp.training.data.cache import Readable
from functional_bp.training.data.stored import Stored, bytes_of, mapped
from functional_bp.training.regular import open_regular
from functional_bp.training.saving.archive import one_line

LONGEST = 10_000  # bytes, as NumPy allows
LONGEST_AXIS = 2**62
READERS = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}
KINDS = "uifbUS"


class Header(NamedTuple):
    """What an .npy file says of itself, and where its numbers begin."""

    dtype: np.dtype
    shape: tuple[int, ...]
    offset: int
    by_rows: bool = True

    @property
    def bytes(self) -> int:
        """The length of the whole file."""
        return self.offset + bytes_of(self.dtype, self.shape)


def open_npy(path: Path) -> Stored:
    """Raises InputError for a header that cannot be read and a file of another length than the header calls for."""
    with open_regular(path) as file:
        header = read_header(file, f"{path}")
    check_length(header, path.stat().st_size, f"{path}")
    return Stored(header.dtype, header.shape, lambda: mapped(open_regular(path), *header[:3]))


def read_header(file: Readable, where: str) -> Header:
    """Raises InputError for what is no header, or that of an array that is not rows of numbers or texts."""
    try:
        header = parsed(file)
    except Exception as error:  # whatever NumPy raises on bytes that are no header
        raise InputError(f"{where} is damaged: {one_line(error)}") from error
    if header.dtype.kind not in KINDS:
        raise InputError(f"{where}: expected whole or floating-point numbers, got {header.dtype}")
    if not header.shape or 0 in header.shape:
        raise InputError(f"{where} is empty: its shape is {header.shape}")
    if not header.by_rows:
        raise InputError(
            f"{where}: expected the rows one after another (C order), got Fortran order: np.ascontiguousarray mends it"
        )
    return header


def parsed(file: Readable) -> Header:
    start = file.read(LONGEST + 12)
    stream = io.BytesIO(start)
    version = np.lib.format.read_magic(stream)
    if version not in READERS:
        raise ValueError(f"version {version[0]}.{version[1]} of its format is unknown")
    length = int.from_bytes(start[8:10] if version == (1, 0) else start[8:12], "little")
    if length > LONGEST:
        raise ValueError(f"its header has {length} bytes")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        shape, fortran, dtype = READERS[version](stream)
    if dtype.hasobject:
        raise ValueError("it holds Python objects")
    if not all(type(n) is int and 0 <= n <= LONGEST_AXIS for n in shape):
        raise ValueError("no array has its shape")
    return Header(dtype, shape, stream.tell(), not fortran or sum(n > 1 for n in shape) < 2)


def check_length(header: Header, length: int, where: str) -> None:
    if length != header.bytes:
        raise InputError(f"{where}: its header calls for {header.bytes} bytes, it has {length}")
