"""One pass through all instances: their checksum, and whether every number can be learnt."""

import hashlib
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Shaped

from functional_bp.errors import InputError
from functional_bp.training.data.rows import Rows

SMALL = tuple(map(np.dtype, ("uint8", "int8", "uint16", "int16", "uint32", "int32")))


class Survey(NamedTuple):
    """The hash of all bytes; the smallest and the largest number."""

    checksum: str
    lowest: int | float
    highest: int | float


def survey(x: Rows, where: str) -> Survey:
    """Raises InputError, with the place, for a number that is not finite in float32."""
    sha = hashlib.sha256(f"{x.dtype.str} {x.shape}\n".encode())
    lowest, highest, first = float("inf"), float("-inf"), 0
    for block in x.blocks():
        sha.update(block.data)
        number = float if block.dtype.kind == "f" else int  # which is exact
        lowest, highest = min(lowest, number(block.min())), max(highest, number(block.max()))
        if block.dtype.kind == "f" and not (finite := is_finite(block)).all():
            row, column = np.argwhere(~finite)[0]
            raise InputError(
                f"{where}: every number must be finite, row {first + row}, column {column} is {block[row, column]}"
            )
        first += len(block)
    return Survey(sha.hexdigest(), lowest, highest)


def is_finite(block: Shaped[np.ndarray, "m k"]) -> Bool[np.ndarray, "m k"]:
    with np.errstate(over="ignore"):
        return np.isfinite(block.astype(np.float32, copy=False))


def converted(x: Rows, lowest: int | float, highest: int | float) -> Rows:
    """The rows in a type that a device has: whole numbers in the smallest that holds them all, else float32."""
    if x.dtype.kind == "f":
        return x.of(np.dtype(np.float32))
    for dtype in SMALL:
        limits = np.iinfo(dtype)
        if limits.min <= lowest and highest <= limits.max:
            return x.of(dtype)
    return x.of(np.dtype(np.float32))


def scale(dtype: np.dtype, found: Survey) -> float:
    """scale · x is what a network is given. Whole numbers are divided by the smallest 2ᵇ − 1 that is no less than any
    of them, so that 0 … 255 become 0 … 1 in whatever type they are stored."""
    if dtype.kind == "f":
        return 1.0
    largest = max(abs(int(found.lowest)), abs(int(found.highest)))
    return 1 / (2 ** max(1, largest.bit_length()) - 1)
