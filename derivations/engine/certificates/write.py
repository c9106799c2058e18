"""From a proof to its certificate."""

from collections.abc import Iterable
from itertools import count
from typing import Any

from sympy import (
    Abs,
    Add,
    Derivative,
    Expr,
    Function,
    Heaviside,
    Idx,
    Indexed,
    KroneckerDelta,
    Max,
    Min,
    Mul,
    Piecewise,
    Pow,
    Product,
    Rational,
    Sum,
    Symbol,
    sign,
)
from sympy.core.function import AppliedUndef
from sympy.core.numbers import NumberSymbol
from sympy.core.relational import Eq, Ge, Gt, Le, Lt, Ne, Relational
from sympy.logic.boolalg import And, BooleanTrue, Or

from derivations.engine.certificates.check import check
from derivations.engine.certificates.format import VERSION
from derivations.engine.judging.statement import Statement
from derivations.engine.language.indices import least
from derivations.engine.language.vocabulary import FieldValue, Maximum, step

RELATIONS = {Gt: ">", Ge: ">=", Lt: "<", Le: "<=", Ne: "!=", Eq: "="}


class NoCertificate(ValueError):
    """The formula has a part for which certificates have no word, or the checker does not follow the proof."""


def certificate(claim: Statement, conditions: Iterable[Relational]) -> dict[str, Any]:
    """Raises NoCertificate if the independent checker does not find the claim from its axioms."""
    writer, hypotheses = _Writer(), claim.hypotheses
    record = {
        "version": VERSION,
        "left": writer.term(claim.left),
        "right": writer.term(claim.right),
        "definitions": [[writer.term(a), writer.term(b)] for a, b in hypotheses.definitions],
        "equations": [[writer.term(a), writer.term(b)] for a, b in hypotheses.equations],
        "given": [writer.condition(c) for c in hypotheses.conditions],
        "different": [[writer.index(a), writer.index(b)] for a, b in hypotheses.different],
        "conditions": [writer.condition(c) for c in conditions],
    }
    record |= {"indices": writer.indices, "sizes": writer.sizes, "declared": writer.declared}
    found = check(record, axioms=None)
    if found.refused:
        raise NoCertificate(found.refused)
    return {**record, "axioms": sorted(found.used)}


class _Writer:
    def __init__(self):
        self.indices: dict[str, list] = {}
        self.sizes: dict[str, int] = {}
        self.declared: dict[str, list[str]] = {"positive": [], "nonnegative": []}
        self.numbers = count(1)

    def leaf(self, k: Any, lower: Any, upper: Any, env: dict) -> str:
        """A name for a bound index that nothing else has."""
        name = f"{k.name}#{next(self.numbers)}"
        self.indices[name] = [int(lower), self.term(upper, {})]
        env[k] = name
        return name

    def index(self, e: Any, env: dict | None = None) -> list:
        constant, terms = 0, []
        for part in Add.make_args(e):
            c, rest = part.as_coeff_Mul()
            if not c.is_Integer or not (rest == 1 or isinstance(rest, (Idx, Symbol))):
                raise NoCertificate(f"index {e}")
            if rest == 1:
                constant += int(c)
            else:
                terms.append([self.name(rest, env or {}), int(c)])
        return [constant, terms]

    def name(self, k: Any, env: dict) -> str:
        if k in env:
            return env[k]
        if not isinstance(k, Idx):
            raise NoCertificate(f"index {k}")
        self.indices[k.name] = [int(k.lower), self.term(k.upper, {})]
        return k.name

    def entry(self, e: Expr, name: str, indices: list) -> list:
        if isinstance(e, Symbol) and e.is_integer and e.is_positive:
            self.sizes[name] = least(e)
        for what in ("positive", "nonnegative"):
            key = f"{name}/{len(indices)}"
            if getattr(e, f"is_{what}") and key not in self.declared[what]:
                self.declared[what].append(key)
        return ["x", name, indices]

    def term(self, e: Any, env: dict | None = None) -> list:
        env = dict(env or {})
        if isinstance(e, Rational):
            return ["n", str(e)]
        if isinstance(e, NumberSymbol):
            return ["c", {"pi": "pi"}[str(e)]] if str(e) == "pi" else ["f", "exp", ["n", "1"]]
        if e in env or isinstance(e, Idx):
            return ["k", self.index(e, env)]
        if isinstance(e, Symbol):
            return self.entry(e, e.name, [])
        if isinstance(e, Indexed):
            return self.entry(e, str(e.base.label), [self.index(i, env) for i in e.indices])
        if isinstance(e, (Sum, Product)):
            leaves = [self.leaf(k, a, b, env) for k, a, b in reversed(e.limits)]
            return ["S" if isinstance(e, Sum) else "P", leaves, self.term(e.function, env)]
        if isinstance(e, Maximum):
            leaves = [self.leaf(k, a, b, env) for k, a, b in e.limits]
            return ["M", leaves, self.term(e.body, env), self.term(e.where, env)]
        if isinstance(e, FieldValue):
            indices = [self.index(i, env) for i in e.indices]
            leaves = [self.leaf(k, a, b, env) for k, a, b in e.limits]
            return ["F", e.name, indices, leaves, self.term(e.body, env)]
        if isinstance(e, Derivative):
            return ["D", self.term(e.expr, env), [self.term(x, env) for x in e.variables]]
        if isinstance(e, KroneckerDelta):
            return ["d", *(self.index(i, env) for i in e.args)]
        if isinstance(e, Piecewise):
            return ["cases", *([self.term(b.args[0], env), self.condition(b.args[1], env)] for b in e.args)]
        for kinds, word in TAGS:
            if isinstance(e, kinds):
                return [word, *(self.term(a, env) for a in e.args)]
        if isinstance(e, AppliedUndef):
            return ["u", e.func.__name__, *(self.term(a, env) for a in e.args)]
        if isinstance(e, Function):
            return ["f", type(e).__name__, *(self.term(a, env) for a in e.args)]
        raise NoCertificate(f"{type(e).__name__} {e}")

    def condition(self, c: Any, env: dict | None = None) -> list:
        if isinstance(c, BooleanTrue):
            return ["true"]
        if isinstance(c, (And, Or)):
            return [type(c).__name__.lower(), *(self.condition(a, env) for a in c.args)]
        if not isinstance(c, Relational):
            raise NoCertificate(f"condition {c}")
        if isinstance(c, (Eq, Ne)) and c.lhs.has(Idx) and not c.lhs.has(Indexed):
            same = ["same", self.index(c.lhs, env), self.index(c.rhs, env)]
            return same if isinstance(c, Eq) else ["not", same]
        word = next(word for kind, word in RELATIONS.items() if isinstance(c, kind))
        return [word, self.term(c.lhs, env), self.term(c.rhs, env)]


TAGS: tuple[tuple[Any, str], ...] = (
    (Add, "+"),
    (Mul, "*"),
    (Pow, "^"),
    (step, "step"),
    (sign, "sign"),
    (Abs, "abs"),
    (Heaviside, "H"),
    (Max, "max"),
    (Min, "min"),
)
