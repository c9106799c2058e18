"""What a claim may take for granted: definitions, equations, inequalities, indices that differ."""

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from sympy import Derivative, Expr, Idx, Indexed, Integer, Pow, Product, Sum, Symbol, Tuple
from sympy.core.relational import Eq, Ge, Gt, Le, Lt, Ne, Relational

from derivations.engine.kernel.normal_form import NoFormula, convert, index_expression, leaf_of
from derivations.engine.kernel.sums import Rule
from derivations.engine.language.calculus import derivative
from derivations.engine.language.domains import smooth_where
from derivations.engine.language.indices import inside
from derivations.engine.language.renaming import free_indices, replace_index
from derivations.engine.language.vocabulary import Binding
from derivations.engine.numbers.evaluate import Evaluation


@dataclass(frozen=True)
class Hypotheses:
    """`definitions` name a formula, `equations` rewrite one, `conditions` are inequalities of values.

    `different` are pairs of indices that are not equal; `positive` and `below_one` name the arrays that a condition
    bounds everywhere.
    """

    definitions: tuple[tuple[Expr, Expr], ...] = ()
    equations: tuple[tuple[Expr, Expr], ...] = ()
    conditions: tuple[Relational, ...] = ()
    different: tuple[tuple[Expr, Expr], ...] = ()

    @property
    def positive(self) -> frozenset[str]:
        """Names of what a condition says is > 0 for every index."""
        return frozenset(
            _name(c.gts) for c in self.conditions if isinstance(c, (Gt, Lt)) and c.lts == 0 and _name(c.gts)
        )

    @property
    def below_one(self) -> frozenset[str]:
        return frozenset(
            _name(c.lts) for c in self.conditions if isinstance(c, (Gt, Lt, Ge, Le)) and c.gts == 1 and _name(c.lts)
        )

    def rules(self) -> tuple[Rule, ...]:
        """The equations as rewrites of the normal form."""
        return tuple(_rule(left, right) for left, right in self.equations)

    def unfold(self, e: Expr, off_kinks: set[Relational]) -> Expr:
        """The formula with every definition put in and every derivative carried out; `off_kinks` gets what that needs.

        A derivative by something that is itself defined takes it as independent: with y = f(z) and D = Σ y², ∂D/∂y_i
        is 2 y_i, and only then is y put in.
        """
        return self._unfold(e, frozenset(), 0, off_kinks)

    def _unfold(self, e: Any, stop: frozenset[Expr], depth: int, off_kinks: set[Relational]) -> Any:
        if depth > 60:
            raise NoFormula("the definitions are circular")
        if isinstance(e, Derivative):
            result = e.expr
            for x in e.variables:
                inner = self._unfold(result, stop | {_base(x)}, depth + 1, off_kinks)
                off_kinks |= {self._unfold(r, stop, depth + 1, set()) for r in smooth_where(inner, x)}
                result = derivative(inner, x)
            return self._unfold(result, stop, depth + 1, off_kinks)
        if isinstance(e, (Indexed, Symbol)) and not isinstance(e, Idx):
            found = None if _base(e) in stop else self._definition(e)
            return e if found is None else self._unfold(found, stop, depth + 1, off_kinks)
        if isinstance(e, (Sum, Product)):
            limits = [_indexed_limit(limit) for limit in e.limits]
            body = e.function
            for old, new in zip(e.limits, limits, strict=True):
                body = body.xreplace({old[0]: new[0]}) if old[0] != new[0] else body
            return e.func(self._unfold(body, stop, depth, off_kinks), *limits)
        if isinstance(e, Binding) or not e.args or isinstance(e, Tuple):
            if isinstance(e, Binding):
                return e.func(
                    *(
                        self._unfold(a, stop, depth, off_kinks) if isinstance(a, Expr) and not a.is_Symbol else a
                        for a in e.args
                    )
                )
            return e
        return e.func(*(self._unfold(a, stop, depth, off_kinks) for a in e.args))

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

    def value(self, name: str, where: tuple[int, ...], point) -> Fraction | None:
        """A value that satisfies the equations about this array: 0 or 1, a row with a given sum, an element given."""
        evaluation = Evaluation(_Exact(), point.sizes, point.value, point.coefficient)
        binary = any(
            isinstance(left, Pow) and left.base == right and _name(right) == name for left, right in self.equations
        )
        for left, right in self.equations:
            if isinstance(left, Indexed) and _name_of(left) == name:
                env = dict(zip(left.indices, where, strict=True))
                if all(not isinstance(k, Integer) or int(k) == w for k, w in env.items()):
                    return evaluation(right, {k: w for k, w in env.items() if isinstance(k, Idx)})
            if isinstance(left, Sum) and len(left.limits) == 1 and _name_of(left.function) == name:
                self._draw_row(left, right, name, where, point, evaluation, binary)
                return point.values[name, where]
        return Fraction(point.rng.randint(0, 1)) if binary else None

    def _draw_row(self, left, right, name, where, point, evaluation, binary: bool) -> None:
        """Values of x_k for every k, with the sum that is asked for."""
        k, lower, upper = left.limits[0]
        indices = left.function.indices
        env = {i: w for i, w in zip(indices, where, strict=True) if i != k}
        wanted = evaluation(right, env)
        places = [
            tuple(v if i == k else w for i, w in zip(indices, where, strict=True))
            for v in range(evaluation.integer(lower, {}), evaluation.integer(upper, {}) + 1)
        ]
        if binary:
            chosen = point.rng.randrange(len(places))
            row = [Fraction(int(p == chosen)) for p in range(len(places))]
        else:
            row = [point.draw(name) for _ in places]
            row = (
                [r * wanted / sum(row) for r in row]
                if wanted and sum(row)
                else [r + (wanted - sum(row)) / len(row) for r in row]
            )
        point.values.update({(name, place): r for place, r in zip(places, row, strict=True)})


class _Exact:
    """Just enough arithmetic for the right sides of equations."""

    number = staticmethod(lambda value: value)
    add = staticmethod(lambda a, b: a + b)
    multiply = staticmethod(lambda a, b: a * b)
    reciprocal = staticmethod(lambda a: 1 / a)
    sign = staticmethod(lambda a: (a > 0) - (a < 0))


def _covers(defined: Indexed, element: Indexed) -> bool:
    """True if the definition speaks of this element: y[0] is not among the y[i], i = 1 … n, but an array of its own."""
    for place, i in zip(defined.indices, element.indices, strict=True):
        leaf, value = leaf_of(place), index_expression(i, {})
        if not value.terms:
            if value.constant < leaf.lower:
                return False
        elif not inside(value, leaf):
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


def _name_of(e: Expr) -> str | None:
    if isinstance(e, Indexed):
        return str(e.base.label)
    return e.name if isinstance(e, Symbol) and not isinstance(e, Idx) else None


def _name(e: Expr) -> str | None:
    """The array's or symbol's name, if its indices are plain and different, so that the whole of it is meant."""
    if isinstance(e, Indexed) and not (
        len(set(e.indices)) == len(e.indices) and all(isinstance(i, Idx) for i in e.indices)
    ):
        return None
    return _name_of(e)


def gather(given: Iterable) -> Hypotheses:
    """Sort the hypotheses by what they say."""
    definitions, equations, conditions, different = [], [], [], []
    for h in given:
        if not isinstance(h, Relational):
            raise NoFormula(f"hypothesis {h} is neither an equation nor an inequality")
        if isinstance(h, Ne) and all(
            (e.has(Idx) and not e.has(Indexed)) or isinstance(e, Integer) for e in (h.lhs, h.rhs)
        ):
            different.append((h.lhs, h.rhs))
        elif not isinstance(h, Eq):
            conditions.append(h)
        elif _name(h.lhs) and _base(h.lhs) not in h.rhs.free_symbols:
            _check_definition(h)
            definitions.append((h.lhs, h.rhs))
        else:
            equations.append((h.lhs, h.rhs))
    for left, _ in definitions:
        if sum(_base(left) == _base(other) for other, _ in definitions) > 1:
            raise NoFormula(f"{_base(left)} is defined twice")
    named = Hypotheses(tuple(definitions))
    return Hypotheses(
        named.definitions,
        tuple((named.unfold(left, set()), named.unfold(right, set())) for left, right in equations),
        tuple(named.unfold(c, set()) for c in conditions),
        tuple(different),
    )


def _check_definition(h: Eq) -> None:
    own = set(h.lhs.indices) if isinstance(h.lhs, Indexed) else set()
    for k in sorted(free_indices(h.rhs) - own, key=str):
        raise NoFormula(f"unbound index {k} in the definition of {h.lhs}")


def _rule(left: Expr, right: Expr) -> Rule:
    """left = right as a rewrite; the left side must be one product, summed or not."""
    from derivations.engine.kernel.sums import opened

    poly = convert(left, {})
    if poly.single is None:
        raise NoFormula(f"hypothesis {left} = {right}: the left side must be a single term")
    m, c = poly.single
    value = convert(right, {}).scale(1 / c)
    free = frozenset(leaf_of(s) for s in free_indices(left))
    if len(m) == 1 and m[0][0].kind == "sum" and m[0][1] == 1:
        names, body = opened(m[0][0])
        ((inner, k),) = body.terms.items()
        return Rule(names, dict(inner), value.scale(1 / k), free)
    return Rule((), dict(m), value, free)
