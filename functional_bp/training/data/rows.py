"""The rows of arrays that need not be in memory."""

import copy
import mmap
from collections.abc import Iterator, Sequence

import numpy as np
from jaxtyping import Int, Shaped

BLOCK = 2 << 20
RELEASED = 1 << 20  # bytes: smaller reads leave what they touched


class Rows:
    """The rows of mapped arrays, one after another and each made flat: what is indexed is read, and no more.

    `rows[i]` takes a slice or an array of row numbers from 0 and gives an ordinary array [len(i), k] of `dtype`, by
    default that of the arrays.
    """

    def __init__(self, parts: Sequence[np.ndarray], dtype: np.dtype | None = None) -> None:
        self.parts = [np.asarray(part).reshape(len(part), -1) for part in parts]
        self.maps = [part._mmap for part in parts if isinstance(part, np.memmap)]  # pyright: ignore[reportAttributeAccessIssue]
        self.starts = np.cumsum([0, *map(len, self.parts)])
        self.shape = (int(self.starts[-1]), self.parts[0].shape[1])
        self.dtype = dtype or self.parts[0].dtype.newbyteorder("=")

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.shape[0]} × {self.shape[1]}, {self.dtype})"

    def __len__(self) -> int:
        return self.shape[0]

    @property
    def nbytes(self) -> int:
        return len(self) * self.shape[1] * self.dtype.itemsize

    def of(self, dtype: np.dtype) -> "Rows":
        """The same rows, converted as they are read."""
        rows = copy.copy(self)
        rows.dtype = dtype
        return rows

    def __getitem__(self, rows: slice | Int[np.ndarray, " m"]) -> Shaped[np.ndarray, "m k"]:
        found = self.sliced(rows) if isinstance(rows, slice) else self.chosen(rows)
        if found.nbytes >= RELEASED:
            for part in self.maps:
                part.madvise(mmap.MADV_DONTNEED)  # what was read of the files need not stay in memory
        return found

    def sliced(self, rows: slice) -> Shaped[np.ndarray, "m k"]:
        first, last, step = rows.indices(len(self))
        if step != 1:
            return self.chosen(np.arange(first, last, step))
        found = np.empty((max(0, last - first), self.shape[1]), self.dtype)
        for start, part in zip(self.starts.tolist(), self.parts, strict=False):
            begin, end = max(first, start), min(last, start + len(part))
            if begin < end:
                found[begin - first : end - first] = part[begin - start : end - start]
        return found

    def chosen(self, rows: Int[np.ndarray, " m"]) -> Shaped[np.ndarray, "m k"]:
        if len(self.parts) == 1:
            return np.take(self.parts[0], rows, axis=0).astype(self.dtype, copy=False)
        found = np.empty((len(rows), self.shape[1]), self.dtype)
        part_of = np.searchsorted(self.starts, rows, side="right") - 1
        for part in np.unique(part_of):
            here = part_of == part
            found[here] = self.parts[part][rows[here] - self.starts[part]]
        return found

    def __array__(self, dtype: np.dtype | None = None, copy: bool | None = None) -> np.ndarray:
        return np.asarray(self[:], dtype)

    def blocks(self) -> Iterator[Shaped[np.ndarray, "m k"]]:
        """All rows in order, some megabytes at a time."""
        step = max(1, BLOCK // (self.shape[1] * self.dtype.itemsize))
        return (self[first : first + step] for first in range(0, len(self), step))


class Chosen(Rows):
    """Rows of others, in the order of `index`."""

    def __init__(self, rows: Rows | np.ndarray, index: Int[np.ndarray, " m"]) -> None:
        self.rows, self.index = rows, index.astype(np.int32) if len(rows) < 2**31 else index
        self.shape, self.dtype = (len(index), rows.shape[1]), rows.dtype

    def __getitem__(self, rows: slice | Int[np.ndarray, " m"]) -> Shaped[np.ndarray, "m k"]:
        return self.rows[self.index[rows]]
