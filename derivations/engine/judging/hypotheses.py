"""What a claim may take for granted: definitions, equations, inequalities, indices that differ."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from sympy import (
    Derivative,
    Expr,
    Idx,
    Indexed,
    Integer,
    KroneckerDelta,
    Mul,
    Piecewise,
    Pow,
    Product,
    Sum,
    Symbol,
    Tuple,
    log,
)
from sympy.core.relational import Eq, Ge, Gt, Le, Lt, Ne, Relational
from sympy.functions.elementary.piecewise import ExprCondPair

from derivations.engine.judging.recursion import Recursions
from derivations.engine.kernel.assumptions import Fact, Reasoning
from derivations.engine.kernel.laws import LAWS
from derivations.engine.kernel.normal_form import convert
from derivations.engine.kernel.rules import Rule, opened
from derivations.engine.kernel.terms import Poly, TooLarge
from derivations.engine.language.calculus import derivative
from derivations.engine.language.domains import has_value_where, smooth_where
from derivations.engine.language.fold import NoFormula
from derivations.engine.language.indexing import index_expression, leaf_of
from derivations.engine.language.indices import inside, never_negative
from derivations.engine.language.nodes import nodes
from derivations.engine.language.renaming import apart, free_indices, replace_index
from derivations.engine.language.vocabulary import Maximum, step

LARGEST_FORMULA = 20_000


class Needs:
    """What a claim needs to say anything: `kinks`, where its derivatives exist, and `domain`, where its parts have a
    value. What stands in a case, or beside a δ, need not have one: its conditions are `guarded`, true or not."""

    def __init__(self):
        self.kinks: dict[Relational, None] = {}  # in the order in which they were met
        self.domain: dict[Relational, None] = {}
        self.guarded: Needs | None = None
        self.unfolded: dict[tuple[Any, frozenset], Any] = {}  # formulas whose needs are noted, and what they are

    def smooth(self, conditions: Iterable[Relational]) -> None:
        self.kinks |= dict.fromkeys(conditions)

    def value(self, e: Any) -> None:
        """The formula itself, whose parts have a value, has one."""
        if isinstance(e, (Pow, log, Piecewise, Maximum)) and (condition := has_value_where(e)) is not None:
            self.domain[condition] = None

    def of_part(self, e: Any, part: Any) -> "Needs":
        """Where to note what a part needs."""
        among = isinstance(e, Maximum) and e.where != 1
        beside = isinstance(e, Mul) and any(isinstance(a, KroneckerDelta) for a in e.args)
        if self.guarded is self or not (isinstance(e, ExprCondPair) or among or beside):
            return self
        if self.guarded is None:
            self.guarded = Needs()
            self.guarded.guarded = self.guarded
        return self.guarded

    @property
    def all_kinks(self) -> dict[Relational, None]:
        return self.kinks | (self.guarded.kinks if self.guarded else {})


@dataclass(frozen=True)
class Hypotheses:
    """`definitions` name a formula, `equations` rewrite one, `conditions` are inequalities of values, each for every
    value of its indices; `different` are pairs of indices that are not equal."""

    definitions: tuple[tuple[Expr, Expr], ...] = ()
    equations: tuple[tuple[Expr, Expr], ...] = ()
    conditions: tuple[Relational, ...] = ()
    different: tuple[tuple[Expr, Expr], ...] = ()

    @property
    def formulas(self) -> tuple[Expr, ...]:
        """Everything that is said, of which the names and the ranges matter."""
        return (*(e for pair in self.definitions + self.equations + self.different for e in pair), *self.conditions)

    def reasoning(self, expand: bool = False, deadline: float | None = None) -> Reasoning:
        """What may be used to prove something under these hypotheses."""
        pairs = tuple((index_expression(a, {}), index_expression(b, {}), Ne(a, b)) for a, b in self.different)
        under = Reasoning(LAWS, pairs, deadline, expand)
        under.learn(Fact(*gap_of(c, under), c) for c in self.conditions)
        rules = tuple(_rule(left, right, under) for left, right in self.equations)
        under.rules = rules
        under.symmetric = frozenset(next(iter(rule.powers)).name for rule in rules if rule.exchanges)
        under.needed, under.used, under.relied = {}, set(), {}
        return under

    @cached_property
    def recursions(self) -> Recursions:
        return Recursions(self.equations)

    def unfold(self, e: Expr, needs: "Needs | None" = None) -> Expr:
        """The formula with every definition put in and every derivative carried out; `needs` gets what that needs.

        A derivative by something that is itself defined takes it as independent: with y = f(z) and D = Σ y², ∂D/∂y_i
        is 2 y_i, and only then is y put in.
        """
        found = self._unfold(e, frozenset(), 0, Needs() if needs is None else needs)
        return found if found == e else apart(found, free_indices(found))

    def _unfold(self, e: Any, stop: frozenset[Expr], depth: int, needs: "Needs") -> Any:
        if depth > 60:
            raise NoFormula("the definitions are circular")
        if not e.args and (e.is_number or not self.definitions):
            return e
        key = e, stop
        if key not in needs.unfolded:
            needs.unfolded[key] = self._unfolded(e, stop, depth, needs)
        return needs.unfolded[key]

    def _unfolded(self, e: Any, stop: frozenset[Expr], depth: int, needs: "Needs") -> Any:
        if isinstance(e, Derivative):
            result = e.expr
            for x in e.variables:
                inner = self._unfold(result, stop | {_base(x)}, depth + 1, needs)
                inner = self.recursions.unrolled(inner, x)
                needs.smooth(self._unfold(r, stop, depth + 1, Needs()) for r in smooth_where(inner, x))
                result = derivative(inner, x)
                if len(nodes(result)) > LARGEST_FORMULA:
                    raise TooLarge(f"the derivative by {x} has more than {LARGEST_FORMULA} parts")
            return self._unfold(result, stop, depth + 1, needs)
        if isinstance(e, (Indexed, Symbol)) and not isinstance(e, Idx):
            found = None if _base(e) in stop else self._definition(e)
            return e if found is None else self._unfold(found, stop, depth + 1, needs)
        if isinstance(e, (Sum, Product)):
            limits = [_indexed_limit(limit) for limit in e.limits]
            body = e.function
            for old, new in zip(e.limits, limits, strict=True):
                body = body.xreplace({old[0]: new[0]}) if old[0] != new[0] else body
            body = self._unfold(body, stop, depth, needs)
            if isinstance(e, Product) and body == 0:  # 1 where a range is empty, which SymPy takes for 0 too
                return 1 - Mul(*(step(upper - lower) for _, lower, upper in limits))
            return e.func(body, *limits)
        if not e.args or (isinstance(e, Tuple) and not isinstance(e, ExprCondPair)):
            return e
        args = [self._unfold(a, stop, depth, needs.of_part(e, a)) for a in e.args]
        found = e if all(a is b for a, b in zip(args, e.args, strict=True)) else e.func(*args)
        needs.value(found)
        return found

    def _definition(self, e: Expr) -> Expr | None:
        for left, right in self.definitions:
            if left == e:
                return right
            if isinstance(left, Indexed) and isinstance(e, Indexed) and left.base == e.base and _covers(left, e):
                places = [Idx(f"·{k}", (i.lower, i.upper)) for k, i in enumerate(left.indices)]
                for old, place in zip(left.indices, places, strict=True):
                    right = replace_index(right, old, place)
                for place, new in zip(places, e.indices, strict=True):
                    right = replace_index(right, place, new)
                return right
        return None

    def about(self, element: Expr, name: str, where: tuple[int, ...], point) -> dict[Idx, int] | None:
        """The values of the indices at which `element` is the entry of this name at this place; None if it never is."""
        if isinstance(element, Symbol) and not isinstance(element, Idx):
            return {} if element.name == name and not where else None
        if not isinstance(element, Indexed) or str(element.base.label) != name or len(element.indices) != len(where):
            return None
        env: dict[Idx, int] = {}
        for k, w in zip(element.indices, where, strict=True):
            own = sorted(free_indices(k), key=str)
            if isinstance(k, Integer) and int(k) == w:
                continue
            if len(own) != 1 or (k.coeff(own[0]) != 1 and k != own[0]) or not isinstance(k - own[0], Integer):
                return None
            value = w - int(k - own[0])  # of k − 1 the index k is one more
            if env.setdefault(own[0], value) != value or value not in point.range_of(own[0]):
                return None
        return env if point.different(env) else None

    def bounds(self, name: str, where: tuple[int, ...], point) -> tuple[bool, bool]:
        """Whether conditions say that this entry is > 0 or ≥ 0, and that it is < 1 or ≤ 1."""
        positive = below_one = False
        for c in self.conditions:
            if isinstance(c, (Gt, Lt, Ge, Le)):
                positive |= c.lts == 0 and self.about(c.gts, name, where, point) is not None
                below_one |= c.gts == 1 and self.about(c.lts, name, where, point) is not None
        return positive, below_one


def _covers(defined: Indexed, element: Indexed) -> bool:
    """True if the definition speaks of this element: y[0] is not among the y[i], i = 1 … n, but an array of its own."""
    for place, i in zip(defined.indices, element.indices, strict=True):
        leaf, value = leaf_of(place), index_expression(i, {})
        if not value.terms and (value.constant < leaf.lower or never_negative(value.constant - leaf.upper - 1)):
            return False
        if not inside(value, leaf):
            raise NoFormula(f"{element} stands for more than {defined}, {place} = {leaf.lower} … {leaf.upper}, defines")
    return True


def _indexed_limit(limit: Tuple) -> Tuple:
    """A dummy that is a bare symbol becomes an index with the range of its sum."""
    if len(limit) != 3:
        raise NoFormula(f"the sum over {limit[0]} has no range: write Sum(…, ({limit[0]}, 1, n))")
    k, lower, upper = limit
    return limit if isinstance(k, Idx) else Tuple(Idx(k.name, (lower, upper)), lower, upper)


def _base(e: Expr) -> Expr:
    return e.base.label if isinstance(e, Indexed) else e


def _whole(e: Expr) -> bool:
    """True of a symbol, and of an entry whose indices are plain and different, so that the whole array is meant."""
    if isinstance(e, Indexed):
        return len(set(e.indices)) == len(e.indices) and all(isinstance(i, Idx) for i in e.indices)
    return isinstance(e, Symbol) and not isinstance(e, Idx)


def _defines(h: Eq) -> bool:
    """True if the left side is a name, and the right side does not use it."""
    return _whole(h.lhs) and _base(h.lhs) not in h.rhs.free_symbols


def _is_index(e: Expr) -> bool:
    return isinstance(e, Integer) or (e.has(Idx) and not e.has(Indexed))


def gather(given: Iterable) -> Hypotheses:
    """Sort the hypotheses by what they say."""
    definitions, equations, conditions = [], [], []
    given = [h for h in given if h != True]  # noqa: E712, what SymPy found to be true already
    for h in given:
        if h == False:  # noqa: E712
            raise NoFormula("a hypothesis is never true: the declared signs contradict it")
        if not isinstance(h, Relational):
            raise NoFormula(f"hypothesis {h} is neither an equation nor an inequality")
    different = tuple((h.lhs, h.rhs) for h in given if isinstance(h, Ne) and _is_index(h.lhs) and _is_index(h.rhs))
    apart = [free_indices(a) | free_indices(b) for a, b in different]
    for h in given:
        if (h.lhs, h.rhs) in different and isinstance(h, Ne):
            continue
        if not isinstance(h, Eq):
            conditions.append(h)
        elif h.lhs.has(Idx) and _is_index(h.lhs):
            raise NoFormula(f"hypothesis {h} is about indices: only Ne(…, …) can be")
        elif _defines(h) and not any(pair <= free_indices(h.lhs) for pair in apart):
            _check_definition(h)
            definitions.append((h.lhs, h.rhs))
        else:
            for k in sorted(free_indices(h.rhs) - free_indices(h.lhs), key=str):
                raise NoFormula(f"unbound index {k} on the right side of the hypothesis {h}")
            equations.append((h.lhs, h.rhs))
    for left, _ in definitions:
        if sum(_base(left) == _base(other) for other, _ in definitions) > 1:
            raise NoFormula(f"{_base(left)} is defined twice")
    named = Hypotheses(tuple(definitions))
    return Hypotheses(
        named.definitions,
        tuple((named.unfold(left), named.unfold(right)) for left, right in equations),
        tuple(named.unfold(c) for c in conditions),
        different,
    )


def _check_definition(h: Eq) -> None:
    own = set(h.lhs.indices) if isinstance(h.lhs, Indexed) else set()
    for k in sorted(free_indices(h.rhs) - own, key=str):
        raise NoFormula(f"unbound index {k} in the definition of {h.lhs}")


def gap_of(condition: Relational, under: Reasoning) -> tuple[str, Poly]:
    """What kind of condition it is, and what is > 0, ≥ 0 or ≠ 0 if it holds."""
    if isinstance(condition, Ne):
        return "nonzero", convert(condition.lhs - condition.rhs, {}, under)
    kind = "positive" if isinstance(condition, (Gt, Lt)) else "nonnegative"
    return kind, convert(condition.gts - condition.lts, {}, under)


def _rule(left: Expr, right: Expr, under: Reasoning) -> Rule:
    """left = right as a rewrite; the left side must be one product, summed or not."""
    poly = convert(left, {}, under)
    if poly.single is None or not poly.single[0]:
        raise NoFormula(f"hypothesis {left} = {right}: the left side must be a single term")
    m, c = poly.single
    value, origin = convert(right, {}, under).scale(1 / c), Eq(left, right, evaluate=False)
    free = frozenset(leaf_of(s) for s in free_indices(left))
    if len(m) == 1 and m[0][0].kind == "sum" and m[0][1] == 1 and m[0][0].args[0].single:
        names, body = opened(m[0][0])
        ((inner, k),) = body.terms.items()
        return Rule(names, dict(inner), value.scale(1 / k), free, origin)
    return Rule((), dict(m), value, free, origin)
