"""The truth where JAX cannot go: finite differences with an estimate of their error, or the complex step."""

from collections.abc import Sequence
from dataclasses import replace

import jax.numpy as jnp
import numpy as np

from functional_bp.checking.limits import (
    BLOCKS,
    DIRECTIONS_AT_ONCE,
    MOST_COORDINATES,
    NUMBERS_AT_ONCE,
    RUN_NUMBERS,
    VISITED,
)
from functional_bp.checking.program.compiled import Arrays, Programs, double_precision, upcast
from functional_bp.checking.question.problem import Point
from functional_bp.checking.truth.oracle import NothingLost

Difference = tuple[np.ndarray, np.ndarray, np.ndarray]  # derivative, truncation and rounding error: [direction, output]


class NumericalOracle(NothingLost):
    """ȳ J from values of the forward alone: central differences with Richardson's error estimate.

    D(h) = (f(x + h) − f(x − h)) / 2h has an error in h²; (4 D(h/2) − D(h)) / 3 one in h⁴, and what it differs from
    D(h/2) by, with the rounding ε|f|/h, bounds it. h = ε^{1/5}·scale, ε and scale those of the dtype and of the primal.
    At a kink the two one-sided quotients don't approach each other: the error then spans them (the Clarke interval).
    Where JAX can't differentiate the forward, but it is analytic and takes complex numbers, Im f(x + ih)/h replaces all
    that (no cancellation). Not through loops: when the real part has converged, the other may not have.
    """

    step, spans_kinks = 1e-3, True

    def __init__(self, programs: Programs) -> None:
        self.problem, self.programs = programs.problem, programs
        self.precise = programs.precise
        untraced = bool(programs.refusal) and not programs.loops
        self.analytic = programs.precise and programs.size <= MOST_COORDINATES and untraced
        self.columns: dict[bytes, Difference] = {}
        self.runs = int(RUN_NUMBERS // max(1, programs.size))  # of the forward, that are affordable
        self.most = int(np.clip(self.runs // 16, 4, VISITED))
        self.visited = np.random.default_rng(0).choice(programs.size, min(programs.size, self.most), replace=False)
        self.name = "finite differences in " + ("float64" if self.precise else str(programs.inputs[0][0].dtype))

    def values(self, points: Sequence[Point]) -> np.ndarray:
        """The forward's outputs as rows, one a point."""
        arrays = self.programs.values([replace(point, y_bar=()) for point in points])
        return np.concatenate([a.reshape(len(points), -1) for a in arrays], axis=1)

    def __call__(self, points: Sequence[Point]) -> tuple[Arrays, Arrays, Arrays]:
        """Outputs, cotangents and their error estimate; NaN where nothing can be said."""
        points = [self.placed(point) for point in points]
        outputs = self.programs.values([replace(point, y_bar=()) for point in points])
        found = [self.gradient(point) for point in points]
        x_bar, error = (
            [np.stack(a) for a in zip(*(split(f[i], self.programs.inputs[0]) for f in found), strict=True)]
            for i in range(2)
        )
        return outputs, x_bar, error

    def placed(self, point: Point) -> Point:
        """The point in the dtype that the forward runs in."""
        if self.precise:
            return upcast(point)
        floats = tuple(a.astype(s.dtype) for a, s in zip(point.floats, self.programs.inputs[0], strict=True))
        return replace(point, floats=floats)

    def gradient(self, point: Point) -> tuple[np.ndarray, np.ndarray]:
        """ȳ J over all coordinates and its error; of a large primal at the visited ones, NaN elsewhere."""
        size = self.programs.size
        if size <= MOST_COORDINATES:
            return pulled(point, self.jacobian(point))
        visited, x_bar, error = self.visited, np.full(size, np.nan), np.full(size, np.nan)
        steps = step_sizes(point.floats, self.eps(point))[visited]
        along, spread = self.along(point, [np.array([k]) for k in visited], np.ones(size))
        x_bar[visited], error[visited] = along / steps, spread / steps
        return x_bar, error

    def aim(self, points: Sequence[Point], claimed: Arrays) -> None:
        """Chooses what is visited of a large primal: where the claim, along random directions, is most in doubt."""
        share = max(1, self.most // len(points))
        found = [self.suspects(self.placed(p), [a[i] for a in claimed], share) for i, p in enumerate(points)]
        self.visited = np.unique(np.concatenate(found))

    def suspects(self, point: Point, claimed: Arrays, count: int) -> np.ndarray:
        """The coordinates most in doubt. ⟨ȳ J, v⟩ is one difference quotient, whatever the size of v.

        The coordinates are dealt into blocks, with a random v for each; the blocks where the claim's own ⟨x̄, v⟩ is
        furthest off, in units of the quotient's error, are dealt out again, until few enough coordinates are left.
        """
        rng = np.random.default_rng(0)
        signs = rng.choice([-1.0, 1.0], self.programs.size)
        expected = flat(claimed) * signs * step_sizes(point.floats, self.eps(point))
        left = rng.permutation(self.programs.size)
        most = int(np.clip(self.runs // 64, 4, BLOCKS))
        while len(left) > count:
            blocks = np.array_split(left, min(most, len(left)))
            along, error = self.along(point, blocks, signs)
            with np.errstate(all="ignore"):
                doubt = np.abs([expected[block].sum() for block in blocks] - along) / error
            worst = np.argsort(-np.where(np.isnan(doubt), np.inf, doubt), kind="stable")
            few = max(1, min(most // 16, count // len(blocks[0])))
            left = np.concatenate([blocks[k] for k in worst[:few]])
        return left

    def along(self, point: Point, blocks: Sequence[np.ndarray], signs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """d⟨ȳ, f⟩ when a block of coordinates moves by one step each, and its error: a number for each block."""
        at_once = int(np.clip(NUMBERS_AT_ONCE // max(1, self.programs.size), 1, DIRECTIONS_AT_ONCE))
        chunks = [blocks[start : start + at_once] for start in range(0, len(blocks), at_once)]
        found = [pulled(point, self.differences(point, chunk, signs)) for chunk in chunks]
        along, error = (np.concatenate(parts) for parts in zip(*found, strict=True))
        return along, error

    def jacobian(self, point: Point) -> Difference:
        """Jᵀ[in, out] and its errors, once for each x."""
        if place(point) not in self.columns:
            steps = step_sizes(point.floats, self.eps(point))
            blocks = list(np.arange(self.programs.size)[:, None])
            J, truncation, rounding = (
                part / steps[:, None] for part in self.differences(point, blocks, np.ones(self.programs.size))
            )
            if self.analytic:
                J, truncation, rounding = self.refine_by_complex_step(point, J, truncation, rounding)
            self.columns[place(point)] = J, truncation, rounding
        return self.columns[place(point)]

    def differences(self, point: Point, blocks: Sequence[np.ndarray], signs: np.ndarray) -> Difference:
        """Derivatives of all outputs when a block moves by one step, with the two parts of their error."""
        eps = self.eps(point)
        x = flat(point.floats)
        h = signs * step_sizes(point.floats, eps)
        shares = (1, -1, 0.5, -0.5)
        moved = [move(point, x, block, c * h[block]) for block in blocks for c in shares]
        steps = np.array([came for _, came in moved]).reshape(-1, 4) * np.abs(shares)
        f = self.values([p for p, _ in moved]).astype("float64").reshape(len(blocks), 4, -1)
        f0 = self.values([point]).astype("float64")[0]
        with np.errstate(all="ignore"):
            return richardson(f, f0, steps, eps)

    def eps(self, point: Point) -> float:
        return float(jnp.finfo(point.floats[0].dtype).eps)

    def refine_by_complex_step(
        self, point: Point, J: np.ndarray, truncation: np.ndarray, rounding: np.ndarray
    ) -> Difference:
        """J by the complex step where that works and agrees with the differences; else it is never tried again."""
        self.analytic = False
        x = flat(point.floats)
        rows = [self.complex_values(point, x + 1e-20j * (np.arange(x.size) == k)) for k in range(x.size)]
        if any(row is None for row in rows):
            return J, truncation, rounding
        step = np.stack([np.imag(row) for row in rows if row is not None]) / 1e-20
        error = truncation + rounding
        known = np.isfinite(error)
        if not np.all(np.abs(step - J)[known] <= 10 * error[known] + 1e-9):
            return J, truncation, rounding
        self.analytic, self.name = True, "complex step"
        return step, 1e-13 * np.abs(step), np.zeros_like(step)

    def complex_values(self, point: Point, z: np.ndarray) -> np.ndarray | None:
        try:
            with double_precision(), np.errstate(all="ignore"):
                outputs = self.problem.float_outputs(split(z, point.floats), point.indices)
        except Exception:  # a forward that takes no complex numbers is no fault
            return None
        y = flat([np.asarray(a) for a in outputs])
        return y if np.iscomplexobj(y) else None


def place(point: Point) -> bytes:
    return b"".join(a.tobytes() for a in (*point.floats, *point.indices))


def flat(arrays: Sequence[np.ndarray]) -> np.ndarray:
    """All in one vector, in float64 (complex128)."""
    return np.concatenate([a.astype("complex128" if np.iscomplexobj(a) else "float64").ravel() for a in arrays])


def pulled(point: Point, difference: Difference) -> tuple[np.ndarray, np.ndarray]:
    """⟨ȳ, derivative⟩ and its error; the rounding of many outputs adds up as independent numbers do."""
    y_bar = flat(point.y_bar)
    used = y_bar != 0  # where ȳ is zero, what is not finite does not matter
    derivative, truncation, rounding = (part[:, used] for part in difference)
    y_bar = y_bar[used]
    return derivative @ y_bar, truncation @ np.abs(y_bar) + np.sqrt(rounding**2 @ np.abs(y_bar) ** 2)


def step_sizes(floats: Sequence[np.ndarray], eps: float) -> np.ndarray:
    """h = ε^{1/5} · max(|x|, the leaf's root mean square); 1 for a leaf of zeros."""
    sizes = []
    for a in floats:
        magnitude = np.abs(a.astype("float64")).ravel()
        typical = np.sqrt(np.mean(magnitude**2)) if a.size else 1.0
        sizes.append(eps**0.2 * (np.maximum(magnitude, typical) if typical > 0 else np.ones_like(magnitude)))
    return np.concatenate(sizes)


def move(point: Point, x: np.ndarray, block: np.ndarray, by: np.ndarray) -> tuple[Point, float]:
    """The point with a block of coordinates moved, and what share of the way it came in the point's own dtype."""
    moved = x.copy()
    moved[block] += by
    floats = tuple(a.astype(b.dtype) for a, b in zip(split(moved, point.floats), point.floats, strict=True))
    return replace(point, floats=floats), float(np.mean((flat(floats)[block] - x[block]) / by))


def richardson(f: np.ndarray, f0: np.ndarray, steps: np.ndarray, eps: float) -> Difference:
    """Derivative, truncation and rounding error from f(x ± h), f(x ± h/2): arrays [direction, output]."""
    up, down, up2, down2 = (f[:, i] for i in range(4))
    h = steps[:, :, None]
    wide = (up - down) / (h[:, 0] + h[:, 1])
    narrow = (up2 - down2) / (h[:, 2] + h[:, 3])
    best = (4 * narrow - wide) / 3
    rounding = eps * np.maximum(np.abs(up), np.abs(down)) / h[:, 2]
    gap = (up - f0) / h[:, 0] - (f0 - down) / h[:, 1]
    gap2 = (up2 - f0) / h[:, 2] - (f0 - down2) / h[:, 3]
    kink = (np.abs(gap2) > 0.75 * np.abs(gap)) & (np.abs(gap2) > 8 * rounding)
    truncation = np.abs(best - narrow) + np.where(kink, np.abs(gap2), 0.0)
    return np.where(kink, narrow, best), truncation, 4 * rounding


def split(vector: np.ndarray, like: Sequence) -> list[np.ndarray]:
    """A flat vector back into arrays of the given shapes."""
    ends = np.cumsum([int(np.prod(a.shape)) for a in like])[:-1]
    return [part.reshape(a.shape) for part, a in zip(np.split(vector, ends), like, strict=True)]
