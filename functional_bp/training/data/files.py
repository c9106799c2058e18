"""Data sets on disk: a folder of IDX, .npy, .npz or .csv files, or one .npz or .csv.

What an array is, the words in its name say (`roles`). Arrays of one role are shards, in the order of the numbers in
their names.
"""

import hashlib
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Num

from functional_bp.errors import InputError
from functional_bp.training.data.arrays import ANY, find_arrays, opened
from functional_bp.training.data.labels import distinct, named, names, numbered, values
from functional_bp.training.data.roles import TEST, TRAIN, VALIDATION, check_shards, role
from functional_bp.training.data.rows import Rows
from functional_bp.training.data.stored import Stored
from functional_bp.training.data.survey import Survey, converted, scale, survey
from functional_bp.training.data.tables import Columns
from functional_bp.training.saving.archive import describe

Found = dict[str, Stored | None]


class Part(NamedTuple):
    """Instances, read when they are asked for, and the class of each from 0, or its numbers, in memory."""

    x: Rows
    labels: Num[np.ndarray, "n *m"]


class DataSet(NamedTuple):
    """`shape` is that of one instance as it is stored; each is flat in x. scale · x is what a network is given.

    `names` are those of the classes (none, of numbers), `content` is a checksum of all instances and labels, `unused`
    are the arrays whose names say of no part what they are, `columns` those of a table and its target.
    """

    train: Part
    test: Part | None
    validation: Part | None
    names: tuple[str, ...]
    shape: tuple[int, ...]
    stored: np.dtype
    scale: float
    content: str
    unused: tuple[str, ...]
    largest: float
    columns: Columns

    @property
    def classes(self) -> int:
        return len(self.names)

    @property
    def parts(self) -> dict[str, Part]:
        parts = {TRAIN: self.train, VALIDATION: self.validation, TEST: self.test}
        return {name: part for name, part in parts.items() if part is not None}


class Shards(NamedTuple):
    """A part as it lies in files: nothing of it is read."""

    x: list[Stored]
    labels: list[Stored]


def open_dataset(path: str | Path, columns: Columns = ANY, numbers: bool = False) -> DataSet:
    """The data set in a folder, an .npz or a .csv, with classes as targets or, if they are so called, numbers.

    Raises InputError, naming the part and the row, unless every file is whole and every number finite, each instance
    has a label, each label of the other parts is one of the training part, which has two at least, and the parts fit.
    """
    path = Path(path)
    found = find_arrays(path, lambda name: role(name) is not None, columns)
    parts = {part: shards(found, part, path) for part in (TRAIN, VALIDATION, TEST)}
    train = parts[TRAIN]
    if train is None:
        there = ", ".join(found) or "nothing"
        raise InputError(f"{path}: expected arrays named like train-images and train-labels, or x and y; found {there}")
    present = {name: part for name, part in parts.items() if part is not None}
    for name, part in present.items():
        check_same_kind(train, part, name, path)
    labels = {name: [opened(a, path) for a in part.labels] for name, part in present.items()}
    classes = np.empty(0) if numbers else distinct(labels[TRAIN], f"{path}, {TRAIN}")
    targets = {
        name: values(labels[name], f"{path}, {name}") if numbers else numbered(labels[name], classes, f"{path}, {name}")
        for name in present
    }
    rows = {name: Rows([opened(a, path) for a in part.x]) for name, part in present.items()}
    surveys = {name: survey(x, f"{path}, {name}") for name, x in rows.items()}
    lowest, highest = min(s.lowest for s in surveys.values()), max(s.highest for s in surveys.values())
    read = {name: Part(converted(x, lowest, highest), targets[name]) for name, x in rows.items()}
    return DataSet(
        read[TRAIN],
        read.get(TEST),
        read.get(VALIDATION),
        names(classes),
        train.x[0].shape[1:],
        rows[TRAIN].dtype,
        scale(rows[TRAIN].dtype, surveys[TRAIN]),
        content(surveys, targets, names(classes)),
        tuple(name for name in found if role(name) is None),
        max(abs(surveys[TRAIN].lowest), abs(surveys[TRAIN].highest)),
        Columns("".join(train.labels[0].columns or ()), train.x[0].columns or ()),
    )


def open_instances(path: str | Path, part: str | None = None, columns: Columns = ANY) -> Rows:
    """The instances of a part, with labels or without; if it is not named, the only one, or the test part.

    A file of one array needs no name. Raises InputError as `open_dataset` does.
    """
    path = Path(path)
    found = find_arrays(path, lambda name: name == "" or (role(name) or ("", ""))[1] == "x", columns)
    of_part: dict[str, list[Stored]] = {}
    for name, array in found.items():
        if array:
            of_part.setdefault((role(name) or (TRAIN, "x"))[0], []).append(array)
    name = chosen(of_part, part, path)
    if of_part[name][0].dtype.kind not in "uif":
        raise InputError(f"{path}: expected whole or floating-point numbers, got {of_part[name][0].dtype}")
    x = Rows([opened(array, path) for array in of_part[name]])
    survey(x, f"{path}, {name}")
    return x


def open_labelled(path: str | Path, classes: tuple[str, ...], part: str | None = None, columns: Columns = ANY) -> Part:
    """The instances of a part with their places among given classes or, if there are none, their numbers. Raises
    InputError as `open_dataset` does."""
    path = Path(path)
    found = find_arrays(path, lambda name: role(name) is not None, columns)
    parts = {name: shards(found, name, path) for name in (TRAIN, VALIDATION, TEST)}
    name = chosen({name: of for name, of in parts.items() if of is not None}, part, path)
    labels = [opened(array, path) for array in parts[name].labels]  # pyright: ignore[reportOptionalMemberAccess]
    where = f"{path}, {name}"
    targets = named(labels, classes, where) if classes else values(labels, where)
    return Part(open_instances(path, name, columns), targets)


def chosen(parts: dict[str, Any], part: str | None, path: Path) -> str:
    """The part that is meant. Raises InputError where there is none, or more than one and no test."""
    if part is not None and part not in parts:
        raise InputError(f"{path}: expected a part {part}, found {', '.join(parts) or 'none'}")
    if part is None and len(parts) != 1 and TEST not in parts:
        raise InputError(f"{path}: found {', '.join(parts) or 'no instances'}; --part says which is meant")
    return part or (TEST if TEST in parts else next(iter(parts)))


def shards(found: Found, part: str, path: Path) -> Shards | None:
    """The part's arrays; None if there are none."""
    of_kind = {kind: {n: a for n, a in found.items() if a and role(n) == (part, kind)} for kind in ("x", "labels")}
    x, labels = (list(arrays.values()) for arrays in of_kind.values())
    where = f"{path}, {part}"
    if not x and not labels:
        return None
    if not x or not labels:
        raise InputError(f"{where}: there are {'instances but no labels' if x else 'labels but no instances'}")
    counts = tuple("+".join(str(a.shape[0]) for a in arrays) for arrays in (x, labels))
    if counts[0] != counts[1]:
        raise InputError(f"{where}: {counts[0]} instances but {counts[1]} labels")
    for arrays in of_kind.values():
        check_shards(arrays, where)
    if len({(a.dtype if a.columns is None else "", a.shape[1:]) for a in x}) > 1:
        raise InputError(f"{where}: the shards differ: {', '.join(map(describe, x))}")
    if x[0].dtype.kind not in "uif":
        name = next(iter(of_kind["x"]))
        raise InputError(f"{path}, {name}: expected whole or floating-point numbers, got {x[0].dtype}")
    return Shards(x, labels)


def check_same_kind(train: Shards, other: Shards, name: str, path: Path) -> None:
    widths = [int(np.prod(part.x[0].shape[1:], dtype=object)) for part in (train, other)]
    dtypes = [part.x[0].dtype for part in (train, other)]
    if widths[0] != widths[1] or (dtypes[0] != dtypes[1] and train.x[0].columns is None):
        kinds = (f"{width} numbers of {dtype.newbyteorder('=')}" for width, dtype in zip(widths, dtypes, strict=True))
        raise InputError(f"{path}: an instance of the train part has {next(kinds)}, of the {name} part {next(kinds)}")
    texts = [part.labels[0].dtype.kind in "US" for part in (train, other)]
    if texts[0] != texts[1]:
        raise InputError(f"{path}: the labels of one part are texts, those of another numbers ({name})")


def content(surveys: dict[str, Survey], numbers: dict[str, np.ndarray], classes: tuple[str, ...]) -> str:
    """The hash of all that is learnt and measured, wherever it lies and in however many files."""
    sha = hashlib.sha256(repr(classes).encode())
    for name in surveys:
        sha.update(f"{name} {surveys[name].checksum}\n".encode())
        sha.update(np.ascontiguousarray(numbers[name]).data)
    return sha.hexdigest()
