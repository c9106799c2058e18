"""A proof is made by proving: there is no other way to have one."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from sympy import Eq, Ge, Gt, Ne
from sympy.core.relational import Relational

from derivations.engine.certificates.write import certificate
from derivations.engine.judging.hypotheses import Needs, gap_of
from derivations.engine.judging.statement import Statement
from derivations.engine.kernel.assumptions import Fact, Reasoning
from derivations.engine.kernel.conditions import Condition, may_vanish, settle
from derivations.engine.kernel.normal_form import convert
from derivations.engine.kernel.powers import is_nonnegative, is_positive
from derivations.engine.kernel.powers import needs as in_parts
from derivations.engine.kernel.quotients import is_zero
from derivations.engine.kernel.readback import to_sympy
from derivations.engine.kernel.terms import Poly
from derivations.engine.language.nodes import nodes
from derivations.engine.numbers.arithmetic import Inadmissible
from derivations.engine.numbers.linear import Constraint, solution

LONG = 400  # parts of a formula
RELATIONS = {"positive": Gt, "nonnegative": Ge, "nonzero": Ne}
MORE = {"positive": ">", "nonnegative": "≥"}


class NotProven(Exception):
    """Both sides were brought to their normal forms, and these differ."""


@dataclass(frozen=True, init=False)
class Proof:
    """left = right where the `conditions` hold, for every value of their indices; what was used to show it.

    Sigmoid, tanh and softplus stay opaque, or with `expand` are written by exp.
    """

    statement: Statement
    expand: bool
    conditions: tuple[Relational, ...]
    hypotheses: tuple[Relational, ...]
    laws: tuple[str, ...]

    def __init__(self, statement: Statement, expand: bool = False, deadline: float | None = None):
        """Raises NotProven if the normal forms differ, and OutOfTime after the deadline."""
        under = statement.hypotheses.reasoning(expand, deadline)
        _grant(statement.needs, under)
        left, right = (convert(e, {}, under) for e in statement.formulas)
        if not is_zero(left - right):
            raise NotProven
        conditions = settle(under)
        if contradictory([*conditions, *((fact.kind, fact.poly) for fact in under.facts)]):
            raise NotProven
        ties = tuple(c for c in statement.defined if isinstance(c, Eq))
        found = {
            "statement": statement,
            "expand": expand,
            "conditions": ties + _relations(conditions),
            "hypotheses": tuple(under.relied),
            "laws": tuple(sorted(under.used)),
        }
        for name, value in found.items():
            object.__setattr__(self, name, value)

    def to_json(self) -> dict[str, Any]:
        """The certificate, which `functional-bp recheck` follows. Raises NoCertificate if it would not."""
        return certificate(self.statement, self.conditions)


def _grant(needs: Needs, under: Reasoning) -> None:
    """Note what the claim needs to say anything, and take it for granted but for what is guarded.

    That x_i ≠ x_j for the derivative of max(x_i, x_j) is not said where i = j: such a gap is not taken.
    """
    for part in (needs, needs.guarded) if needs.guarded else (needs,):
        for c in sorted((*part.kinks, *part.domain), key=_in_order):
            if isinstance(c, Eq):
                continue
            kind, gap = gap_of(c, under)
            parts = in_parts(kind, gap)
            for condition in parts:
                under.require(*condition)
            if part is needs and not (c in part.kinks and may_vanish(gap)):
                under.learn((), (Fact(*condition, None) for condition in parts if condition[1].constant is None))


def contradictory(conditions: Sequence[Condition]) -> bool:
    """True of a > b, b > c, c > a: no values of the products in them meet all of them, so that nothing is claimed."""
    found = [Constraint({m or None: c for m, c in p.terms.items()}, MORE[k]) for k, p in conditions if k in MORE]
    if len(found) < 2:
        return False
    for m in dict.fromkeys(m for constraint in found for m in constraint.variables):
        product = Poly({m: Fraction(1)})
        if is_nonnegative(product):
            found.append(Constraint({m: Fraction(1)}, ">" if is_positive(product) else "≥"))
    try:
        return solution(found) is None
    except Inadmissible:
        return False


def _in_order(condition: Relational) -> tuple[int, str]:
    """The short ones first; what is too long to be written in any order."""
    size = len(nodes(condition))
    return size, str(condition) if size < LONG else ""


def _relations(conditions: list[Condition]) -> tuple[Relational, ...]:
    # not evaluated: SymPy takes exp(n log |y|) > 0 for true, also at y = 0
    relations = (RELATIONS[kind](to_sympy(poly), 0, evaluate=False) for kind, poly in conditions)
    return tuple(sorted(relations, key=str))


def prove(statement: Statement, deadline: float | None = None, expansions=(False, True)) -> Proof | None:
    """A proof, if there is one: with sigmoid, tanh and softplus opaque, then written by exp."""
    for expand in expansions:
        try:
            return Proof(statement, expand, deadline)
        except (NotProven, RecursionError):
            continue
    return None
