"""A forward that JAX can't trace is one step, its pull the oracle's."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np

from functional_bp.checking.causes.backward import Backward, Bars, Values
from functional_bp.checking.causes.evidence import Evidence
from functional_bp.checking.program.compiled import upcast
from functional_bp.checking.program.traced import Step, Traced, Value
from functional_bp.checking.question.problem import Point


class OneStep(Traced):
    """The program `outputs = forward(inputs)`."""

    def __init__(self, point: Point, outputs: Sequence[np.ndarray], labels: Sequence[str]) -> None:
        given = [*point.floats, *point.indices]
        self.values = [Value(a.shape, a.dtype, label) for a, label in zip(given, labels, strict=True)]
        self.values += [Value(y.shape, y.dtype, "the output") for y in outputs]
        self.inputs = list(range(len(given)))
        self.outputs = list(range(len(given), len(self.values)))
        self.consts = {}
        equation: Any = SimpleNamespace(primitive=SimpleNamespace(name="forward"), params={})
        self.steps = [Step("forward", None, (), list(self.inputs), list(self.outputs), equation, 0)]


class Untraced(Backward):
    """`Backward` by the truth at other points."""

    def __init__(self, e: Evidence) -> None:
        self.e, self.like = e, upcast(e.points[0])
        y = e.full_truth(e.points[:1])[0]
        labels = [leaf.name for kind in ("float", "index") for leaf in e.problem.leaves if leaf.kind == kind]
        self.program = OneStep(self.like, [a[0] for a in y], labels)
        self.leaves = self.program.inputs[: len(self.like.floats)]
        self.last, self.seen, self.dues = {}, {}, {}
        self.cost = sum(a.size for a in self.like.floats)

    def point(self, values: Sequence[np.ndarray], y_bar: Sequence[np.ndarray]) -> Point:
        given = iter(values)
        like = self.e.points[0]
        floats, indices = (
            [np.asarray(next(given)).astype(a.dtype) for a in part] for part in (like.floats, like.indices)
        )
        y_bar = [np.asarray(b).astype(a.dtype) for a, b in zip(like.y_bar, y_bar, strict=True)]
        return replace(like, floats=tuple(floats), indices=tuple(indices), y_bar=tuple(y_bar))

    def values(self, point: Point, recomputed: Mapping[int, Callable[[Values], np.ndarray]] = {}) -> Values:
        values = [*map(np.asarray, (*point.floats, *point.indices))]
        for n in self.program.inputs:
            values[n] = recomputed[n](values) if n in recomputed else values[n]
        y = self.e.full_truth([self.point(values, self.like.y_bar)])[0]
        return [*values, *(a[0] for a in y)]

    def pull(self, step: Step, at: Sequence[np.ndarray], y_bar: Sequence[np.ndarray]) -> Bars:
        x_bar = self.e.truth([self.point(at, y_bar)])
        return {n: a[0] for n, a in zip(self.leaves, x_bar, strict=True)}

    def pull_one(self, step: Step, at: Sequence[np.ndarray], y_bar: np.ndarray, k: int) -> np.ndarray:
        return self.pull(step, at, [y_bar])[k]

    def tangents(self, values: Values, leaf: int, direction: np.ndarray) -> Bars:
        """Of the leaf itself: what lies between leaves and outputs is not seen."""
        return {self.leaves[leaf]: direction}
