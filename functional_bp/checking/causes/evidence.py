"""What a cause is tried on: samples at which the claim is wrong, and the means to recompute at others."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import cached_property

import numpy as np

from functional_bp.checking.program.compiled import Arrays
from functional_bp.checking.question.points import cotangent_maker, fresh
from functional_bp.checking.question.problem import Point, Problem

Evaluate = Callable[[Sequence[Point]], Arrays]
Truth = Callable[[Sequence[Point]], tuple[Arrays, Arrays, Arrays]]


class Evidence:
    """Samples of one leaf: `claimed` and `true`, arrays [sample, *leaf], at `points`."""

    def __init__(
        self, problem: Problem, leaf: int, points: Sequence[Point], claim: Evaluate, truth: Truth, precision: float
    ) -> None:
        self.problem, self.leaf, self.precision = problem, leaf, precision
        self.claim, self.full_truth = claim, truth
        self.points = list(points)
        y, x_bar, _ = truth(self.points)
        self.outputs = y[0].astype(np.result_type(y[0], "float64")) if len(y) == 1 else None
        self.all_claimed = [a.astype(np.result_type(a, "float64")) for a in claim(self.points)]
        self.all_true = x_bar
        self.claimed, self.true = self.all_claimed[leaf], x_bar[leaf]

    @property
    def name(self) -> str:
        return self.problem.float_leaves[self.leaf].name

    def truth(self, points: Sequence[Point]) -> Arrays:
        return self.full_truth(points)[1]

    def at(self, points: Sequence[Point]) -> np.ndarray:
        """The true cotangent of this leaf at other points."""
        return self.truth(points)[self.leaf]

    @cached_property
    def scale(self) -> np.ndarray:
        """Per sample, the size of the numbers compared."""
        both = np.maximum(finite(np.abs(self.claimed)), finite(np.abs(self.true)))
        return per_sample_max(both)

    @cached_property
    def wrong(self) -> np.ndarray:
        """Where claimed and true differ by more than the precision."""
        return ~self.close(self.claimed, self.true)

    def close(self, a: np.ndarray, b: np.ndarray) -> np.ndarray:
        with np.errstate(all="ignore"):
            return (a == b) | np.isfinite(b) & (np.abs(a - b) <= self.precision * (np.abs(b) + 0.1 * self.scale))

    def explains(self, predicted: np.ndarray, where: np.ndarray | None = None) -> bool:
        """Does the prediction give the claimed values, everywhere or where asked, and not the true ones?"""
        if predicted.shape != self.claimed.shape or not self.wrong.any():
            return False
        close = self.close(self.claimed, predicted)
        return bool(np.all(close if where is None else close[where]))

    @property
    def y_bar(self) -> np.ndarray | None:
        """ȳ of a single output, [sample, *output]."""
        if len(self.points[0].y_bar) != 1:
            return None
        return np.stack([p.y_bar[0].astype("float64") for p in self.points])

    @property
    def x(self) -> np.ndarray:
        return np.stack([p.floats[self.leaf].astype("float64") for p in self.points])

    def quantities(self) -> Iterator[tuple[str, np.ndarray]]:
        """The arrays at hand with their names: primals, output, cotangent, [sample, …]."""
        for i, leaf in enumerate(self.problem.float_leaves):
            yield leaf.name, np.stack([p.floats[i].astype("float64") for p in self.points])
        if self.outputs is not None:
            yield "the output", self.outputs
        if self.y_bar is not None:
            yield "ȳ", self.y_bar


def finite(a: np.ndarray) -> np.ndarray:
    return np.where(np.isfinite(a), a, 0.0)


def per_sample_max(a: np.ndarray) -> np.ndarray:
    return a.max(axis=tuple(range(1, a.ndim)), keepdims=True, initial=0.0)


def samples_near(point: Point, ordinary: bool, seed: int = 3) -> list[Point]:
    """The point with three cotangents; for an ordinary fault three more points with fresh numbers."""
    rng = np.random.default_rng(seed)
    cotangents = cotangent_maker(point.y_bar, rng)
    samples = [point, *(replace(point, y_bar=cotangents()) for _ in range(2))]
    if ordinary:
        for _ in range(3):
            floats = tuple(fresh(a, rng) for a in point.floats)
            samples.append(replace(point, name="fresh numbers", floats=floats, y_bar=cotangents()))
    return samples
