"""The rows of arrays that need not be in memory."""

from collections.abc import Iterator, Sequence

import numpy as np
from jaxtyping import Int, Shaped

BLOCK = 8 << 20


class Rows:
    """The rows of mapped arrays, one after another and each made flat: what is indexed is read, and no more.

    `rows[i]` takes a slice or an array of row numbers from 0 and gives an ordinary array [len(i), k].
    """

    def __init__(self, parts: Sequence[np.ndarray]) -> None:
        self.parts = [np.asarray(part).reshape(len(part), -1) for part in parts]
        self.starts = np.cumsum([0, *map(len, self.parts)])
        self.shape = (int(self.starts[-1]), self.parts[0].shape[1])
        self.dtype = self.parts[0].dtype.newbyteorder("=")

    def __len__(self) -> int:
        return self.shape[0]

    @property
    def nbytes(self) -> int:
        return len(self) * self.shape[1] * self.dtype.itemsize

    def __getitem__(self, rows: slice | Int[np.ndarray, " m"]) -> Shaped[np.ndarray, "m k"]:
        if isinstance(rows, slice):
            rows = np.arange(*rows.indices(len(self)))
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
        self.rows, self.index = rows, index
        self.shape, self.dtype = (len(index), rows.shape[1]), rows.dtype

    def __getitem__(self, rows: slice | Int[np.ndarray, " m"]) -> Shaped[np.ndarray, "m k"]:
        return self.rows[self.index[rows]]
