"""Where `jax.vjp` itself is wrong: at a point where nonsmooth operations meet, and their sum is smooth.

max(x, 0) + log(1 + e^−|x|) has the slope ½ at 0. JAX differentiates each part by its own convention there, and adds.
Around the point it is right: where its gradients on both sides agree with each other, and not with the one between
them, a difference quotient of the forward decides.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from functional_bp.checking.limits import DIRECTIONS_OF_DOUBT
from functional_bp.checking.program.compiled import Arrays, upcast
from functional_bp.checking.question.points import rms
from functional_bp.checking.question.problem import Point
from functional_bp.checking.truth.autodiff import AutodiffOracle
from functional_bp.checking.truth.differences import NumericalOracle, step_sizes

SLIGHT = 1e-4  # of the largest derivative: less is rounding
CLOSER = 1e-4  # of the neighbours' distance: from there their mean is a straight line


@dataclass(frozen=True)
class Doubt:
    """Holds JAX's gradients against their neighbours, and what is doubtful against differences."""

    truth: AutodiffOracle
    numerical: NumericalOracle

    def mended(self, points: Sequence[Point], x_bar: Arrays) -> tuple[Arrays, set[tuple[int, int]]]:
        """x̄ with what JAX gets wrong replaced, and the (point, leaf) pairs where that was so."""
        mended, found = list(x_bar), set()
        for p, leaf in self.suspected(points, x_bar):
            right = self.confirmed(points[p], leaf, x_bar[leaf][p])
            if right is not None:
                mended[leaf] = np.array(mended[leaf])
                mended[leaf][p] = right
                found.add((p, leaf))
        return mended, found

    def suspected(self, points: Sequence[Point], x_bar: Arrays) -> list[tuple[int, int]]:
        """The pairs (point, leaf) at which some element is unlike both its neighbours, and these are alike."""
        rng = np.random.default_rng(2)
        around = self.around(points, 1, rng)
        pairs = [(p, leaf) for leaf in range(len(x_bar)) for p in range(len(points))]
        return [(p, leaf) for p, leaf in pairs if outliers(x_bar[leaf][p], around[leaf][p]).any()]

    def around(self, points: Sequence[Point], directions: int, rng: np.random.Generator, scale: float = 1.0) -> Arrays:
        """For each leaf the gradients on both sides along random directions, [point, neighbour, *leaf]."""
        near = [side for point in points for _ in range(directions) for side in self.sides(point, rng, scale)]
        x_bar = self.truth(near)[1]
        return [a.reshape(len(points), 2 * directions, *a.shape[1:]) for a in x_bar]

    def sides(self, point: Point, rng: np.random.Generator, scale: float) -> list[Point]:
        wide = upcast(point)
        steps = [scale * self.truth.step * (rms(a) or 1.0) * rng.uniform(-1, 1, a.shape) for a in wide.floats]
        moved = [tuple(np.asarray(a + c * s) for a, s in zip(wide.floats, steps, strict=True)) for c in (1, -1)]
        return [replace(wide, floats=floats) for floats in moved]

    def confirmed(self, point: Point, leaf: int, own: np.ndarray) -> np.ndarray | None:
        """The gradient with the doubtful elements as their neighbours have them, if differences say so too."""
        near = self.around([point], DIRECTIONS_OF_DOUBT, np.random.default_rng(3))[leaf][0]
        wrong = outliers(own, near)
        if not wrong.any() or np.iscomplexobj(own):
            return None
        between = near.mean(axis=0)
        start = sum(a.size for a in point.floats[:leaf])
        block = start + np.flatnonzero(wrong)
        signs = np.zeros(self.numerical.programs.size)
        signs[block] = np.sign(own - between)[wrong]
        placed = self.numerical.placed(point)
        steps = (signs * step_sizes(placed.floats, self.numerical.eps(placed)))[block]
        along, error = self.numerical.along(placed, [block], signs)
        by_jax, by_neighbours = own[wrong] @ steps, between[wrong] @ steps
        gap = abs(by_jax - by_neighbours)
        agrees = abs(along[0] - by_neighbours) <= 10 * error[0] + 1e-3 * gap
        if not agrees or abs(along[0] - by_jax) <= max(0.5 * gap, error[0]):
            return None
        closer = self.limit(point, leaf)
        return np.where(wrong, np.where(outliers(closer, near), between, closer), own)

    def limit(self, point: Point, leaf: int) -> np.ndarray:
        """What the neighbours' mean becomes at no distance: from two small distances along a straight line."""
        far, near = (
            self.around([point], DIRECTIONS_OF_DOUBT, np.random.default_rng(3), scale)[leaf][0].mean(axis=0)
            for scale in (CLOSER, CLOSER / 2)
        )
        return 2 * near - far


def outliers(own: np.ndarray, near: np.ndarray) -> np.ndarray:
    """Which elements of a gradient lie far from their neighbours, [neighbour, *leaf], given how these differ."""
    with np.errstate(all="ignore"):
        width = np.ptp(near, axis=0) if not np.iscomplexobj(near) else np.full(own.shape, np.inf)
        size = np.abs(near).max(initial=0.0)
        far = np.abs(own - near.mean(axis=0)) > 2 * width + SLIGHT * size
    return far & np.isfinite(own) & np.isfinite(near).all(axis=0)
