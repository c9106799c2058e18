"""Systems of linear inequalities with rational coefficients: a point that meets them all, or that there is none.

Variables are eliminated one after another (Gauss for equations, Fourier and Motzkin for inequalities), and get their
values in the opposite order, each from the interval that is left to it.
"""

from collections.abc import Callable, Hashable, Iterable, Mapping
from fractions import Fraction
from typing import Any, NamedTuple

from derivations.engine.numbers.arithmetic import Exact, Inadmissible

Form = dict[Any, Fraction]  # Σ c v, the number that is added to it under None
MOST = 400  # inequalities at once


class Forms(Exact):
    """Linear forms as numbers, so that a formula can be evaluated to one; a number stays a fraction.

    What is not linear, a product or a function of unknowns, is an unknown of its own, the same for equal parts.
    """

    def number(self, value: Any) -> Any:
        return value if isinstance(value, Fraction) else {value: Fraction(1)}

    def add(self, a: Any, b: Any) -> Any:
        if isinstance(a, Fraction) and isinstance(b, Fraction):
            return a + b
        return _plain(plus(as_form(a), as_form(b)))

    def multiply(self, a: Any, b: Any) -> Any:
        if not isinstance(a, Fraction):
            a, b = b, a
        if not isinstance(a, Fraction):
            return opaque("product", *sorted((a, b), key=_text))
        return a * b if isinstance(b, Fraction) else _plain(scaled(b, a))

    def reciprocal(self, a: Any) -> Any:
        return super().reciprocal(a) if isinstance(a, Fraction) else opaque("reciprocal", a)

    def sign(self, a: Any) -> int:
        if not isinstance(a, Fraction):
            raise Inadmissible("the sign of an unknown")
        return super().sign(a)

    def function(self, name: str, x: Any) -> Any:
        return super().function(name, x) if isinstance(x, Fraction) else opaque(name, x)


class Opaque(NamedTuple):
    """An unknown that is a function of others."""

    name: str
    arguments: tuple[str, ...]

    @property
    def sign(self) -> tuple[int, str] | None:
        """That it is > 0 or ≥ 0."""
        if self.name == "exp":
            return 1, ">"
        return (1, "≥") if self.name == "product" and len(set(self.arguments)) == 1 else None


def opaque(name: str, *arguments: Form) -> Form:
    return {Opaque(name, tuple(map(_text, arguments))): Fraction(1)}


def _text(form: Form) -> str:
    return " + ".join(sorted(f"{c} {v}" for v, c in form.items()))


def as_form(a: Any) -> Form:
    return {None: a} if isinstance(a, Fraction) else a


def _plain(form: Form) -> Any:
    return form if form.keys() - {None} else form.get(None, Fraction(0))


def plus(a: Form, b: Form) -> Form:
    found = {v: a.get(v, Fraction(0)) + b.get(v, Fraction(0)) for v in {**a, **b}}
    return {v: c for v, c in found.items() if c}


def scaled(a: Form, factor: Fraction) -> Form:
    return {v: c * factor for v, c in a.items() if c * factor}


class Constraint(NamedTuple):
    """form > 0, form ≥ 0 or form = 0."""

    form: Form
    relation: str

    @property
    def variables(self) -> list[Any]:
        return [v for v in self.form if v is not None]

    @property
    def opaque(self) -> bool:
        return any(isinstance(v, Opaque) for v in self.form)

    def holds(self) -> bool:
        """Of a form that is a number."""
        c = self.form.get(None, Fraction(0))
        return c > 0 if self.relation == ">" else c >= 0 if self.relation == "≥" else c == 0


class End(NamedTuple):
    value: Fraction
    open: bool


Choose = Callable[[End | None, End | None], Fraction]


def middle(low: End | None, high: End | None) -> Fraction:
    """A value between the two ends."""
    if low is None:
        return Fraction(0) if high is None else high.value - 1
    return low.value + 1 if high is None else (low.value + high.value) / 2


def solution(constraints: Iterable[Constraint], choose: Choose = middle) -> dict[Hashable, Fraction] | None:
    """Values that meet all constraints, None if there are none. Raises Inadmissible where there are too many to see."""
    left = _tightest(constraints)
    if left is None:
        return None
    variables = list(dict.fromkeys(v for c in left for v in c.variables))
    if not variables:
        return {}
    equation = next((c for c in left if c.relation == "="), None)
    v = equation.variables[0] if equation else min(variables, key=lambda v: _pairs(left, v))
    mine = [(c, scaled({u: k for u, k in c.form.items() if u != v}, -1 / c.form[v])) for c in left if v in c.form]
    others = [c for c in left if v not in c.form]
    if equation:
        value = next(rest for c, rest in mine if c is equation)
        replaced = (Constraint(plus(_without(c.form, v), scaled(value, c.form[v])), c.relation) for c, _ in mine)
        found = solution([*others, *replaced], choose)
        if found is not None:
            found[v] = _value(value, found, choose)
        return found
    below = [(rest, c.relation) for c, rest in mine if c.form[v] > 0]
    above = [(rest, c.relation) for c, rest in mine if c.form[v] < 0]
    gaps = [
        Constraint(plus(high, scaled(low, Fraction(-1))), min(a, b))  # ">" sorts before "≥"
        for low, a in below
        for high, b in above
    ]
    found = solution([*others, *gaps], choose)
    if found is None:
        return None
    ends = [[End(_value(rest, found, choose), relation == ">") for rest, relation in side] for side in (below, above)]
    low = max(ends[0], default=None)
    high = min(ends[1], key=lambda end: (end.value, not end.open), default=None)
    found[v] = choose(low, high)
    return found


def _pairs(constraints: list[Constraint], v: Any) -> int:
    """How many constraints there are when v is gone, less those that there are now."""
    up, down = (sum(1 for c in constraints if c.form.get(v, 0) * sign > 0) for sign in (1, -1))
    return up * down - up - down


def _without(form: Form, v: Any) -> Form:
    return {u: c for u, c in form.items() if u != v}


def _value(form: Form, values: dict, choose: Choose) -> Fraction:
    """The form at these values; what has none gets one."""
    terms = (c if v is None else c * values.setdefault(v, choose(None, None)) for v, c in form.items())
    return sum(terms, Fraction(0))


def _tightest(constraints: Iterable[Constraint]) -> list[Constraint] | None:
    """Of constraints on one form the one that says most; None if one of them says what is false."""
    found: dict[Any, Constraint] = {}
    for c in constraints:
        if not c.variables:
            if not c.holds():
                return None
            continue
        c = c._replace(form=scaled(c.form, 1 / abs(c.form[min(c.variables, key=str)])))
        equation = c.relation == "="
        key = equation, frozenset((c.form if equation else _without(c.form, None)).items())
        if key not in found or (not equation and _order(c) < _order(found[key])):
            found[key] = c
    if len(found) > MOST:
        raise Inadmissible(f"more than {MOST} inequalities")
    return list(found.values())


def _order(c: Constraint) -> tuple[Fraction, bool]:
    return c.form.get(None, Fraction(0)), c.relation != ">"


def contradiction(named: Mapping[Any, list[Constraint]]) -> list[Any]:
    """Of what cannot hold together a least part: none of it can be left out. Empty if all of it can hold."""
    if solution(c for constraints in named.values() for c in constraints) is not None:
        return []
    needed = dict(named)
    for name in named:
        rest = {other: constraints for other, constraints in needed.items() if other != name}
        if solution(c for constraints in rest.values() for c in constraints) is None:
            needed = rest
    return list(needed)
