"""The truth where JAX can go: `jax.vjp` in float64, or in the forward's own dtype."""

import functools
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from functional_bp.checking.program.compiled import Arrays, Programs, double_precision, quickly_compiled, upcast, widen
from functional_bp.checking.program.traits import largest_factor, rounded
from functional_bp.checking.question.problem import Point

SHARE = 1e-10
SHARES = (0.0, *(SHARE, 1e-3 * SHARE) * 4)


class AutodiffOracle:
    """ȳ J by `jax.vjp`, in float64 on the upcast inputs; in the forward's own dtype if it runs in no other.

    `second(points, y, x_bar)`, if given, replaces what is not finite in float64.
    """

    spans_kinks = False
    near = 1e-7  # how far a neighbour is in float64, in units of the leaf's scale

    def __init__(self, programs: Programs, second: Callable | None = None) -> None:
        self.programs, self.second = programs, second
        self.roundings: dict[tuple, Callable] = {}

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

    def lost(self, point: Point, leaf: int) -> tuple[Any, Any]:
        """What rounding on the way may lose in the leaf's dtype, by the steps of `jax.vjp` and by those of the claim.

        Each step is rounded at random: `jax.vjp` in the same dtype is one sample of it, which may be lucky, and in
        float64 the truth itself.
        """
        if not self.programs.precise or np.iscomplexobj(point.floats[leaf]):
            return 0.0, 0.0
        wide = upcast(point)
        parts = [list(wide.floats), list(wide.indices), list(wide.y_bar)]
        info, shape = jnp.finfo(point.floats[leaf].dtype), point.floats[leaf].shape
        own, claimed = (
            float(info.eps) * moved(self.rounded(of, info), leaf, parts, shape) for of in ("oracle", "claimed")
        )
        return own, claimed

    def rounded(self, of: str, info: Any) -> Callable:
        """`jax.vjp` or the claim, each step rounded at random; compiled once."""
        if (of, info.dtype) not in self.roundings:
            function = {"oracle": lambda *p: self.programs.oracle(*p)[1], "claimed": self.programs.claimed}[of]
            once = functools.partial(run_rounded, function, info)
            self.roundings[of, info.dtype] = jax.jit(once, compiler_options=quickly_compiled())
        return self.roundings[of, info.dtype]

    def largest_factor(self, point: Point) -> float:
        """The largest number that the forward multiplies at this point."""
        try:
            with double_precision():
                wide = upcast(point)
                return largest_factor(self.programs.problem.float_outputs, list(wide.floats), list(wide.indices))
        except Exception:  # a program that can't be run step by step tells nothing
            return 0.0


def run_rounded(function: Callable, info: Any, parts: list, size: Any, seed: Any) -> list:
    return rounded(jax.make_jaxpr(function)(*parts), parts, size, seed, info)


def moved(once: Callable, leaf: int, parts: list, shape: tuple[int, ...]) -> np.ndarray:
    """How far the result moves when each step is rounded at random, in units of that rounding; 0 where unknown.

    By a share that is not small, and by a thousandth of it: where the two changes are alike there is a kink. Nothing is
    known, either, of a program that can't be run step by step, or gives something else in float64.
    """
    try:
        with double_precision():
            true, *others = (np.asarray(once(parts, size, float(seed))[leaf]) for seed, size in enumerate(SHARES))
    except Exception:  # whatever the program's own rules raise
        return np.zeros(shape)
    if true.shape != shape:
        return np.zeros(shape)
    changes = np.abs(others - true)
    coarse, fine = changes[::2].max(axis=0), changes[1::2].max(axis=0)
    smooth = np.isfinite(coarse) & (fine < 0.1 * coarse)
    return np.where(smooth, coarse, 0.0) / SHARE
