"""Why a claim is wrong: named repairs of its right side, one part changed, and the first that is proven.

A candidate is first compared with the left side at a few random points; only what agrees there goes to the prover.
Where no named repair fits, the repair is what the left side is by the engine's own derivation.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from random import Random
from time import perf_counter
from typing import Any

from sympy import (
    Add,
    Derivative,
    Expr,
    Function,
    Idx,
    Indexed,
    Integer,
    KroneckerDelta,
    Mul,
    Pow,
    Rational,
    Sum,
    Symbol,
    log,
    sympify,
    tanh,
)
from sympy.core.function import AppliedUndef

from derivations.engine.judging.claims import dimensions_of
from derivations.engine.judging.hypotheses import Hypotheses, Needs, gather
from derivations.engine.judging.points import NOT_THERE, Point, assumptions, sizes_to_try
from derivations.engine.judging.proof import prove
from derivations.engine.judging.readable import Author, place
from derivations.engine.judging.refute import search
from derivations.engine.judging.statement import Statement
from derivations.engine.kernel.assumptions import OutOfTime, Undefined
from derivations.engine.kernel.normal_form import convert
from derivations.engine.kernel.readback import to_sympy
from derivations.engine.kernel.terms import TooLarge
from derivations.engine.language.calculus import UnknownFunction, partial
from derivations.engine.language.edits import Change, edits, same_range
from derivations.engine.language.fold import NoFormula
from derivations.engine.language.renaming import free_indices, replace_index
from derivations.engine.language.vocabulary import FieldValue, sigmoid, softplus, total
from derivations.engine.numbers.arithmetic import Floats, Inadmissible
from derivations.engine.numbers.evaluate import Evaluation

Candidate = tuple[str, Expr]
OF_A_PART = ("another index", "a wrong exponent", "another array", "the sign of a term", "a constant factor of a term")
OF_A_PART += ("a transposed matrix", "evaluated at the wrong place")
ACTIVATIONS = (AppliedUndef, sigmoid, tanh, softplus)


@dataclass(frozen=True)
class Repair:
    """What the right side should have been, proven, and what was wrong with it."""

    diagnosis: str
    formula: Expr
    transposed: bool = False


def repair(left: Any, right: Any, given: tuple, indices: tuple[Idx, ...], deadline: float) -> Repair | None:
    """The first proven repair, or None if there is none before the deadline."""
    if not (isinstance(left, Expr) and isinstance(right, (Expr, int))):
        return None
    try:
        return _repair(left, sympify(right), given, indices, deadline)
    except (NoFormula, Undefined, UnknownFunction, OutOfTime, TooLarge, RecursionError, OverflowError):
        return None  # the left side or a hypothesis is no formula either, or there was not the time


def _repair(left: Expr, right: Expr, given: tuple, indices: tuple[Idx, ...], deadline: float) -> Repair | None:
    hypotheses = Statement(left, left, gather(given), indices).hypotheses  # is the left side a formula?
    points = Agreement(left, hypotheses)
    seen = {right}
    for name, candidate in candidates(left, right, hypotheses, deadline):
        if candidate in seen:
            continue
        if perf_counter() > deadline:
            return None
        seen.add(candidate)
        try:
            claim = Statement(left, candidate, hypotheses, indices)
            if points.agree(claim.formulas[1]) and prove(claim, deadline) is not None and _holds(claim, deadline):
                transposed = name.startswith("exchanged") and len(free_indices(left)) == 2
                return Repair(_named(name, right, candidate), candidate, transposed)
        except (NoFormula, Undefined, UnknownFunction, TypeError, Inadmissible, TooLarge):
            continue
    return None


def _named(name: str, right: Expr, candidate: Expr) -> str:
    """The kind of the mistake, and where a part of the formula is concerned, which part."""
    return name + place(right, candidate) if name in OF_A_PART else name


def _holds(claim: Statement, deadline: float) -> bool:
    found = search(*claim.formulas, claim.hypotheses, claim.free, claim.defined, deadline)
    return found.counterexample is None and found.points > 0


class Agreement:
    """The left side's values at a few points, to compare candidates with."""

    def __init__(self, left: Expr, hypotheses: Hypotheses):
        needs = Needs()
        self.left = hypotheses.unfold(left, needs)
        self.values: list[tuple[Evaluation, dict, float]] = []
        rng, defined = Random(7), tuple(needs.all_kinks)
        plan = [sizes for sizes in sizes_to_try((left, *hypotheses.formulas), rng) if 1 not in sizes.values()]
        for attempt in range(12):
            style = ("signed", "positive", "unit")[attempt % 3]
            point = Point(rng, plan[attempt % len(plan)], style, hypotheses, assumptions(self.left))
            evaluation = point.evaluation(Floats())
            for env in list(point.assignments(sorted(free_indices(self.left), key=str)))[:4]:
                try:
                    if point.satisfies(evaluation, env, defined):
                        self.values.append((evaluation, env, evaluation(self.left, env)))
                except NOT_THERE:
                    continue
            if len(self.values) >= 12:
                break

    def agree(self, formula: Expr) -> bool:
        for evaluation, env, wanted in self.values:
            try:
                if not abs(evaluation(formula, env) - wanted) <= 1e-8 * (1 + abs(wanted)):
                    return False
            except (*NOT_THERE, KeyError):
                return False
        return True


def candidates(left: Expr, right: Expr, hypotheses: Hypotheses, deadline: float | None = None) -> Iterator[Candidate]:
    """Repairs by kind, the likeliest first."""
    dimensions, given = dimensions_of((left, right, *hypotheses.formulas)), hypotheses.formulas
    free = tuple(sorted(free_indices(left) | free_indices(right), key=str))
    yield "the sign of the whole", -right
    for a, b in combinations(free, 2):
        yield f"exchanged indices {a} and {b}", _exchanged(right, a, b)
    for c in _constants(dimensions):
        yield f"a constant factor {c}", c * right
    material = _Material(left, right, given)
    for name, change in (
        ("the sign of a term", _signs),
        ("a superfluous δ", _without_delta),
        ("a missing δ", _with_delta),
        ("a transposed matrix", _transposed),
        ("a missing sum", _summed(material)),
        ("a superfluous sum", _unsummed),
        ("another index", _other_index),
        ("a superfluous factor", _without_factor),
        ("evaluated at the wrong place", material.other_argument),
        ("a missing activation derivative", material.slopes),
        ("a wrong exponent", _exponents),
        ("a constant factor of a term", _scaled(dimensions)),
        ("a superfluous term", _without_term),
        ("another array", material.other_array),
        ("a missing factor of the chain", material.elements),
    ):
        for candidate in edits(right, change, free):
            yield name, candidate
    for candidate in (-c for c in edits(right, _without_delta, free)):
        yield "a superfluous δ and the sign", candidate
    yield from _derived(left, right, hypotheses, deadline)


def _derived(left: Expr, right: Expr, hypotheses: Hypotheses, deadline: float | None) -> Iterator[Candidate]:
    """What the left side is by the engine's own normal form, written as the author would, and how it differs."""
    under = hypotheses.reasoning(deadline=deadline)

    def normal(e: Expr) -> Expr:
        return to_sympy(convert(hypotheses.unfold(e), {}, under))

    try:
        value, author = normal(left), Author(right, hypotheses.definitions, normal)
        for formula in author.forms(value):
            mistake = author.mistake(value, formula)
            yield mistake or "another formula; this one is derived from the definition", formula
    except (NoFormula, Undefined):
        return


def _constants(dimensions: Sequence[Symbol]) -> list[Expr]:
    plain = [
        Integer(2),
        Rational(1, 2),
        *dimensions,
        *(1 / d for d in dimensions),
        *(2 / d for d in dimensions),
        *(d / 2 for d in dimensions),
        Integer(3),
        Rational(1, 3),
        Integer(4),
        Rational(1, 4),
    ]
    return plain + [-c for c in plain]


def _exchanged(e: Expr, a: Idx, b: Idx) -> Expr:
    spare = Idx("·", (a.lower, a.upper))
    return replace_index(replace_index(replace_index(e, a, spare), b, a), spare, b)


def _signs(e: Expr, scope) -> Iterator[Expr]:
    if isinstance(e, Add):
        for term in e.args:
            yield e - 2 * term


def _without_delta(e: Expr, scope) -> Iterator[Expr]:
    if isinstance(e, KroneckerDelta):
        yield Integer(1)


def _with_delta(e: Expr, scope) -> Iterator[Expr]:
    """A δ at a factor, or in the place of a 1 that should have been one."""
    if isinstance(e, (KroneckerDelta, Sum)):
        return
    for a, b in combinations(scope, 2):
        if same_range(a, b):
            yield e * KroneckerDelta(a, b)


def _transposed(e: Expr, scope) -> Iterator[Expr]:
    if isinstance(e, Indexed) and len(e.indices) == 2:
        yield e.base[e.indices[1], e.indices[0]]
    if isinstance(e, Derivative) and isinstance(e.expr, Indexed) and isinstance(e.args[1][0], Indexed):
        out, wrt = e.expr, e.args[1][0]
        if len(out.indices) == len(wrt.indices) == 1:
            yield Derivative(out.base[wrt.indices[0]], wrt.base[out.indices[0]])


def _other_index(e: Expr, scope) -> Iterator[Expr]:
    if isinstance(e, (Indexed, KroneckerDelta)):
        indices = e.indices if isinstance(e, Indexed) else e.args[:2]
        for position, k in enumerate(indices):
            for other in scope:
                if isinstance(k, Idx) and same_range(k, other):
                    new = (*indices[:position], other, *indices[position + 1 :])
                    yield e.base[new] if isinstance(e, Indexed) else KroneckerDelta(*new)


def _unsummed(e: Expr, scope) -> Iterator[Expr]:
    if isinstance(e, Sum) and len(e.limits) == 1:
        k = e.limits[0][0]
        yield from (replace_index(e.function, k, other) for other in scope if same_range(k, other))


def _without_factor(e: Expr, scope) -> Iterator[Expr]:
    if isinstance(e, Mul):
        for position in range(len(e.args)):
            yield Mul(*e.args[:position], *e.args[position + 1 :])


def _without_term(e: Expr, scope) -> Iterator[Expr]:
    if isinstance(e, Add):
        for term in e.args:
            yield e - term


def _exponents(e: Expr, scope) -> Iterator[Expr]:
    if isinstance(e, (Indexed, Symbol, Function, Sum)) and not isinstance(e, Idx):
        yield from (e**2, 1 / e)
    if isinstance(e, Pow) and isinstance(e.exp, Rational):
        for exponent in (e.exp + 1, e.exp - 1, -e.exp, e.exp / 2, 2 * e.exp):
            yield e.base**exponent
    elif isinstance(e, Pow):
        yield from (e.base ** (e.exp - 1), e.base ** (e.exp + 1))


def _scaled(dimensions: Sequence[Symbol]) -> Change:
    def scaled(e: Expr, scope) -> Iterator[Expr]:
        if isinstance(e, Add):
            for term in e.args:
                yield from (e + (c - 1) * term for c in _constants(dimensions))
        elif isinstance(e, Rational) and e not in (0, 1, -1):
            yield from (c * e for c in (Integer(-1), Integer(2), Rational(1, 2)))

    return scaled


def _summed(material: "_Material") -> Change:
    """A sum over an index that stands unbound, or over one that the definitions sum over."""

    def summed(e: Expr, scope) -> Iterator[Expr]:
        for k in sorted(free_indices(e) - material.free_left, key=str):
            yield total(e, k)
        for old in sorted(free_indices(e), key=str):
            for k in material.dummies:
                if same_range(old, k) and k not in free_indices(e) and k not in scope:
                    yield total(replace_index(e, old, k), k)

    return summed


class _Material:
    """What the claim's definitions are made of: its activations, its arrays, its dummies."""

    def __init__(self, left: Expr, right: Expr, given: tuple):
        parts = [left, right, *given]
        self.free_left = free_indices(left)
        self.dummies = sorted({limit[0] for e in parts for s in e.atoms(Sum) for limit in s.limits}, key=str)
        self.activations = sorted({f for e in parts for f in e.atoms(*ACTIVATIONS)}, key=str)
        self.arrays = sorted({x for e in parts for x in e.atoms(Indexed)}, key=str)
        self.fields = sorted({x for e in parts for x in e.atoms(FieldValue)}, key=str)

    def _placed(self, e: Expr, scope) -> Iterator[Expr]:
        """The expression with its indices renamed to those that may be used here."""
        options = [e]
        for k in sorted(free_indices(e), key=str):
            options = [
                replace_index(o, k, other)
                for o in options
                for other in scope
                if (k.lower, k.upper) == (other.lower, other.upper)
            ]
        yield from options[:24]

    def slopes(self, e: Expr, scope) -> Iterator[Expr]:
        """e · f′(z) for every activation f(z) of the definitions."""
        if isinstance(e, (Sum, Add)) and scope == ():
            return
        for f in self.activations:
            for placed in self._placed(f, scope):
                yield e * partial(placed, 0)

    def elements(self, e: Expr, scope) -> Iterator[Expr]:
        """e · an array's element, or divided by one."""
        for element in self.arrays:
            for placed in self._placed(element, scope):
                yield from (e * placed, e / placed)
                if isinstance(e, Integer):
                    yield placed

    def other_array(self, e: Expr, scope) -> Iterator[Expr]:
        if isinstance(e, Indexed):
            for base in dict.fromkeys(x.base for x in self.arrays if len(x.indices) == len(e.indices)):
                if base != e.base:
                    yield base[e.indices]

    def other_argument(self, e: Expr, scope) -> Iterator[Expr]:
        """f(y) for f(z), z another array or another activation's argument."""
        if not isinstance(e, (*ACTIVATIONS, log)) and not (isinstance(e, Function) and len(e.args) == 1):
            return
        inner = [f.args[0] for f in self.activations] + list(self.arrays)
        for argument in inner:
            for placed in self._placed(argument, scope):
                if placed != e.args[0]:
                    yield e.func(placed)
