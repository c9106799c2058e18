"""Where the truth comes from: `jax.vjp` in float64; finite differences or the complex step where JAX cannot go."""

from collections.abc import Sequence
from dataclasses import replace

import jax.numpy as jnp
import numpy as np

from functional_bp.checking.problem import Point
from functional_bp.checking.programs import Arrays, Programs, double_precision, upcast, widen

MOST_COORDINATES = 512  # finite differences visit no more; the rest of a large primal stays unjudged (NaN)


class AutodiffOracle:
    """ȳ J by `jax.vjp`, in float64 on the upcast inputs; in the forward's own dtype if it runs in no other."""

    def __init__(self, programs: Programs) -> None:
        self.programs = programs

    @property
    def name(self) -> str:
        return "jax.vjp in float64" if self.programs.precise else "jax.vjp in the forward's own dtype"

    @property
    def step(self) -> float:
        """How far a neighbour is asked for its gradient, in units of the leaf's scale."""
        return 1e-7 if self.programs.precise else 1e-3

    def __call__(self, points: Sequence[Point]) -> tuple[Arrays, Arrays, Arrays]:
        """Outputs, cotangents and their own error (zero), each array with the points in front."""
        if self.programs.precise:
            y, x_bar = self.programs.truth([upcast(point) for point in points])
        else:
            y, x_bar = self.programs.own([self.downcast(point) for point in points])
            x_bar = [widen(a) for a in x_bar]
        return y, x_bar, [np.zeros(a.shape) for a in x_bar]

    def downcast(self, point: Point) -> Point:
        kinds = [s.dtype for s in self.programs.inputs[0]]
        floats = tuple(a.astype(kind) for a, kind in zip(point.floats, kinds, strict=True))
        fixed = tuple(a.astype(s.dtype) for a, s in zip(point.indices, self.programs.inputs[1], strict=True))
        y_bar = [b.astype(z.dtype) for b, z in zip(point.y_bar, self.programs.zero_cotangent(), strict=True)]
        return replace(point, floats=floats, indices=fixed, y_bar=tuple(y_bar))


class NumericalOracle:
    """ȳ J from values of the forward alone: central differences with Richardson's error estimate.

    D(h) = (f(x + h) − f(x − h)) / 2h has an error in h²; (4 D(h/2) − D(h)) / 3 one in h⁴, and what it differs from
    D(h/2) by, with the rounding ε|f|/h, bounds it. h = ε^{1/5}·scale, ε and scale those of the dtype and of the primal.
    At a kink the two one-sided quotients don't approach each other: the error then spans them (the Clarke interval).
    Where the forward is analytic and takes complex numbers, Im f(x + ih)/h replaces all that (no cancellation).
    """

    step = 1e-3

    def __init__(self, programs: Programs) -> None:
        self.problem, self.programs = programs.problem, programs
        self.precise = self.analytic = programs.precise
        self.columns: dict[bytes, tuple[np.ndarray, np.ndarray]] = {}
        self.name = "finite differences in " + ("float64" if self.precise else str(programs.inputs[0][0].dtype))

    def values(self, points: Sequence[Point]) -> np.ndarray:
        """The forward's outputs as rows, one a point."""
        arrays = self.programs.values([replace(point, y_bar=()) for point in points])
        return np.concatenate([a.reshape(len(points), -1) for a in arrays], axis=1)

    def __call__(self, points: Sequence[Point]) -> tuple[Arrays, Arrays, Arrays]:
        """Outputs, cotangents and their error estimate; NaN where nothing can be said."""
        points = [upcast(point) if self.precise else point for point in points]
        outputs = self.programs.values([replace(point, y_bar=()) for point in points])
        x_bars, errors = [], []
        for point in points:
            y_bar = np.concatenate([b.astype("float64").ravel() for b in point.y_bar])
            J, error = self.jacobian(point)
            used = y_bar != 0
            x_bars.append(split(y_bar[used] @ J[used], point.floats))
            errors.append(split(np.abs(y_bar[used]) @ error[used], point.floats))
        return (
            outputs,
            [np.stack(a) for a in zip(*x_bars, strict=True)],
            [np.stack(a) for a in zip(*errors, strict=True)],
        )

    def jacobian(self, point: Point) -> tuple[np.ndarray, np.ndarray]:
        """J[out, in] and its error, once for each x."""
        key = b"".join(a.tobytes() for a in (*point.floats, *point.indices))
        if key not in self.columns:
            self.columns[key] = self.differences(point)
        return self.columns[key]

    def differences(self, point: Point) -> tuple[np.ndarray, np.ndarray]:
        sizes = [a.size for a in point.floats]
        total = sum(sizes)
        visited = np.arange(total)
        if total > MOST_COORDINATES:
            visited = np.sort(np.random.default_rng(0).choice(total, MOST_COORDINATES, replace=False))
        x = np.concatenate([a.astype("float64").ravel() for a in point.floats])
        eps = float(jnp.finfo(point.floats[0].dtype).eps)
        h = step_sizes(point.floats, eps)
        moves = [(int(k), c) for k in visited for c in (1, -1, 0.5, -0.5)]
        moved = [move(point, x, k, float(c * h[k])) for k, c in moves]
        steps = np.array([abs(m_x - x[k]) for (k, _), (_, m_x) in zip(moves, moved, strict=True)]).reshape(-1, 4)
        f = self.values([p for p, _ in moved]).astype("float64").reshape(len(visited), 4, -1)
        f0 = self.values([point]).astype("float64")[0]
        J = np.full((f.shape[2], total), np.nan)
        error = np.full_like(J, np.nan)
        with np.errstate(all="ignore"):
            estimate, bound = richardson(f, f0, steps, eps)
        J[:, visited], error[:, visited] = estimate.T, bound.T
        if self.analytic:
            self.refine_by_complex_step(point, x, visited, J, error)
        return J, error

    def refine_by_complex_step(
        self, point: Point, x: np.ndarray, visited: np.ndarray, J: np.ndarray, error: np.ndarray
    ) -> None:
        """Replaces J where the complex step works and agrees with the differences; else never tries again."""
        self.analytic = False
        rows = [self.complex_values(point, x + 1e-20j * (np.arange(x.size) == k)) for k in visited]
        if any(row is None for row in rows):
            return
        step = np.stack([np.imag(row) for row in rows if row is not None], axis=1) / 1e-20
        known = np.isfinite(error[:, visited])
        if np.all(np.abs(step - J[:, visited])[known] <= 10 * error[:, visited][known] + 1e-9):
            self.analytic, self.name = True, "complex step"
            J[:, visited], error[:, visited] = step, 1e-13 * np.abs(step)

    def complex_values(self, point: Point, z: np.ndarray) -> np.ndarray | None:
        try:
            with double_precision(), np.errstate(all="ignore"):
                outputs = self.problem.float_outputs(split(z, point.floats), point.indices)
        except Exception:  # a forward that takes no complex numbers is no fault
            return None
        y = np.concatenate([np.asarray(a).ravel() for a in outputs])
        return y if np.iscomplexobj(y) else None


def step_sizes(floats: Sequence[np.ndarray], eps: float) -> np.ndarray:
    """h = ε^{1/5} · max(|x|, the leaf's root mean square); 1 for a leaf of zeros."""
    sizes = []
    for a in floats:
        magnitude = np.abs(a.astype("float64")).ravel()
        typical = np.sqrt(np.mean(magnitude**2)) if a.size else 1.0
        sizes.append(eps**0.2 * (np.maximum(magnitude, typical) if typical > 0 else np.ones_like(magnitude)))
    return np.concatenate(sizes)


def move(point: Point, x: np.ndarray, k: int, by: float) -> tuple[Point, float]:
    """The point with coordinate k moved, and where that coordinate came to lie in the point's own dtype."""
    moved = x.copy()
    moved[k] += by
    floats = tuple(a.astype(b.dtype) for a, b in zip(split(moved, point.floats), point.floats, strict=True))
    landed = np.concatenate([a.ravel() for a in floats])[k].astype("float64")
    return replace(point, floats=floats), float(landed)


def richardson(f: np.ndarray, f0: np.ndarray, steps: np.ndarray, eps: float) -> tuple[np.ndarray, np.ndarray]:
    """Derivative and error from f(x ± h), f(x ± h/2): arrays [coordinate, output]."""
    up, down, up2, down2 = (f[:, i] for i in range(4))
    h = steps[:, :, None]
    wide = (up - down) / (h[:, 0] + h[:, 1])
    narrow = (up2 - down2) / (h[:, 2] + h[:, 3])
    best = (4 * narrow - wide) / 3
    rounding = eps * np.maximum(np.abs(up), np.abs(down)) / h[:, 2]
    error = np.abs(best - narrow) + 4 * rounding
    gap = (up - f0) / h[:, 0] - (f0 - down) / h[:, 1]
    gap2 = (up2 - f0) / h[:, 2] - (f0 - down2) / h[:, 3]
    kink = (np.abs(gap2) > 0.75 * np.abs(gap)) & (np.abs(gap2) > 8 * rounding)
    return np.where(kink, narrow, best), error + np.where(kink, np.abs(gap2), 0.0)


def split(flat: np.ndarray, like: Sequence[np.ndarray]) -> list[np.ndarray]:
    """A flat vector back into arrays of the given shapes."""
    ends = np.cumsum([a.size for a in like])[:-1]
    return [part.reshape(a.shape) for part, a in zip(np.split(flat, ends), like, strict=True)]
