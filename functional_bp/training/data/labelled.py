"""Rows of numbers with labels: what makes them unusable, and what is held out for the test."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int, Num

from functional_bp.errors import InputError


class Data(NamedTuple):
    """x: one instance a row; labels: the class of each, from 0."""

    x: Float[np.ndarray, "n k"]
    labels: Int[np.ndarray, " n"]

    def rows(self, rows: Int[np.ndarray, " m"]) -> "Data":
        return Data(self.x[rows], self.labels[rows])


def check(data: Data, classes: int, where: str) -> Data:
    """The data itself, or an InputError that names the first row that cannot be used."""
    x, labels = data
    if x.ndim != 2 or not x.size:
        raise InputError(f"{where}: expected instances of shape (n, k), n and k at least 1, got {x.shape}")
    if labels.shape != (len(x),):
        raise InputError(f"{where}: expected one label for each of {len(x)} instances, got {labels.shape}")
    if not np.isfinite(x).all():
        row, column = np.argwhere(~np.isfinite(x))[0]
        raise InputError(f"{where}: every number must be finite, row {row}, column {column} is {x[row, column]}")
    wrong = np.flatnonzero((labels < 0) | (labels >= classes))
    if len(wrong):
        raise InputError(f"{where}: labels must be from 0 to {classes - 1}, row {wrong[0]} has {labels[wrong[0]]}")
    return data


def stratified(labels: Int[np.ndarray, " n"], seed: int, part: int | float = 4) -> tuple[np.ndarray, np.ndarray]:
    """The rows (kept, held out): of each class one part in `part`, drawn by the seed, is held out."""
    random = np.random.default_rng(seed)
    held = np.zeros(len(labels), bool)
    for label in np.unique(labels):
        members = random.permutation(np.flatnonzero(labels == label))
        held[members[: round(len(members) / part)]] = True
    return np.flatnonzero(~held), np.flatnonzero(held)


def drawn(n: int, seed: int, part: int | float = 4) -> tuple[np.ndarray, np.ndarray]:
    """The rows (kept, held out): one part in `part` of all, drawn by the seed, is held out."""
    order = np.random.default_rng(seed).permutation(n)
    held = round(n / part)
    return np.sort(order[held:]), np.sort(order[:held])


def ordered(labels: Num[np.ndarray, "n *m"], part: int | float = 4) -> tuple[np.ndarray, np.ndarray]:
    """The rows (kept, held out): the last part in `part` is held out, as the rows stand."""
    first = len(labels) - round(len(labels) / part)
    return np.arange(first), np.arange(first, len(labels))
