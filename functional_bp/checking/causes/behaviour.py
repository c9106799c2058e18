"""Causes in how the backward treats ȳ: ignored, not linear; and numbers lost on the way: not finite, rounded."""

from dataclasses import replace

import jax.numpy as jnp
import numpy as np

from functional_bp.checking.causes.evidence import Candidate, Candidates, Evidence, finite
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
            Cause("cotangent ignored", "the cotangent is ignored" + (": ȳ is taken to be all ones" if as_ones else ""))
        ]
    if np.any(np.abs(none) > loose):
        return [Cause("not linear", "not linear in the cotangent: something is left at ȳ = 0")]
    if np.any(np.abs(twice - 2 * once) > loose):
        return [Cause("not linear", f"not linear in the cotangent: ȳ doubled {growth(once, twice)}")]
    return []


def estimator(e: Evidence) -> list[Cause]:
    """What people write on purpose: ȳ itself, or a part of it, where the forward's own derivative is something else."""
    y_bar = e.y_bar
    if y_bar is None or y_bar.shape != e.claimed.shape:
        return []
    meant = "if that is meant, say intended= or surrogate="
    if not np.any(e.true) and np.any(e.claimed):
        if e.explains(y_bar):
            text = f"the forward is piecewise constant and ȳ itself came: a straight-through estimator; {meant}"
            return [Cause("straight-through", text)]
        if np.all((np.abs(e.claimed) <= e.precision) | e.close(e.claimed, y_bar)):
            text = (
                f"the forward is piecewise constant and part of ȳ came: a clipped straight-through estimator; {meant}"
            )
            return [Cause("straight-through", text)]
        text = f"the forward is piecewise constant, its derivative zero: a surrogate's derivative came; {meant}"
        return [Cause("straight-through", text)]
    if e.outputs is not None and e.outputs.shape == e.x.shape and np.array_equal(e.outputs, e.x):
        c = float(np.vdot(y_bar, e.claimed) / max(np.vdot(y_bar, y_bar), 1e-300))
        if c < 0 and e.explains(c * y_bar):
            return [Cause("reversal", f"the forward is the identity and {c:.4g} ȳ came: a gradient reversal; {meant}")]
        if np.all(np.abs(e.claimed) <= np.abs(y_bar) * (1 + 1e-5)) and np.any(e.close(e.claimed, y_bar)):
            return [Cause("clipped", f"the forward is the identity and ȳ came clipped: gradient clipping; {meant}")]
    return []


def growth(once: np.ndarray, twice: np.ndarray) -> str:
    c = float(np.vdot(once, twice) / np.vdot(once, once))
    return f"multiplies the result by {c:.4g}"


def nonlinear_terms(e: Evidence) -> Candidates:
    """ȳ through a function before the right backward."""
    for name, function in (("ȳ²", np.square), ("|ȳ|", np.abs), ("sign ȳ", np.sign)):
        changed = e.with_y_bar(lambda p, function=function: [function(b) for b in p.y_bar])
        yield Candidate("not linear", f"{name} stands in the place of ȳ", changed)


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
        "not finite",
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
            return [Cause("dtype", f"the values are rounded to {name} on the way")]
    return []


def lost_precision(claimed: np.ndarray, true: np.ndarray) -> list[Cause]:
    """Nearly right everywhere: an error of the size of a narrower dtype's."""
    scale = np.abs(true).max(initial=0.0)
    error = float(np.abs(claimed - true).max(initial=0.0) / scale) if scale else np.inf
    if error > 0.02:
        return []
    own = float(jnp.finfo(claimed.dtype).eps)
    return [
        Cause("dtype", f"precision is lost on the way: relative error {error:.1e} where {claimed.dtype} has {own:.1e}")
    ]


ONE_FOR_ALL = {
    "the first number of ȳ": lambda b: np.full_like(b, b.reshape(-1)[0]),
    "ȳ[0]": lambda b: np.broadcast_to(b[:1], b.shape),
    "the last of ȳ": lambda b: np.broadcast_to(b[-1:], b.shape),
    "the mean of ȳ": lambda b: np.full_like(b, b.mean()),
    "the sum of ȳ": lambda b: np.full_like(b, b.sum()),
    "the largest of ȳ": lambda b: np.full_like(b, b.max()),
}


def one_for_all(e: Evidence) -> Candidates:
    """One number of ȳ, or one row, in the place of all."""
    if e.y_bar is None or e.y_bar.ndim < 2 or e.y_bar[0].size < 2:
        return
    for name, change in ONE_FOR_ALL.items():
        changed = e.with_y_bar(lambda p, change=change: [change(b) for b in p.y_bar])
        yield Candidate("one cotangent", f"{name} is taken for all of the cotangent", changed)
