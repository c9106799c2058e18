"""One pass through all instances: their checksum, and whether every number can be learnt."""

import hashlib
from typing import NamedTuple

import numpy as np

from functional_bp.errors import InputError
from functional_bp.training.data.rows import Rows

LARGEST = float(np.finfo(np.float32).max)
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
        lowest, highest = min(lowest, block.min().item()), max(highest, block.max().item())
        if block.dtype.kind == "f" and not (np.abs(block) <= LARGEST).all():
            row, column = np.argwhere(~(np.abs(block) <= LARGEST))[0]
            raise InputError(
                f"{where}: every number must be finite, row {first + row}, column {column} is {block[row, column]}"
            )
        first += len(block)
    return Survey(sha.hexdigest(), lowest, highest)


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
