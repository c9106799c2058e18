"""The truth where JAX can go: `jax.vjp` in float64, or in the forward's own dtype."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, Protocol, runtime_checkable

import jax
import jax.numpy as jnp
import numpy as np

from functional_bp.checking.program.compiled import Arrays, Programs, double_precision, upcast, widen
from functional_bp.checking.program.traits import largest_factor, rounded
from functional_bp.checking.question.problem import Point

SHARE = 1e-10
SHARES = (0.0, *(SHARE, 1e-3 * SHARE) * 4)


@runtime_checkable
class Oracle(Protocol):
    """Says what ȳ J is at points: `(outputs, cotangents, their own error)`, each array with the points in front."""

    @property
    def name(self) -> str: ...

    @property
    def step(self) -> float: ...

    def __call__(self, points: Sequence[Point]) -> tuple[Arrays, Arrays, Arrays]: ...


class AutodiffOracle:
    """ȳ J by `jax.vjp`, in float64 on the upcast inputs; in the forward's own dtype if it runs in no other.

    `second(points, y, x_bar)`, if given, replaces what is not finite in float64.
    """

    near = 1e-7  # how far a neighbour is in float64, in units of the leaf's scale

    def __init__(self, programs: Programs, second: Callable | None = None) -> None:
        self.programs, self.second = programs, second

    @property
    def name(self) -> str:
        return "jax.vjp in float64" if self.programs.precise else "jax.vjp in the forward's own dtype"

    @property
    def step(self) -> float:
        """How far a neighbour is asked for its gradient, in units of the leaf's scale."""
        return self.near if self.programs.precise else 1e-3

    def __call__(self, points: Sequence[Point]) -> tuple[Arrays, Arrays, Arrays]:
        """Outputs, cotangents and their own error (zero), each array with the points in front."""
        if self.programs.precise:
            y, x_bar = self.programs.truth([upcast(point) for point in points])
            if self.second is not None:
                x_bar = self.second(points, y, x_bar)
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

    def lost(self, point: Point, leaf: int, most: float) -> np.ndarray | float:
        """What rounding on the way may lose in the leaf's dtype: each step of `jax.vjp` is rounded at random.

        `jax.vjp` in the same dtype is one sample of it, which may be lucky, and in float64 the truth itself. The claim
        may lose more by its own steps; so much is granted it, but no more than one rounding of `most`.
        """
        if not self.programs.precise or np.iscomplexobj(point.floats[leaf]):
            return 0.0
        wide = upcast(point)
        parts = [list(wide.floats), list(wide.indices), list(wide.y_bar)]
        info, shape = jnp.finfo(point.floats[leaf].dtype), point.floats[leaf].shape
        own, claimed = (
            moved(lambda *p, f=f: f(*p)[leaf], parts, shape, info)
            for f in (lambda *p: self.programs.oracle(*p)[1], self.programs.claimed)
        )
        return float(info.eps) * np.maximum(own, np.minimum(claimed, most))

    def largest_factor(self, point: Point) -> float:
        """The largest number that the forward multiplies at this point."""
        try:
            with double_precision():
                wide = upcast(point)
                return largest_factor(self.programs.problem.float_outputs, list(wide.floats), list(wide.indices))
        except Exception:  # a program that can't be run step by step tells nothing
            return 0.0


def moved(function: Callable, parts: list, shape: tuple[int, ...], info: Any) -> np.ndarray:
    """How far the result moves when each step is rounded at random, in units of that rounding; 0 where unknown.

    By a share that is not small, and by a thousandth of it: where the two changes are alike there is a kink. Nothing is
    known, either, of a program that can't be run step by step, or gives something else in float64.
    """
    rng = np.random.default_rng(0)
    try:
        with double_precision():
            closed = jax.make_jaxpr(function)(*parts)
            true, *others = (np.asarray(rounded(closed, parts, size, info, rng)[0]) for size in SHARES)
    except Exception:  # whatever the program's own rules raise
        return np.zeros(shape)
    if true.shape != shape:
        return np.zeros(shape)
    changes = np.abs(others - true)
    coarse, fine = changes[::2].max(axis=0), changes[1::2].max(axis=0)
    smooth = np.isfinite(coarse) & (fine < 0.1 * coarse)
    return np.where(smooth, coarse, 0.0) / SHARE
