"""Labels as they are stored, and the classes 0, 1, 2 … that are learnt."""

from collections.abc import Iterator, Sequence

import numpy as np
from jaxtyping import Float64, Int, Shaped

from functional_bp.errors import InputError
from functional_bp.training.saving.archive import describe

BLOCK = 1 << 20
MOST_CLASSES = 1 << 16
Blocks = Iterator[Shaped[np.ndarray, " m"]]


def blocks(shards: Sequence[np.ndarray], where: str) -> Blocks:
    """All labels in order, some at a time; whole numbers that are stored as floating-point ones are whole numbers.

    Raises InputError for what is not one label each.
    """
    for shard in shards:
        if shard.size != len(shard):
            raise InputError(f"{where}: labels must be one whole number each, got {describe(shard)}")
        flat = shard.reshape(len(shard))
        for first in range(0, len(flat), BLOCK):
            block = np.array(flat[first : first + BLOCK])
            if block.dtype.kind == "f":
                if not (block == np.floor(block)).all() or np.abs(block).max() >= 2**53:
                    raise InputError(
                        f"{where}: labels must be one whole number each, got {describe(shard)}: "
                        "numbers are learnt with --task regression"
                    )
                block = block.astype(np.int64)
            yield block.astype(np.int8) if block.dtype.kind == "b" else block


def distinct(shards: Sequence[np.ndarray], where: str) -> Shaped[np.ndarray, " c"]:
    """The classes in order. Raises InputError for one alone, and for too many."""
    found = None
    for block in blocks(shards, where):
        new = np.unique(block)
        found = new if found is None else np.unique(np.concatenate([found, new]))
        if len(found) > MOST_CLASSES:
            raise InputError(f"{where}: more than {MOST_CLASSES} classes: numbers are learnt with --task regression")
    assert found is not None
    if len(found) < 2:
        raise InputError(f"{where}: at least two classes are needed, all labels are {found[0]}")
    return found


def numbered(shards: Sequence[np.ndarray], classes: Shaped[np.ndarray, " c"], where: str) -> Int[np.ndarray, " n"]:
    """The place of each label among the classes. Raises InputError for a label that is none of them."""
    numbers = np.empty(sum(map(len, shards)), np.int32)
    first = 0
    for block in blocks(shards, where):
        place = np.minimum(np.searchsorted(classes, block), len(classes) - 1)
        wrong = np.flatnonzero(classes[place] != block)
        if len(wrong):
            raise InputError(f"{where}: {expected(classes)}, row {first + wrong[0]} has {block[wrong[0]]}")
        numbers[first : first + len(block)] = place
        first += len(block)
    return numbers


def named(shards: Sequence[np.ndarray], classes: tuple[str, ...], where: str) -> Int[np.ndarray, " n"]:
    """The place of each label's name among the classes; of "not 2" and "2", all others are the first."""
    place = {name: number for number, name in enumerate(classes)}
    other = place.get(f"not {classes[-1]}", -1)
    numbers, first = np.empty(sum(map(len, shards)), np.int32), 0
    for block in blocks(shards, where):
        values, which = np.unique(block, return_inverse=True)
        found = np.array([place.get(name, other if other is not None else -1) for name in names(values)], np.int32)[
            which
        ]
        wrong = np.flatnonzero(found < 0)
        if len(wrong):
            raise InputError(
                f"{where}: row {first + wrong[0]} has {block[wrong[0]]}, the network knows {', '.join(classes)}"
            )
        numbers[first : first + len(block)] = found
        first += len(block)
    return numbers


def values(shards: Sequence[np.ndarray], where: str) -> Float64[np.ndarray, "n m"]:
    """The numbers that are learnt as such, m for each instance. Raises InputError for what is none, or not finite."""
    found, first = [], 0
    for shard in shards:
        if shard.dtype.kind not in "uifb" or shard.ndim > 2:
            raise InputError(f"{where}: --task regression learns numbers, got {describe(shard)}")
        block = np.array(shard, np.float64).reshape(len(shard), -1)
        with np.errstate(over="ignore"):
            wrong = np.argwhere(~np.isfinite(block.astype(np.float32)))
        if len(wrong):
            raise InputError(
                f"{where}: every target must be finite, row {first + wrong[0][0]} is {block[tuple(wrong[0])]}"
            )
        found.append(block)
        first += len(block)
    return np.concatenate(found)


def expected(classes: Shaped[np.ndarray, " c"]) -> str:
    if classes.dtype.kind in "ui" and (classes[0], classes[-1]) == (0, len(classes) - 1):
        return f"labels must be from 0 to {len(classes) - 1}"
    return "labels must be those of the training part"


def names(classes: Shaped[np.ndarray, " c"]) -> tuple[str, ...]:
    return tuple(c.decode(errors="replace") if isinstance(c, bytes) else str(c) for c in classes.tolist())
