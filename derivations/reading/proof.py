"""One claim before the engine: every way in which it may be proven, and what is said if none does."""

import time
from collections.abc import Iterator
from itertools import product
from math import prod
from typing import Any

from sympy import Expr, Idx, Indexed, Integer

from derivations.reading import engine
from derivations.reading.claims import Claim, Claims, derived
from derivations.reading.limits import TimeOver
from derivations.reading.verdict import Finding

WRITTEN_OUT = (16, 64)  # values of indices for which a claim is proven one by one; the more if that finds no proof


def proof(claims: Claims, claim: Claim) -> Finding:
    """Proven or undecided; a maximum is first taken for a shift that cancels, then for what it is."""
    start, said = time.perf_counter(), "no proof was found"
    sizes = [f for axis in claim.x_bar.axes for f in axis if isinstance(f, Integer)]
    ways = [(shifts, WRITTEN_OUT[0]) for shifts in ((True, False) if claims.reading.maxima else (False,))]
    more = prod(map(int, sizes)) > WRITTEN_OUT[0]
    for shifts, most in [*ways, *((shifts, WRITTEN_OUT[1]) for shifts, _ in ways if more)]:
        try:
            judgement = judged(claims, claim, shifts, most)
        except engine.NoVerdict as error:
            said = str(error)
            continue
        except TimeOver:
            raise
        if judgement.status == "proven":
            definitions = claims.reading.definitions.values()
            conditions = tuple(dict.fromkeys(engine.said(c, definitions) for c in judgement.conditions if c != True))  # noqa: E712
            seconds = time.perf_counter() - start
            return Finding(claim.name, "proven", conditions, proofs=judgement.proofs, seconds=seconds)
        said = judgement.text or said
    return Finding(claim.name, "undecided", reason=said, seconds=time.perf_counter() - start)


def judged(claims: Claims, claim: Claim, shifts: bool, most: int) -> engine.Judgement:
    """The claim for every place; indices over few values are taken one by one, the others as they are."""
    r = claims.reading
    hidden = r.maxima if shifts else set()
    definitions = [d for name, d in r.definitions.items() if name not in hidden]
    found: list[Any] = []
    proofs: list[Any] = []
    if shifts and not cancels(claims, definitions):
        raise engine.NoVerdict("a maximum that is no shift")
    for places in assignments(claims, claim, most):
        left, needed = derived(claims, claim.x, places, shifts)
        indices = [k for place in places for k in place if isinstance(k, Idx)]
        given = [*definitions, *r.hypotheses, *needed]
        judgement = engine.decide(left, claim.x_bar.at(*places), given, indices)
        if judgement.status != "proven":
            judgement = engine.decide_by_cases(left, claim.x_bar.at(*places), given, indices)
        if judgement.status != "proven":
            return judgement
        found += [*needed, *judgement.conditions]
        proofs += judgement.proofs
    return engine.Judgement("proven", tuple(found), proofs=tuple(proofs))


def cancels(claims: Claims, definitions: list[Any]) -> bool:
    """Is the output the same whatever is put in for the maxima? Then each is a shift, and its derivative counts for
    nothing. What has no derivative anyway needs no such proof."""
    r = claims.reading
    if r.shifts_cancel is None:
        r.shifts_cancel = all(unmoved(claims, definitions, name) for name in sorted(r.maxima & claims.moving))
    return r.shifts_cancel


def unmoved(claims: Claims, definitions: list[Any], name: str) -> bool:
    left = claims.reading.definitions[name].lhs
    places = [
        Idx(f"i·{n}", (k.lower, k.upper)) if isinstance(k, Idx) else k
        for n, k in enumerate(getattr(left, "indices", ()))
    ]
    x = left.base[tuple(places)] if places else left
    known = [d for d in definitions if name_of(d.lhs) not in claims.reading.stopped | {name}]
    slope, needed = engine.differentiated(claims.loss, x, known)
    indices = [k for k in places if isinstance(k, Idx)]
    given = [*definitions, *claims.reading.hypotheses, *needed]
    return engine.decide(slope, Integer(0), given, indices).status == "proven"


def name_of(left: Expr) -> str:
    return str(left.base.label) if isinstance(left, Indexed) else left.name


def assignments(claims: Claims, claim: Claim, most: int) -> Iterator[list[tuple[Expr, ...]]]:
    few, choices = 1, []
    for axis in claim.x_bar.axes:
        for f in axis:
            if isinstance(f, Integer) and few * f <= most:
                few *= int(f)
                choices.append([Integer(n + 1) for n in range(int(f))])
            else:
                choices.append([claims.reading.fresh(f, "i")])
    for flat in product(*choices):
        left = list(flat)
        yield [tuple(left.pop(0) for _ in axis) for axis in claim.x_bar.axes]
