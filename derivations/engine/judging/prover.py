"""Judge a claim: proven for arbitrary dimension, refuted by a counterexample, undecided, or no claim at all."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from time import perf_counter

from sympy import Eq, Expr, Gt, Idx, Integer, Lt, Ne
from sympy.core.relational import Relational

from derivations.engine.judging.claims import check, dimensions_of
from derivations.engine.judging.hypotheses import Hypotheses, gather
from derivations.engine.judging.refute import Counterexample, search
from derivations.engine.kernel.normal_form import NoFormula, convert
from derivations.engine.kernel.quotients import is_zero
from derivations.engine.kernel.readback import to_sympy
from derivations.engine.kernel.scope import Scope, Undefined, reasoning, require
from derivations.engine.kernel.terms import Poly
from derivations.engine.language.calculus import UnknownFunction
from derivations.engine.language.plain import plain
from derivations.engine.language.renaming import free_indices
from derivations.engine.language.shown import Shown


@dataclass(frozen=True)
class Verdict(Shown):
    """What was found about a claim; true if it was proven.

    `dimension` is "arbitrary" for a proof, else the sizes that were tried; `side_conditions` are what the proof needs,
    for every value of their indices; `repair` is the formula that the right side should have been, proven.
    """

    status: str
    dimension: str = ""
    side_conditions: tuple[Relational, ...] = ()
    counterexample: Counterexample | None = None
    evidence: str = ""
    diagnosis: str | None = None
    repair: Expr | None = None
    seconds: float = 0.0

    def __bool__(self) -> bool:
        return self.status == "proven"

    def __str__(self) -> str:
        lines = [self.status + (f" for {self.dimension} dimension" if self.status == "proven" else "")]
        if self.status == "proven":
            lines.append(
                "where " + (", ".join(map(plain, self.side_conditions)) or "everything is defined: no condition")
            )
        for label, value in (
            ("counterexample", self.counterexample),
            ("evidence", self.evidence),
            ("diagnosis", self.diagnosis),
            ("repair", None if self.repair is None else plain(self.repair)),
        ):
            if value not in (None, ""):
                lines.append(f"{label}: {value}")
        return "\n".join(lines)


class EngineBug(AssertionError):
    """A claim was proven and refuted: one of the two is wrong, and no verdict of the engine is to be trusted."""


def judge(left: Expr, right: Expr, given: Iterable = (), indices: Sequence[Idx] = (), diagnose: bool = True) -> Verdict:
    """Is left = right, for all values of the free indices, every dimension and all inputs that satisfy `given`?

    `given` takes definitions `equation(y[i], …)`, equations such as Σ d = 1, inequalities and `Ne(i, j)` of indices.
    Proven claims are searched for a counterexample too.
    """
    start = perf_counter()
    given, indices = tuple(given), tuple(indices)
    try:
        verdict = _judge(left, right, given, indices, diagnose)
    except (NoFormula, Undefined, UnknownFunction) as error:
        verdict = Verdict("ill-typed", evidence=str(error).splitlines()[0])
        if diagnose and isinstance(left, Expr) and isinstance(right, Expr):
            verdict = _repaired(verdict, left, right, given, indices)
    return replace(verdict, seconds=perf_counter() - start)


def _repaired(verdict: Verdict, left: Expr, right: Expr, given: tuple, indices: tuple[Idx, ...]) -> Verdict:
    from derivations.engine.judging.diagnosis import diagnosed

    try:
        return diagnosed(verdict, left, right, given, indices)
    except (NoFormula, Undefined, UnknownFunction):  # the left side or a hypothesis is none either
        return verdict


def _judge(left: Expr, right: Expr, given: tuple, indices: tuple[Idx, ...], diagnose: bool) -> Verdict:
    left, right = (Integer(e) if isinstance(e, int) else e for e in (left, right))
    hypotheses = gather(given)
    check(left, right, hypotheses, indices)
    off_kinks: set[Relational] = set()
    left_formula, right_formula = (hypotheses.unfold(e, off_kinks) for e in (left, right))
    free = sorted(free_indices(left_formula) | free_indices(right_formula), key=str)
    dimensions = dimensions_of((left, right, left_formula, right_formula, *given))

    def provable(expand: bool) -> tuple[Relational, ...] | None:
        return prove(left_formula, right_formula, hypotheses, expand, off_kinks)

    conditions = provable(expand=False)
    found = search(left_formula, right_formula, hypotheses, dimensions, free, conditions or tuple(off_kinks))
    if conditions is None and not found.counterexample:
        conditions = provable(expand=True)
    if conditions is not None:
        if found.counterexample:
            raise EngineBug(f"{left} = {right} was proven and refuted {found.counterexample}")
        if not found.points:
            return Verdict(
                "undecided",
                side_conditions=conditions,
                evidence="a proof was found, but no point at which its "
                f"conditions and the hypotheses hold: {found.problem or 'none was met'}",
            )
        return Verdict("proven", "arbitrary", conditions)
    if found.counterexample:
        verdict = Verdict("refuted", found.dimensions, counterexample=found.counterexample)
        return _repaired(verdict, left, right, given, indices) if diagnose else verdict
    tried = f"no counterexample at {found.points} points" if found.points else f"no admissible point: {found.problem}"
    return Verdict("undecided", found.dimensions, evidence=f"{tried}; no proof was found")


def prove(
    left: Expr, right: Expr, hypotheses: Hypotheses, expand: bool = False, needed: Iterable[Relational] = ()
) -> tuple[Relational, ...] | None:
    """The side conditions under which left = right was proven, those `needed` beforehand among them, or None.

    Both sides are formulas without definitions or derivatives left in them (`Hypotheses.unfold`). Sigmoid, tanh and
    softplus stay opaque, or with `expand` are written by exp.
    """
    with reasoning(hypotheses.positive) as scope:
        scope.expand = expand
        scope.rules = hypotheses.rules() + _distinct(hypotheses)
        try:
            for condition in needed:
                if not isinstance(condition, Eq):
                    require("positive" if isinstance(condition, Gt) else "nonzero", _gap(condition))
            gap = convert(left, {}) - convert(right, {})
            if not is_zero(gap):
                return None
            return tuple(c for c in needed if isinstance(c, Eq)) + _conditions(scope, hypotheses)
        except RecursionError:
            return None


def _gap(condition: Relational) -> Poly:
    """What is > 0, or ≠ 0, if the condition holds."""
    return convert(condition.lhs - condition.rhs if isinstance(condition, Ne) else condition.gts - condition.lts, {})


def _distinct(hypotheses: Hypotheses) -> tuple:
    """i ≠ j as the rewrite δ(i − j) = 0."""
    from derivations.engine.kernel.atoms import delta
    from derivations.engine.kernel.normal_form import index_expression
    from derivations.engine.kernel.sums import Rule
    from derivations.engine.kernel.terms import ZERO

    polys = (delta(index_expression(a, {}), index_expression(b, {})) for a, b in hypotheses.different)
    return tuple(Rule((), dict(next(iter(p.terms))), ZERO, frozenset()) for p in polys if p.single)


def _conditions(scope: Scope, hypotheses: Hypotheses) -> tuple[Relational, ...]:
    """The side conditions that the hypotheses don't state already, as SymPy relations.

    A condition holds for every value of its indices, so z_i ≠ 0 and z_j ≠ 0 are one; x > 0 says x ≠ 0 too.
    """
    stated = {
        ("positive" if isinstance(c, (Gt, Lt)) else "nonzero", _shape(_gap(c)))
        for c in hypotheses.conditions
        if isinstance(c, (Gt, Lt, Ne))
    }
    found: dict[tuple[str, str], Poly] = {}
    for (kind, _), poly in sorted(
        scope.conditions.items(),
        key=lambda item: (item[0][0] != "positive", any(i.name.startswith("·") for i in item[1].leaves), item[1].key),
    ):
        shapes = {_shape(poly)} | ({_shape(poly.scale(Fraction(-1)))} if kind == "nonzero" else set())
        known = stated | found.keys()
        if not any({("positive", shape), (kind, shape)} & known for shape in shapes):
            negative = kind == "nonzero" and all(c < 0 for c in poly.terms.values())
            found[kind, _shape(poly)] = poly.scale(Fraction(-1)) if negative else poly
    relations = ((Gt if kind == "positive" else Ne)(to_sympy(poly), 0) for (kind, _), poly in found.items())
    return tuple(sorted(relations, key=str))


def _shape(poly: Poly) -> str:
    """The text with the names of the indices forgotten."""
    return poly.render(dict.fromkeys(poly.leaves, "•"))


__all__ = ["EngineBug", "Verdict", "judge", "prove"]
