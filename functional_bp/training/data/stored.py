"""An array that lies in a file: what its header says, and how to map it. Nothing but headers is read before."""

import math
from collections.abc import Callable
from typing import BinaryIO, NamedTuple

import numpy as np

DENSEST = 1032  # deflate makes a byte of at most so many


class Stored(NamedTuple):
    """`open()` maps the array, read-only; what is compressed or text is unpacked into the cache first. `columns` are
    those of a table by name, () where they have none; None of what is no table."""

    dtype: np.dtype
    shape: tuple[int, ...]
    open: Callable[[], np.ndarray]
    columns: tuple[str, ...] | None = None


def bytes_of(dtype: np.dtype, shape: tuple[int, ...]) -> int:
    return math.prod(shape) * dtype.itemsize


def mapped(file: BinaryIO, dtype: np.dtype, shape: tuple[int, ...], offset: int) -> np.ndarray:
    """The array in an open file, which is closed: the map stays."""
    with file:
        return np.memmap(file, dtype, "r", offset, shape)


def can_unfold_to(size: int, compressed: int) -> bool:
    """Whether `compressed` bytes of deflate can hold so many: asked of a declared size before anything is unpacked."""
    return size <= DENSEST * (compressed + 64)
