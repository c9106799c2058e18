"""The one door to the engine: derivatives, verdicts, and values of formulas at a point."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from itertools import product
from typing import Any

from sympy import Abs, Derivative, Eq, Expr, Idx, Integer, Max, Min, Ne, sign

from derivations import Maximum, judge, step
from derivations.engine.judging.hypotheses import Needs, gather
from derivations.engine.judging.verdict import Proven
from derivations.engine.kernel.assumptions import OutOfTime, Undefined
from derivations.engine.kernel.terms import TooLarge
from derivations.engine.language.calculus import UnknownFunction, summed
from derivations.engine.language.domains import known_sign
from derivations.engine.language.fold import NoFormula
from derivations.engine.language.plain import plain
from derivations.engine.language.renaming import free_indices
from derivations.engine.numbers.arithmetic import Floats, Inadmissible
from derivations.engine.numbers.evaluate import Evaluation


class NoVerdict(Exception):
    """The engine cannot take the formula; the text says why."""


@dataclass(frozen=True)
class Judgement:
    status: str  # proven, refuted, undecided
    conditions: tuple[Any, ...] = ()
    counterexample: Any = None
    text: str = ""
    proofs: tuple[Any, ...] = ()  # as values, to be saved as certificates


FAULTS = (NoFormula, UnknownFunction, TooLarge, Undefined, OutOfTime, RecursionError, TypeError, ValueError)


@contextmanager
def faults() -> Iterator[None]:
    """What the engine cannot take, and what SymPy raises at comparisons, as one error with a line of text."""
    try:
        yield
    except FAULTS as error:
        raise NoVerdict((str(error).splitlines() or [type(error).__name__])[0]) from error


def differentiated(e: Expr, x: Expr, definitions: Iterable[Any]) -> tuple[Expr, tuple[Any, ...]]:
    """∂e/∂x with the definitions put in, and where that is the derivative."""
    needs = Needs()
    with faults():
        formula = gather(definitions).unfold(Derivative(e, x), needs)
    return formula, tuple(c for c in needs.all_kinks if not is_known(c))


def contracted(body: Expr, over: Sequence[Idx]) -> Expr:
    """Σ body over these indices, its deltas contracted."""
    return summed(body, [(k, k.lower, k.upper) for k in over])


LETTERS = "ijklmpqrstuvabcdefgh"


def said(condition: Any, definitions: Iterable[Any]) -> str:
    """A condition as it is printed: without names of intermediates, its indices by letters; one sign for two."""
    hypotheses = gather(definitions)
    e = hypotheses.unfold(condition.lhs - condition.rhs)
    if isinstance(condition, Ne) and e.could_extract_minus_sign():
        e = -e
    indices = [*sorted(free_indices(e), key=str), *sorted(e.atoms(Idx) - free_indices(e), key=str)]
    letters = [*LETTERS, *(f"i{n}" for n in range(len(indices)))]
    e = e.xreplace({k: Idx(letter, (k.lower, k.upper)) for k, letter in zip(indices, letters, strict=False)})
    return plain(condition.func(e, 0, evaluate=False))


def is_known(condition: Any) -> bool:
    """True for c ≠ 0 and c > 0 where c is > 0 by the way it is written."""
    return condition == True or (condition.rhs == 0 and known_sign(condition.lhs) == 2)  # noqa: E712, SymPy's


def decide(left: Expr, right: Expr, given: Sequence[Any], indices: Sequence[Idx]) -> Judgement:
    with faults():
        verdict = judge(left, right, given, indices, diagnose=False, seconds=SECONDS)
    status = "undecided" if verdict.status == "ill-typed" else verdict.status
    proofs = (verdict.proof,) if isinstance(verdict, Proven) else ()
    return Judgement(status, tuple(verdict.side_conditions), verdict.counterexample, verdict.evidence, proofs)


def decide_by_cases(left: Expr, right: Expr, given: Sequence[Any], indices: Sequence[Idx]) -> Judgement:
    """The claim where each argument u of |·|, step and max is positive, and where it is negative; u ≠ 0.

    That u has this sign is not handed on as a hypothesis, since it would be one for all places.
    """
    with faults():
        hypotheses = gather(given)
        left, right = (hypotheses.unfold(e) for e in (left, right))
    found_in = sorted(arguments(left) | arguments(right), key=str)
    kinks = [u for u in found_in if free_indices(u) <= set(indices) and not u.atoms(Maximum)]
    kinks = [u for n, u in enumerate(kinks) if -u not in kinks[:n]]
    if not 1 <= len(kinks) <= CASES:
        return Judgement("undecided", text="no proof was found")
    rest = [h for h in given if not (isinstance(h, Eq) and h in definitions_of(given))]
    found: list[Any] = [Ne(u, 0) for u in kinks]
    proofs: list[Any] = []
    for signs in product((1, -1), repeat=len(kinks)):
        sides = [settled(e, dict(zip(kinks, signs, strict=True))) for e in (left, right)]
        judgement = decide(*sides, rest, indices)
        if judgement.status != "proven":
            return judgement
        found += judgement.conditions
        proofs += judgement.proofs
    return Judgement("proven", tuple(found), proofs=tuple(proofs))


SECONDS = 20.0  # of one question
CASES = 3  # arguments whose sign is told apart


def definitions_of(given: Iterable[Any]) -> set[Any]:
    named = gather(given).definitions
    return {h for h in given if isinstance(h, Eq) and (h.lhs, h.rhs) in named}


def arguments(e: Expr) -> set[Expr]:
    found = {a.args[0] for a in e.atoms(Abs, step, sign)}
    return found | {a - b for m in e.atoms(Max, Min) for n, a in enumerate(m.args) for b in m.args[:n]}


def settled(e: Expr, signs: Mapping[Expr, int]) -> Expr:
    """The formula where these arguments have these signs."""

    def sign_of(u: Expr) -> int:
        return signs.get(u, 0) or -signs.get(-u, 0)

    def known(x: Expr) -> Expr:
        u = x.args[0]
        if isinstance(x, (Max, Min)):
            first, *others = x.args
            for other in others:
                s = sign_of(other - first)
                if s == 0:
                    return x
                first = other if (s > 0) == isinstance(x, Max) else first
            return first
        s = sign_of(u)
        if s == 0:
            return x
        return s * u if isinstance(x, Abs) else Integer(s) if isinstance(x, sign) else Integer(int(s > 0))

    return e.replace(lambda x: isinstance(x, (Abs, step, sign, Max, Min)), known)


def evaluation(sizes: Mapping[Any, int], lookup: Any) -> Evaluation:
    """Floating-point values of formulas; `lookup(name, indices)` gives those of arrays."""
    return Evaluation(Floats(), sizes, lookup, lambda *key: Fraction(1))


__all__ = [
    "Inadmissible",
    "Judgement",
    "NoVerdict",
    "contracted",
    "decide",
    "decide_by_cases",
    "differentiated",
    "evaluation",
]
