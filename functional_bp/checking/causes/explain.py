"""The causes of one wrong cotangent: what was meant, what is seen, and the mistakes that give the claimed values."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from functional_bp.checking.causes import symptoms
from functional_bp.checking.causes.evidence import Evidence
from functional_bp.checking.causes.on_purpose import MEANT, estimator
from functional_bp.checking.causes.search import local_causes
from functional_bp.checking.causes.where import scope
from functional_bp.checking.causes.words import name_factor
from functional_bp.checking.kinds import Kind
from functional_bp.checking.limits import CAUSES_NAMED
from functional_bp.checking.report import Cause
from functional_bp.checking.verdict.judge import Mismatch


def diagnose(evidence: Evidence, mismatches: Sequence[Mismatch], ordinary: bool) -> list[Cause]:
    """At most two causes, the likeliest first; none if no cause gives the claimed values."""
    first = mismatches[0]
    if first.by_jax is not None:
        return [symptoms.jax_is_wrong(first)]
    if first.kink is not None:
        return [symptoms.wrong_subgradient(first)]
    if first.not_finite:
        return [symptoms.not_finite(first)]
    if on_purpose := estimator(evidence):
        return (on_purpose + accidents(evidence, first, ordinary))[:CAUSES_NAMED]
    return accidents(evidence, first, ordinary)


def accidents(evidence: Evidence, first: Mismatch, ordinary: bool) -> list[Cause]:
    """The causes of what nobody meant."""
    special = [] if ordinary else [Cause(Kind.FEW_ELEMENTS, f"wrong at special points only: {first.point.name}")]
    use = symptoms.cotangent_use(evidence)
    if use and use[0].kind is Kind.COTANGENT_IGNORED and "ones" in use[0].text:
        return (special + use)[:CAUSES_NAMED]
    found = symptoms.rounded(first.claimed, first.truth) or symptoms.swapped(evidence) or local_causes(evidence)
    if found and found[0].kind in (Kind.MASK, Kind.MISSING_FACTOR) and itself(evidence):
        found = [replace(found[0], text=f"{found[0].text}; ȳ itself came: straight-through, {MEANT}"), *found[1:]]
    if len(found) < CAUSES_NAMED:
        found = [*found, *(c for c in scoped(evidence) if c.kind not in {other.kind for other in found})]
    found = (special + found[:1] + use + found[1:])[:CAUSES_NAMED]
    return found or symptoms.lost_precision(first.claimed, first.truth)


def itself(e: Evidence) -> bool:
    """Is the claim ȳ, where the truth is ȳ or nothing?"""
    y_bar = e.y_bar
    if y_bar is None or y_bar.shape != e.true.shape or not e.explains(y_bar):
        return False
    return bool(np.all(e.close(e.true, y_bar) | (e.true == 0)))


def diagnose_complex(evidence: Evidence) -> list[Cause]:
    """At most two causes among those that complex numbers allow."""
    return local_causes(evidence)[:CAUSES_NAMED]


def scoped(e: Evidence) -> list[Cause]:
    """Wrong at some elements only: where, and what came there."""
    where = scope(e)
    if where is None:
        return []
    causes = [Cause(Kind.FEW_ELEMENTS, f"only some elements are wrong: {where}")]
    claimed, true = e.claimed[e.wrong], e.true[e.wrong]
    c = float(np.vdot(true, claimed).real / max(np.vdot(true, true).real, 1e-300))
    if e.explains(c * e.true, e.wrong) and np.any(true):
        kind = Kind.SIGN if abs(c + 1) < 1e-4 else Kind.MISSING_TERM if abs(c) < 1e-9 else Kind.FACTOR
        sizes = {n for p in e.points[:1] for a in (*p.floats, *p.y_bar) for n in (*a.shape, a.size)}
        text = {Kind.SIGN: "the sign is flipped", Kind.MISSING_TERM: "zero came"}.get(
            kind, f"wrong by a constant factor {name_factor(c, sizes)}"
        )
        causes.append(Cause(kind, f"there, {text}"))
    elif e.y_bar is not None and e.y_bar.shape == e.true.shape:
        y_bar = e.y_bar[e.wrong]
        c = float(np.vdot(y_bar, claimed) / max(np.vdot(y_bar, y_bar), 1e-300))
        if abs(c - 1) < 1e-5 and e.explains(e.y_bar, e.wrong):
            causes.append(Cause(Kind.MISSING_FACTOR, "there, ȳ itself came: the derivative is missing"))
        elif not np.any(true) and e.explains(c * e.y_bar, e.wrong):
            causes.append(Cause(Kind.FACTOR, f"there, ȳ with a factor {c:.4g} came, where zero is due: another slope"))
    return causes
