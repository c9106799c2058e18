"""What is seen, not why: ȳ ignored or not linear, NaN, a rounded value, a wrong shape, a slope outside its interval."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import combinations
from typing import Any

import jax.numpy as jnp
import numpy as np

from functional_bp.checking.causes.evidence import Evidence, finite
from functional_bp.checking.kinds import Kind
from functional_bp.checking.question.problem import Problem
from functional_bp.checking.report import Cause
from functional_bp.checking.verdict.judge import Mismatch


def cotangent_use(e: Evidence) -> list[Cause]:
    """What is wrong with the claim as a function of ȳ."""
    first = e.points[:1]
    other = [replace(p, y_bar=tuple(np.asarray(2 * b) for b in p.y_bar)) for p in first]
    zero = [replace(p, y_bar=tuple(map(np.zeros_like, p.y_bar))) for p in first]
    once, twice, none = (e.claim(points)[e.leaf].astype("float64") for points in (first, other, zero))
    scale = np.abs(finite(once)).max(initial=0.0)
    loose = 10 * e.precision * scale
    if not np.all(np.isfinite(once)) or scale == 0:
        return []
    another = e.claim([replace(p, y_bar=e.points[1].y_bar) for p in first])[e.leaf]
    if np.all(np.abs(another - once) <= loose) and np.all(np.abs(none - once) <= loose):
        ones = e.at([replace(p, y_bar=tuple(np.ones_like(b) for b in p.y_bar)) for p in first])
        as_ones = np.all(np.abs(ones - once) <= loose)
        return [
            Cause(
                Kind.COTANGENT_IGNORED, "the cotangent is ignored" + (": ȳ is taken to be all ones" if as_ones else "")
            )
        ]
    if np.any(np.abs(none) > loose):
        return [Cause(Kind.NOT_LINEAR, "not linear in the cotangent: something is left at ȳ = 0")]
    if np.any(np.abs(twice - 2 * once) > loose):
        return [Cause(Kind.NOT_LINEAR, f"not linear in the cotangent: ȳ doubled {growth(once, twice)}")]
    minus = [replace(p, y_bar=tuple(-b for b in p.y_bar)) for p in first]
    if np.any(np.abs(e.claim(minus)[e.leaf] + once) > loose):
        return [Cause(Kind.NOT_LINEAR, "not linear in the cotangent: −ȳ does not give the negative")]
    pairs = zip(e.points[0].y_bar, e.points[1].y_bar, strict=True)
    both = e.claim([replace(first[0], y_bar=tuple(a + b for a, b in pairs))])[e.leaf]
    size = np.abs(finite(once)) + np.abs(finite(another)) + 0.1 * scale
    if np.any(np.abs(both - once - another) > 10 * e.precision * size):
        return [Cause(Kind.NOT_LINEAR, "not linear in the cotangent: a sum of two does not give the sum")]
    return []


def swapped(e: Evidence) -> list[Cause]:
    """The cotangent of another argument came, and the other's here."""
    loose = 0.1 * e.precision * np.abs(e.true).max(initial=0.0)
    for j, leaf in enumerate(e.problem.float_leaves):
        claimed, true = e.all_claimed[j], e.all_true[j]
        alike = true.shape == e.true.shape == claimed.shape
        if j != e.leaf and alike and e.explains(true) and np.allclose(claimed, e.true, e.precision, loose):
            return [Cause(Kind.SWAPPED, f"this is the cotangent of {leaf.name}, and {leaf.name}'s is this one's")]
    return []


def growth(once: np.ndarray, twice: np.ndarray) -> str:
    c = float(np.vdot(once, twice) / np.vdot(once, once))
    return f"multiplies the result by {c:.4g}"


def not_finite(mismatch: Mismatch) -> Cause:
    """NaN or infinity where the truth is finite, with the input at which it happens."""
    claimed = mismatch.claimed.astype("complex128")
    bad = ~np.isfinite(claimed) & np.isfinite(mismatch.truth)
    index = tuple(int(i) for i in np.argwhere(bad)[0])
    x = mismatch.point.floats[mismatch.leaf]
    value = float(np.real(x[index]))
    largest = max(float(np.abs(a.astype("float64")).max(initial=0.0)) for a in mismatch.point.floats)
    if value == 0 or any(np.any(a == 0) for a in mismatch.point.floats):
        hint = (
            "something is divided by zero, or a logarithm taken of it: guard the argument, not the result, with `where`"
        )
    elif largest > 10:
        hint = (
            "something overflows at saturation: shift by the maximum before `exp`, or use the form that is stable there"
        )
    else:
        hint = "look for a division or a logarithm"
    return Cause(
        Kind.NOT_FINITE,
        f"{mismatch.claimed[index]} where the truth is {mismatch.truth[index]:.6g}, at input {value:.6g}: {hint}",
    )


def rounded(claimed: np.ndarray, true: np.ndarray) -> list[Cause]:
    """All values are those of a narrower dtype, and near the true ones."""
    for name in ("bfloat16", "float16"):
        narrow = jnp.finfo(name)
        if narrow.eps <= jnp.finfo(claimed.dtype).eps or not np.any(claimed):
            continue
        exact = np.array_equal(claimed.astype(name).astype(claimed.dtype), claimed)
        if exact and np.all(np.abs(claimed - true) <= float(narrow.eps) * np.abs(true)):
            return [Cause(Kind.DTYPE, f"the values are rounded to {name} on the way")]
    return []


def lost_precision(claimed: np.ndarray, true: np.ndarray) -> list[Cause]:
    """Nearly right everywhere: an error of the size of a narrower dtype's."""
    scale = np.abs(true).max(initial=0.0)
    error = float(np.abs(claimed - true).max(initial=0.0) / scale) if scale else np.inf
    if error > 0.02:
        return []
    own = float(jnp.finfo(claimed.dtype).eps)
    return [
        Cause(
            Kind.DTYPE, f"precision is lost on the way: relative error {error:.1e} where {claimed.dtype} has {own:.1e}"
        )
    ]


def wrong_subgradient(mismatch: Mismatch) -> Cause:
    kink = mismatch.kink
    assert kink is not None
    at = float(np.real(mismatch.point.floats[mismatch.leaf][kink.index]))
    if kink.low <= kink.value <= kink.high:
        text = f"wrong subgradient at a kink (input {at:.6g}): each slope is possible, but not all of them together"
    else:
        text = (
            f"wrong subgradient at a kink (input {at:.6g}): the claimed slope {kink.value:.6g} lies outside the "
            f"Clarke interval [{kink.low:.6g}, {kink.high:.6g}]; JAX takes {kink.jax_value:.6g}"
        )
    return Cause(Kind.SUBGRADIENT, text)


def jax_is_wrong(mismatch: Mismatch) -> Cause:
    assert mismatch.by_jax is not None
    worst = np.unravel_index(int(np.argmax(np.abs(mismatch.by_jax - mismatch.truth))), mismatch.truth.shape)
    own, true = float(mismatch.by_jax[worst]), float(mismatch.truth[worst])
    copied = bool(np.allclose(mismatch.claimed, mismatch.by_jax, 1e-3, 1e-5 * abs(own - true)))
    text = f"jax.vjp of the forward is wrong here ({own:.4g} for {true:.4g}): nonsmooth operations meet"
    return Cause(Kind.JAX, f"{text}, and the claim is the same" if copied else f"{text}; the claim is another's")


def reshape_cause(
    value: np.ndarray, true: np.ndarray, x_bar: Sequence[np.ndarray], i: int, problem: Problem
) -> list[Cause]:
    """The cause of a cotangent of the wrong shape, if a sum, a transposition or another place makes it right."""
    value = value.astype("float64")
    scale = np.abs(true).max(initial=0.0)

    def same(a: Any, b: np.ndarray) -> bool:
        return np.shape(a) == b.shape and bool(np.all(np.abs(a - b) <= 1e-2 * (np.abs(b) + 0.1 * scale)))

    for axes in axis_sets(value.ndim):
        for keep in (False, True):
            if same(value.sum(axis=axes, keepdims=keep), true):
                sizes = " and ".join(f"{a} (size {value.shape[a]})" for a in axes)
                return [Cause(Kind.MISSING_SUM, f"a sum over axis {sizes} is missing: with it, the values are right")]
    if value.ndim > 1 and same(np.swapaxes(value, -1, -2), true):
        return [Cause(Kind.TRANSPOSED, "the cotangent is transposed")]
    if value.size == true.size and same(value.reshape(true.shape), true):
        return [Cause(Kind.SHAPE, "the values are right, their shape is not")]
    for j, leaf in enumerate(problem.float_leaves):
        if j != i and same(value, x_bar[j][0]):
            return [Cause(Kind.SWAPPED, f"this is the cotangent of {leaf.name}: arguments swapped")]
    return []


def axis_sets(ndim: int) -> list[tuple[int, ...]]:
    """The sets of axes a broadcast may have added, the smallest first; of many axes only few, or those in front."""
    most = ndim if ndim <= 8 else 2
    front = [tuple(range(n)) for n in range(most + 1, ndim + 1)]
    return front + [axes for n in range(1, most + 1) for axes in combinations(range(ndim), n)]
