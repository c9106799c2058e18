"""What half precision loses: in long sums, in rows where a large part cancels, and whether less was to be had."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import jax.numpy as jnp
import numpy as np

from functional_bp.checking.kinds import Kind
from functional_bp.checking.limits import AUDIT_ROWS
from functional_bp.checking.program.shapes import Shape, Shapes
from functional_bp.checking.question.points import invariant, project
from functional_bp.checking.question.problem import Point
from functional_bp.checking.report import Cause
from functional_bp.checking.verdict.judge import Mismatch
from functional_bp.checking.verdict.trials import Trials, relative_error

BROAD = 0.1  # of the elements of a leaf
GRAVE = 0.05  # of the largest cotangent; less may be rounded on the way on purpose
SUMMED = Cause(Kind.DTYPE, "a long sum is accumulated in half precision: accumulate in float32, round the result")
ROUNDED = Cause(Kind.DTYPE, "what cancels is rounded to half precision before: subtract in float32, round the result")
CONFIDENT, TURNS = 8, 8  # times the given numbers: probabilities near one; each at so many places of a row


def as_float32(point: Point) -> Point:
    floats, y_bar = (tuple(a.astype("float32") for a in part) for part in (point.floats, point.y_bar))
    return replace(point, name=f"{point.name}, in float32", floats=floats, y_bar=y_bar)


def long_sums(trials: Trials, shapes: Shapes) -> Iterator[tuple[str, Point]]:
    """A long sum of one sign shows in which dtype it is accumulated: float32 loses nothing."""
    for family in shapes.families:
        shape = Shape(((family, AUDIT_ROWS),))
        if shapes.taken(shape) is not None:
            point = trials.point(shape, str(shape))
            floats, y_bar = (tuple(np.abs(a) for a in part) for part in (point.floats, point.y_bar))
            yield family.name, replace(point, floats=floats, y_bar=y_bar)


def accumulated(name: str, mismatches: list[Mismatch]) -> str:
    """In words where a long sum is wrong; nothing if not by much, or in few elements: those are ties, say."""
    broad = [m for m in mismatches if np.mean(m.excess > 1) > BROAD]
    error = max((relative_error(m.claimed, m.truth) for m in broad), default=0.0)
    if error <= GRAVE:
        return ""
    what = f"accumulates in {mismatches[0].claimed.dtype}: {error:.0%} at {AUDIT_ROWS:,} rows"
    return f"if {name} is large, its numbers of one sign: {what}"


def confident(given: Point) -> Iterator[Point]:
    """The given numbers larger, so that each row has one that outweighs the others, at one place after the other."""
    for turn in range(min(TURNS, max(a.shape[-1] if a.ndim else 1 for a in given.floats))):
        floats = tuple(project(moved(a, turn), a, invariant(a)) for a in given.floats)
        yield replace(given, name=f"confident rows, ×{CONFIDENT}", floats=floats)


def moved(a: np.ndarray, turn: int) -> np.ndarray:
    large = CONFIDENT * a.astype("float64")
    return np.roll(large, turn, axis=-1) if a.ndim > 1 else large


def rounded_rows(point: Point, leaf: int, claimed: Any, own: Any, true: np.ndarray) -> tuple[str, Mismatch] | None:
    """The rows that are off by a twentieth of themselves, and by far more than `jax.vjp` in the same dtype.

    Rows below ε² |ȳ| are nothing to lose: there all has cancelled.
    """
    eps = float(jnp.finfo(point.floats[leaf].dtype).eps)
    tiny = eps**2 * max((float(np.abs(b.astype("float64")).max(initial=0.0)) for b in point.y_bar), default=0.0)
    by_claim, by_jax = (row_errors(a.astype("float64"), true, tiny) for a in (claimed, own))
    wrong = (by_claim > GRAVE) & (by_claim > 16 * by_jax + 4 * eps)
    if not wrong.any():
        return None
    row = np.unravel_index(np.argmax(np.where(wrong, by_claim, 0)), wrong.shape)
    what = f"rounds to {claimed.dtype} on the way: {by_claim[row]:.0%} of a row, jax.vjp {by_jax[row]:.1%}"
    excess = np.where(wrong, 2.0, 0.0) * (claimed.astype("float64") != true)
    return f"where one number of a row outweighs the others: {what}", Mismatch(leaf, point, claimed, true, excess)


def row_errors(a: np.ndarray, true: np.ndarray, tiny: float) -> np.ndarray:
    """|a − true| / |true| of each row, as arrays that broadcast; 0 where there is nothing to lose."""
    error, size = (np.sqrt((b**2).sum(axis=-1, keepdims=True)) for b in (a - true, true))
    tiny = max(tiny, 1e-6 * size.max(initial=0.0))
    return np.where(size > tiny, error / np.where(size > tiny, size, 1.0), 0.0)
