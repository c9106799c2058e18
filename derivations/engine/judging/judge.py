"""Judge a claim: proven for arbitrary dimension, refuted by a counterexample, undecided, or no claim at all."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from time import perf_counter
from typing import Any

from sympy import Idx

from derivations.engine.judging.diagnosis import Repair, repair
from derivations.engine.judging.proof import Proof, prove
from derivations.engine.judging.refute import Search, search, search_outside
from derivations.engine.judging.statement import Statement, statement
from derivations.engine.judging.verdict import IllTyped, Proven, Refuted, Undecided, Verdict
from derivations.engine.kernel.assumptions import OutOfTime, Undefined
from derivations.engine.kernel.terms import TooLarge
from derivations.engine.language.calculus import UnknownFunction
from derivations.engine.language.fold import NoFormula

NO_CLAIM = (NoFormula, Undefined, UnknownFunction)


def judge(
    left: Any, right: Any, given: Iterable = (), indices: Sequence[Idx] = (), diagnose: bool = True, seconds: float = 10
) -> Verdict:
    """Is left = right, for all values of the free indices, every dimension and all inputs that satisfy `given`?

    `given` takes definitions `equation(y[i], …)`, equations such as Σ d = 1, inequalities and `Ne(i, j)` of indices.
    A proven claim was evaluated, too, at the edges of its ranges, and no counterexample was found. After `seconds` the
    verdict is that it is undecided; the search for what was meant ends earlier.
    """
    start = perf_counter()
    given, indices, deadline = tuple(given), tuple(indices), start + seconds
    try:
        claim = statement(left, right, given, indices)
        verdict = _judged(claim, deadline)
    except NO_CLAIM as error:
        verdict = IllTyped(evidence=str(error).splitlines()[0])
    except ValueError as error:  # SymPy's, such as of a maximum of a number that it can't compare
        verdict = Undecided(evidence=str(error).splitlines()[0])
    except (OutOfTime, TooLarge, RecursionError, MemoryError, OverflowError) as error:
        verdict = Undecided(evidence=_gave_up(error))
    if diagnose and isinstance(verdict, (Refuted, IllTyped)):
        found = repair(left, right, given, indices, min(deadline, perf_counter() + seconds / 3))
        verdict = _with_repair(verdict, found)
    return replace(verdict, seconds=perf_counter() - start)


def _judged(claim: Statement, deadline: float) -> Verdict:
    """First a proof that needs no expansion; then a counterexample; then the longer proof."""
    proof, gave_up = _attempt(claim, deadline, (False,))
    found = search(*claim.formulas, claim.hypotheses, claim.free, claim.defined, deadline)
    if found.counterexample is None and proof is None and not gave_up:
        proof, gave_up = _attempt(claim, deadline, (True,))
    if found.counterexample is None and proof is not None:
        place = (*claim.formulas, claim.hypotheses, claim.free, claim.defined)
        outside = search_outside(*place, proof.conditions, deadline)
        if outside is None and not found.meets(proof.conditions):
            outside = search(*place[:-1], (*claim.defined, *proof.conditions), deadline)
        found = outside or found
    if found.counterexample is not None:
        overruled = proof if proof is not None and found.meets(proof.conditions) else None
        return Refuted(found.counterexample, overruled, dimension=found.dimensions)
    if proof is None:
        return Undecided(dimension=found.dimensions, evidence=f"{gave_up}{_tried(found)}; no proof was found")
    if found.out_of_time:
        return Undecided(dimension=found.dimensions, evidence=f"out of time: a proof was found, {_tried(found)}")
    if not found.points or not found.wide:
        why = found.problem or "none was met"
        evidence = f"a proof was found, but no point at which its conditions and the hypotheses hold: {why}"
        return Undecided(evidence=evidence)
    return Proven(proof)


def _attempt(claim: Statement, deadline: float, expansions: tuple[bool, ...]) -> tuple[Proof | None, str]:
    """A proof, or why the search for one was given up. A counterexample may still be found in what time is left."""
    half = perf_counter() + (deadline - perf_counter()) / 2
    try:
        return prove(claim, half, expansions), ""
    except (OutOfTime, TooLarge, OverflowError) as error:
        return None, f"{_gave_up(error)}; "


def _gave_up(error: BaseException) -> str:
    if isinstance(error, OutOfTime):
        return "out of time"
    return f"too large: {error}" if isinstance(error, TooLarge) else "too large or too deep"


def _tried(found: Search) -> str:
    if not found.points:
        return f"no admissible point: {found.problem}" if found.problem else "no admissible point"
    return f"no counterexample at {found.points} points"


def _with_repair(verdict: Verdict, found: Repair | None) -> Verdict:
    if found is None:
        return verdict
    verdict = replace(verdict, diagnosis=found.diagnosis, repair=found.formula)
    return replace(verdict, transposed=True) if isinstance(verdict, Refuted) and found.transposed else verdict
