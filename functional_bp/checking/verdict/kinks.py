"""Kinks: is a point one, does a claimed value lie in Clarke's subdifferential there, and where are there others."""

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import permutations
from typing import Any

import numpy as np

from functional_bp.checking.limits import HULL_COORDINATES, HULL_NUMBERS, HULL_ROWS
from functional_bp.checking.program.compiled import Arrays, upcast
from functional_bp.checking.question.points import rms
from functional_bp.checking.question.problem import Point
from functional_bp.checking.truth.tolerance import RELATIVE

NEARER = 0.01  # of the step: over it a bend shrinks by as much, a kink does not

Truth = Callable[[Sequence[Point]], tuple[Arrays, Arrays, Arrays]]


@dataclass(frozen=True)
class Subdifferential:
    """The verdict at one point for one leaf: a kink or not, inside or not, and the interval at the worst element."""

    kink: bool
    inside: bool
    low: float = 0.0
    high: float = 0.0
    index: tuple[int, ...] = ()
    output: int = 0
    value: float = 0.0
    jax_value: float = 0.0


NO_KINK = Subdifferential(kink=False, inside=False)


def judge_at_kink(
    truth: Truth, point: Point, leaf: int, claimed_rows: Callable[[list[int]], np.ndarray], eps: float, step: float
) -> Subdifferential:
    """Row by row of the Jacobian: each claimed row must be a convex combination of the gradients nearby.

    Clarke's subdifferential of one output is the convex hull of the limits of its gradients. Gradients are taken at
    x ± δd for directions d (every coordinate up, one leaf before the others, random), and then along what separates the
    claimed row from the hull found so far, which for convex and concave outputs leads straight to the missing vertex.
    JAX's own value and its reflection (the sum of two opposite neighbours less JAX's value) belong to the generators:
    the chain rule through several kinks gives such elements. `eps` is that of the claim's dtype, `step` how far the
    neighbours are, in units of each leaf's scale.
    """
    wide = upcast(point)
    rows = relevant_rows(wide)
    if not rows:  # at a zero cotangent zero is due, whatever the Jacobian
        return NO_KINK
    sampler = Neighbours(truth, wide, leaf, step)
    if not sampler.jumps():
        return NO_KINK
    jax_rows = sampler.at([wide], rows)[0]
    claimed = claimed_rows(rows).reshape(len(rows), -1)
    samples, bend = sampler.first(rows), sampler.bend(rows)
    width = samples.max(axis=0) - samples.min(axis=0)
    if not np.all(np.isfinite(samples)) or not np.any(width > 2 * bend):
        return NO_KINK
    slack = RELATIVE * eps * np.abs(samples).max() + float(bend.max())
    worst = NO_KINK
    for k, row in enumerate(rows):
        if np.all(np.abs(claimed[k] - jax_rows[k]) <= slack):
            continue
        inside = sampler.holds(row, claimed[k], samples[:, k], jax_rows[k], slack)
        worst = describe(point, leaf, row, claimed[k], samples[:, k], jax_rows[k], inside)
        if not inside:
            return worst
    return worst


def relevant_rows(point: Point) -> list[int]:
    """The outputs whose cotangent is not zero; no more than a few, and of large primals fewer."""
    y_bar = np.concatenate([b.ravel() for b in point.y_bar])
    most = max(2, min(HULL_ROWS, HULL_NUMBERS // sum(a.size for a in point.floats)))
    return [int(k) for k in np.flatnonzero(y_bar)[:most]]


def describe(
    point: Point, leaf: int, row: int, claimed: np.ndarray, samples: np.ndarray, own: np.ndarray, inside: bool
) -> Subdifferential:
    low, high = samples.min(axis=0).real, samples.max(axis=0).real
    outside = np.maximum(low - claimed, claimed - high)
    worst = int(np.argmax(np.where(high - low > 0, np.abs(claimed - own) if inside else outside, -np.inf)))
    index = tuple(int(i) for i in np.unravel_index(worst, point.floats[leaf].shape))
    slopes = float(claimed[worst]), float(own[worst])
    return Subdifferential(True, inside, float(low[worst]), float(high[worst]), index, row, *slopes)


class Neighbours:
    """Gradients of single outputs at points near a given one."""

    def __init__(self, truth: Truth, point: Point, leaf: int, step: float) -> None:
        self.truth, self.point, self.leaf = truth, point, leaf
        self.samples: np.ndarray | None = None
        self.scales = [NEARER * step * (rms(a) or 1.0) for a in point.floats]

    def at(self, points: Sequence[Point], rows: Sequence[int]) -> np.ndarray:
        """[point, row, coordinate of the leaf]"""
        asked = [replace(point, y_bar=one_hot(point.y_bar, row)) for point in points for row in rows]
        return self.gradients(asked).reshape(len(points), len(rows), -1)

    def gradients(self, points: Sequence[Point]) -> np.ndarray:
        return self.truth(points)[1][self.leaf]

    def jumps(self) -> bool:
        """Does the gradient of ⟨ȳ, f⟩ change over the step as at no smooth point? Few runs rule most points out."""
        near = self.gradients([self.moved(d, sign) for d in self.directions()[:8] for sign in (1.0, -1.0)])
        far = self.gradients([self.moved(d, sign / NEARER) for d in self.directions()[:4] for sign in (1.0, -1.0)])
        return not np.all(np.isfinite(near)) or bool(np.any(np.ptp(near, axis=0) > 2 * bending(near[:8], far)))

    def bend(self, rows: Sequence[int]) -> np.ndarray:
        """`bending` of each row's gradient, [row, coordinate]."""
        far = [self.moved(d, sign / NEARER) for d in self.directions()[:4] for sign in (1.0, -1.0)]
        return bending(self.first(rows)[:8], self.at(far, rows))

    def moved(self, direction: Sequence[np.ndarray], by: float = 1.0) -> Point:
        floats = (np.asarray(a + by * s * d) for a, s, d in zip(self.point.floats, self.scales, direction, strict=True))
        return replace(self.point, floats=tuple(floats))

    def pairs(self, directions: Sequence[Sequence[np.ndarray]], rows: Sequence[int]) -> np.ndarray:
        points = [self.moved([sign * d for d in direction]) for direction in directions for sign in (1.0, -1.0)]
        return self.at(points, rows)

    def first(self, rows: Sequence[int]) -> np.ndarray:
        """Along the first directions: [direction and sign, row, coordinate]."""
        if self.samples is None:
            self.samples = self.pairs(self.directions(), rows)
        return self.samples

    def directions(self) -> list[list[np.ndarray]]:
        """All up, a ramp, each leaf before the others, and random ones."""
        rng = np.random.default_rng(5)
        shapes = [a.shape for a in self.point.floats]
        up = [np.ones(shape) for shape in shapes]
        ramp = [np.arange(1.0, 1 + d.size).reshape(d.shape) / max(1, d.size) for d in up]
        graded = [[d * f for d, f in zip(up, factors, strict=True)] for factors in self.grades(len(shapes))]
        mixed = [[rng.uniform(-1, 1, shape) for shape in shapes] for _ in range(6)]
        return [up, ramp, *mixed, *graded]

    @staticmethod
    def grades(count: int) -> list[list[float]]:
        """Factors that let one leaf move much further than the next, in many orders: kinks in series need one."""
        orders = list(permutations(range(min(count, 5)))) if count > 1 else []
        chosen = orders if len(orders) <= 24 else random.Random(0).sample(orders, 24)
        return [[0.01 ** order[i % len(order)] for i in range(count)] for order in chosen]

    def holds(self, row: int, claimed: np.ndarray, samples: np.ndarray, own: np.ndarray, slack: float) -> bool:
        """Is the claimed row in the hull of the gradients nearby?"""
        reflected = samples[0::2] + samples[1::2] - own
        generators = np.concatenate([samples, own[None], reflected])
        seen = np.argsort(-np.abs(claimed - own), kind="stable")[:HULL_COORDINATES]
        for _ in range(8):
            generators = generators[np.all(np.isfinite(generators), axis=1)]
            residual = np.zeros_like(claimed)
            residual[seen] = claimed[seen] - nearest_in_hull(claimed[seen], generators[:, seen])
            if np.abs(residual).max(initial=0.0) <= slack:
                return True
            generators = np.concatenate([generators, self.towards(residual, row)])
        return self.in_the_box(row, claimed, slack)

    def towards(self, residual: np.ndarray, row: int) -> np.ndarray:
        direction = [np.zeros(a.shape) for a in self.point.floats]
        direction[self.leaf] = (residual / np.abs(residual).max()).reshape(direction[self.leaf].shape)
        signs = [np.zeros(a.shape) for a in self.point.floats]
        signs[self.leaf] = np.sign(direction[self.leaf])
        return self.pairs([direction, signs], [row])[:, 0]

    def in_the_box(self, row: int, claimed: np.ndarray, slack: float) -> bool:
        """For separable outputs, where a coordinate's move changes its own derivative only: interval by interval."""
        size = claimed.size
        if size > 64:
            return False
        leaf = self.leaf
        directions = []
        for k in range(size):
            direction = [np.zeros(a.shape) for a in self.point.floats]
            direction[leaf].reshape(-1)[k] = 1.0
            directions.append(direction)
        gradients = self.pairs(directions, [row])[:, 0].reshape(size, 2, size)
        change = np.abs(gradients[:, 0] - gradients[:, 1])
        if np.any(change[~np.eye(size, dtype=bool)] > slack):
            return False
        own = gradients[np.arange(size), :, np.arange(size)]
        return bool(np.all((claimed >= own.min(axis=1) - slack) & (claimed <= own.max(axis=1) + slack)))


def bending(near: np.ndarray, far: np.ndarray) -> np.ndarray:
    """What a smooth gradient may change by from neighbour to neighbour, given its change a hundred times as far."""
    width = np.ptp(far, axis=0)
    return np.where(width > 10 * np.ptp(near, axis=0), 0.1 * width, 0.0) + 1e-10 * np.abs(far).max(initial=0.0)


def one_hot(y_bar: Sequence[np.ndarray], row: int) -> tuple[np.ndarray, ...]:
    flat = np.zeros(sum(b.size for b in y_bar))
    flat[row] = 1.0
    ends = np.cumsum([b.size for b in y_bar])[:-1]
    return tuple(part.reshape(b.shape) for part, b in zip(np.split(flat, ends), y_bar, strict=True))


def nearest_in_hull(target: np.ndarray, generators: np.ndarray) -> np.ndarray:
    """Σ w_k g_k nearest to the target with w ≥ 0 and Σ w = 1 (non-negative least squares, the sum as a heavy row)."""
    from scipy.optimize import nnls  # slow to import, seldom needed

    generators = np.unique(generators, axis=0)
    scale = max(np.abs(generators).max(initial=0.0), np.abs(target).max(initial=0.0), 1e-300)
    heavy = 1e3 * np.ones((1, len(generators)))
    try:
        weights, _ = nnls(np.concatenate([generators.T / scale, heavy]), np.append(target / scale, 1e3))
    except RuntimeError:  # not converged: the plain average is as good a start as any
        weights = np.ones(len(generators))
    weights = weights / weights.sum() if weights.sum() > 0 else np.full(len(generators), 1 / len(generators))
    return weights @ generators


def search(truth: Truth, point: Point, most: int = 4) -> Iterator[Point]:
    """Kinks near the given point: where one coordinate's move makes the derivative jump, found by bisection.

    The values of each leaf are shifted along a line; where the derivative with respect to one coordinate changes much
    between two neighbours, the interval is cut by 15 again and again, down to adjacent numbers of the leaf's dtype. A
    change that dies away with the interval was a bend, one that stays is a kink: both sides of it are returned.
    """
    for leaf, values in enumerate(point.floats):
        if not values.size or np.iscomplexobj(values):
            continue
        reach = 3 * (rms(values.astype("float64")) or 1.0)
        coordinate = int(np.argmin(np.abs(values.astype("float64")).ravel()))
        line = np.linspace(-reach, reach, 16) + float(values.ravel()[coordinate])
        line = line.astype(values.dtype)
        slopes = derivative_along(truth, point, leaf, coordinate, line)
        jumps = np.abs(np.diff(slopes))
        jumps = np.where(np.isfinite(jumps), jumps, 0.0)
        likeliest = [j for j in np.argsort(-jumps)[:most] if jumps[j] > 0.02 * jumps.sum()]
        for j in likeliest:
            edge = bisect(truth, point, leaf, coordinate, line[j], line[j + 1])
            for side in edge:
                yield replace(with_value(point, leaf, coordinate, side), name=f"a kink found at {float(side):.6g}")


def with_value(point: Point, leaf: int, coordinate: int, value: Any) -> Point:
    moved = np.array(point.floats[leaf], order="C")
    moved.reshape(-1)[coordinate] = value
    return replace(point, floats=(*point.floats[:leaf], moved, *point.floats[leaf + 1 :]))


def derivative_along(truth: Truth, point: Point, leaf: int, coordinate: int, line: np.ndarray) -> np.ndarray:
    points = [with_value(point, leaf, coordinate, value) for value in line]
    return truth(points)[1][leaf].reshape(len(line), -1)[:, coordinate]


def bisect(truth: Truth, point: Point, leaf: int, coordinate: int, low: Any, high: Any) -> tuple[float, ...]:
    """The two adjacent numbers between which the derivative jumps; none if the jump dies away."""
    dtype = point.floats[leaf].dtype
    a, b = ordinal(low, dtype), ordinal(high, dtype)
    first = None
    while b - a > 1:
        cuts = sorted({a + (b - a) * k // 15 for k in range(16)})
        line = np.array([from_ordinal(c, dtype) for c in cuts], dtype)
        jumps = np.abs(np.diff(derivative_along(truth, point, leaf, coordinate, line)))
        if not np.any(np.isfinite(jumps)):
            return ()
        j = int(np.nanargmax(jumps))
        first = jumps[j] if first is None else first
        if jumps[j] < 0.3 * first or jumps[j] == 0:
            return ()
        a, b = cuts[j], cuts[j + 1]
    return (from_ordinal(a, dtype), from_ordinal(b, dtype))


def ordinal(value: Any, dtype: Any) -> int:
    """The place of a number in the order of all numbers of its dtype."""
    bits = int(np.asarray(value, dtype).view(f"i{dtype.itemsize}"))
    return bits if bits >= 0 else -(bits & (2 ** (8 * dtype.itemsize - 1) - 1))


def from_ordinal(place: int, dtype: Any) -> float:
    bits = np.asarray(abs(place), f"i{dtype.itemsize}").view(dtype)
    return float(bits) if place >= 0 else -float(bits)
