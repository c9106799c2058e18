"""Data sets on disk: a folder of IDX, .npy or .npz files, or one .npz.

What an array is, the words in its name say: `images`, `inputs` or `x`; `labels` or `y`; and of which part: `test` or
`t10k`, else it is for training. Arrays of one role are shards, in the order of the numbers in their names.
"""

import re
from pathlib import Path
from typing import NamedTuple

import numpy as np
from jaxtyping import Int

from functional_bp.errors import InputError
from functional_bp.training.data.arrays import Arrays, open_arrays
from functional_bp.training.data.rows import Rows
from functional_bp.training.saving.archive import describe

PARTS = {"train": "train", "training": "train", "test": "test", "t10k": "test"}
KINDS = {"images": "x", "inputs": "x", "x": "x", "labels": "labels", "y": "labels"}


class Part(NamedTuple):
    """Instances, read when they are asked for, and the class of each from 0, in memory."""

    x: Rows
    labels: Int[np.ndarray, " n"]


class DataSet(NamedTuple):
    """`shape` is that of one instance as it is stored; each is flat in x."""

    train: Part
    test: Part | None
    classes: int
    shape: tuple[int, ...]

    @property
    def scale(self) -> float:
        """scale · x is what a network is given: of whole numbers the largest possible becomes 1."""
        dtype = self.train.x.dtype
        return 1 / np.iinfo(dtype).max if dtype.kind in "ui" else 1.0


def open_dataset(path: str | Path) -> DataSet:
    """The data set in a folder or an .npz.

    Raises InputError, naming the part and the row, unless every file is whole and every number finite, each instance
    has a label, the labels are 0 … classes − 1 with each of them in the training part, and the parts fit.
    """
    path = Path(path)
    arrays = open_arrays(path)
    train, test = (assembled(arrays, part, path) for part in ("train", "test"))
    if train is None:
        found = ", ".join(arrays) or "nothing"
        raise InputError(f"{path}: expected arrays named like train-images and train-labels, or x and y; found {found}")
    classes = count_classes(train.labels, f"{path}, train")
    check_finite(train.x, f"{path}, train")
    if test is not None:
        check_same_kind(train.x, test.x, path)
        check_labels(test.labels, classes, f"{path}, test")
        check_finite(test.x, f"{path}, test")
    first = next(array for name, array in arrays.items() if role(name) == ("train", "x"))
    return DataSet(with_small_labels(train), test and with_small_labels(test), classes, first.shape[1:])


def role(name: str) -> tuple[str, str] | None:
    """(train or test, x or labels); None for a name that says neither or too much."""
    words = re.split("[^a-z0-9]+", name.lower())
    parts, kinds = ({roles[word] for word in words if word in roles} for roles in (PARTS, KINDS))
    return (parts.pop() if parts else "train", kinds.pop()) if len(kinds) == 1 and len(parts) <= 1 else None


def assembled(arrays: Arrays, part: str, path: Path) -> Part | None:
    """The part's shards as one; None if there are none."""
    x, labels = ([a for name, a in arrays.items() if role(name) == (part, kind)] for kind in ("x", "labels"))
    where = f"{path}, {part}"
    if not x and not labels:
        return None
    if not x or not labels:
        raise InputError(f"{where}: there are {'instances but no labels' if x else 'labels but no instances'}")
    counts = tuple("+".join(str(len(shard)) for shard in shards) for shards in (x, labels))
    if counts[0] != counts[1]:
        raise InputError(f"{where}: {counts[0]} instances but {counts[1]} labels")
    if len({(a.dtype, a.shape[1:]) for a in x}) > 1:
        raise InputError(f"{where}: the shards differ: {', '.join(describe(a) for a in x)}")
    for shard in labels:
        if shard.dtype.kind not in "ui" or shard.size != len(shard):
            raise InputError(f"{where}: labels must be one whole number each, got {describe(shard)}")
    return Part(Rows(x), np.concatenate([shard.ravel().astype(np.int64) for shard in labels]))


def with_small_labels(data: Part) -> Part:
    return data._replace(labels=data.labels.astype(np.int32))


def check_same_kind(train: Rows, test: Rows, path: Path) -> None:
    if (train.dtype, train.shape[1]) != (test.dtype, test.shape[1]):
        kinds = (f"{rows.shape[1]} numbers of {rows.dtype}" for rows in (train, test))
        raise InputError(f"{path}: an instance of the train part has {next(kinds)}, of the test part {next(kinds)}")


def count_classes(labels: Int[np.ndarray, " n"], where: str) -> int:
    """c, where the labels are 0 … c − 1 and each of them occurs. Raises InputError otherwise."""
    present = np.unique(labels)
    missing = np.flatnonzero(present != np.arange(len(present), dtype=present.dtype))
    if len(missing):
        wrong = present[missing[0]]
        row = np.flatnonzero(labels == wrong)[0]
        raise InputError(
            f"{where}: labels must be 0, 1, 2 … without a gap, row {row} has {wrong}, no row has {missing[0]}"
        )
    if len(present) < 2:
        raise InputError(f"{where}: at least two classes are needed, all labels are {present[0]}")
    return len(present)


def check_labels(labels: Int[np.ndarray, " n"], classes: int, where: str) -> None:
    wrong = np.flatnonzero((labels < 0) | (labels >= classes))
    if len(wrong):
        raise InputError(f"{where}: labels must be from 0 to {classes - 1}, row {wrong[0]} has {labels[wrong[0]]}")


def check_finite(x: Rows, where: str) -> None:
    if x.dtype.kind != "f":
        return
    first = 0
    for block in x.blocks():
        if not np.isfinite(block).all():
            row, column = np.argwhere(~np.isfinite(block))[0]
            place = f"row {first + row}, column {column}"
            raise InputError(f"{where}: every number must be finite, {place} is {block[row, column]}")
        first += len(block)
