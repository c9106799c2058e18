"""The causes of one mismatch, the likeliest first: at most two, each recomputed."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import combinations
from typing import Any

import numpy as np

from functional_bp.checking.causes import behaviour, layout, residuals, terms
from functional_bp.checking.causes.conjugates import conjugates
from functional_bp.checking.causes.evidence import Candidates, Evidence
from functional_bp.checking.causes.search import local_causes
from functional_bp.checking.causes.where import scope
from functional_bp.checking.limits import CAUSES_NAMED
from functional_bp.checking.question.problem import Problem
from functional_bp.checking.report import Cause
from functional_bp.checking.verdict.judge import Mismatch

CHEAP: tuple[Callable[[Evidence], Candidates], ...] = (
    layout.sign,
    terms.zero,
    layout.factor,
    layout.other_arguments,
    terms.powers,
    layout.indices,
    behaviour.one_for_all,
    residuals.other_points,
    layout.transposed,
    layout.transposed_primal,
    terms.triangles,
    layout.axes,
    layout.sums,
    layout.order,
    residuals.input_for_output,
    terms.extra,
    terms.ratios,
)
COSTLY: tuple[Callable[[Evidence], Candidates], ...] = (layout.coupling, behaviour.nonlinear_terms)
ALSO_LOCAL = {"extra term", "wrong residual", "missing factor", "extra factor"}  # may be a term lost, or its sign


def diagnose(evidence: Evidence, mismatches: Sequence[Mismatch], ordinary: bool) -> list[Cause]:
    """At most two causes, the likeliest first; none if no cause gives the claimed values."""
    first = mismatches[0]
    if first.by_jax is not None:
        return [jax_is_wrong(first)]
    if first.kink is not None:
        return [wrong_subgradient(first)]
    if first.not_finite:
        return [behaviour.not_finite(first)]
    if on_purpose := behaviour.estimator(evidence):
        return (on_purpose + accidents(evidence, mismatches, ordinary))[:CAUSES_NAMED]
    return accidents(evidence, mismatches, ordinary)


def accidents(evidence: Evidence, mismatches: Sequence[Mismatch], ordinary: bool) -> list[Cause]:
    """The causes of what nobody meant."""
    first = mismatches[0]
    special = [] if ordinary else [Cause("few elements", f"wrong at special points only: {first.point.name}")]
    use = behaviour.cotangent_use(evidence)
    if use and use[0].kind == "cotangent ignored" and "ones" in use[0].text:
        return (special + use)[:CAUSES_NAMED]
    found = matching(evidence, None, CAUSES_NAMED, CHEAP)
    local = local_causes(evidence) if not found or (len(found) == 1 and found[0].kind in ALSO_LOCAL) else []
    found += [c for c in local if c.kind not in {other.kind for other in found}]
    if len(found) < CAUSES_NAMED and local == found:
        found += scoped(evidence)
    found = rounded(first) or found or matching(evidence, None, 1, COSTLY)
    found = (special + found[:1] + use + found[1:])[:CAUSES_NAMED]
    return found or lost_precision(first)


def diagnose_complex(evidence: Evidence) -> list[Cause]:
    """At most two causes among those that complex numbers allow."""
    return matching(evidence, None, 1, (layout.sign, terms.zero, conjugates)) or local_causes(evidence)[:CAUSES_NAMED]


def matching(
    e: Evidence, where: np.ndarray | None, most: int, families: Sequence[Callable[[Evidence], Candidates]]
) -> list[Cause]:
    """The first causes of different kinds that give the claimed values, everywhere or where asked."""
    found: list[Cause] = []
    for family in families:
        for candidate in family(e):
            if candidate.kind not in {c.kind for c in found} and e.explains(candidate.predicted, where):
                found.append(Cause(candidate.kind, candidate.text))
                if len(found) == most:
                    return found
    return found


def scoped(e: Evidence) -> list[Cause]:
    """Wrong at some elements only: where, and the cause there."""
    where = scope(e)
    if where is None:
        return []
    there = matching(e, e.wrong, 1, CHEAP)
    text = f"only some elements are wrong: {where}"
    return [Cause("few elements", text), *(replace(c, text=f"there, {c.text}") for c in there)]


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
    return Cause("subgradient", text)


def jax_is_wrong(mismatch: Mismatch) -> Cause:
    assert mismatch.by_jax is not None
    worst = np.unravel_index(int(np.argmax(np.abs(mismatch.by_jax - mismatch.truth))), mismatch.truth.shape)
    own, true = float(mismatch.by_jax[worst]), float(mismatch.truth[worst])
    copied = bool(np.allclose(mismatch.claimed, mismatch.by_jax, 1e-3, 1e-5 * abs(own - true)))
    text = f"jax.vjp of the forward is wrong here ({own:.4g} for {true:.4g}): nonsmooth operations meet"
    return Cause("jax", f"{text}, and the claim is the same" if copied else f"{text}; the claim is another's")


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
                return [Cause("missing sum", f"a sum over axis {sizes} is missing: with it, the values are right")]
    if value.ndim > 1 and same(np.swapaxes(value, -1, -2), true):
        return [Cause("transposed", "the cotangent is transposed")]
    if value.size == true.size and same(value.reshape(true.shape), true):
        return [Cause("shape", "the values are right, their shape is not")]
    for j, leaf in enumerate(problem.float_leaves):
        if j != i and same(value, x_bar[j][0]):
            return [Cause("swapped", f"this is the cotangent of {leaf.name}: arguments swapped")]
    return []


def axis_sets(ndim: int) -> list[tuple[int, ...]]:
    """The sets of axes a broadcast may have added, the smallest first; of many axes only few, or those in front."""
    most = ndim if ndim <= 8 else 2
    front = [tuple(range(n)) for n in range(most + 1, ndim + 1)]
    return front + [axes for n in range(1, most + 1) for axes in combinations(range(ndim), n)]


def rounded(mismatch: Mismatch) -> list[Cause]:
    return behaviour.rounded(mismatch.claimed, mismatch.truth)


def lost_precision(mismatch: Mismatch) -> list[Cause]:
    return behaviour.lost_precision(mismatch.claimed, mismatch.truth)
