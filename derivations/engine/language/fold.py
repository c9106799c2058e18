"""One walk over the nodes of a formula. What they mean is said by an algebra: numbers, normal forms, arrays, text.

    value = algebra(formula, {})

The walk knows SymPy's node types, an algebra knows none: it has a method for each kind of part, which is given where it
stands (`at`: the node, and the values of the indices there) and the parts' own values. What is lazy there is computed
when it is asked for: the factors of a product, the branches of a case distinction, and the body of what binds an
index, which is a function of the index's value.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from fractions import Fraction
from functools import cache, lru_cache
from typing import Any, Generic, NamedTuple, NoReturn, TypeVar

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
from sympy.core.relational import Eq, Ne, Relational
from sympy.logic.boolalg import And, BooleanFalse, BooleanTrue, Or

from derivations.engine.language.nodes import has
from derivations.engine.language.vocabulary import Determinant, FieldValue, Inverse, Maximum, step
from derivations.engine.language.words import WORDS, Word

T = TypeVar("T")
Env = Mapping[Any, Any]
Body = Callable[[Env], Any]


class NoFormula(ValueError):
    """The expression is not a formula that can be judged."""


class At(NamedTuple):
    """Where a part stands: the node, and what the indices around it are."""

    node: Any
    env: Env


class Algebra(Generic[T]):
    """A reading of formulas. A part that it has no method for is refused in one line that names it."""

    def __call__(self, e: Expr, env: Env) -> T:
        return fold(e, self, env)

    def index(self, e: Expr, env: Env) -> Any:
        """The value of an index, or of the end of a range."""
        return self.outside(At(e, env))

    def number(self, at: At, value: Fraction) -> T:
        return self.outside(at)

    def constant(self, at: At) -> T:
        """π or e."""
        return self.outside(at)

    def symbol(self, at: At) -> T:
        return self.outside(at)

    def position(self, at: At, index: Any) -> T:
        """An index that is used as a number."""
        return self.outside(at)

    def element(self, at: At, indices: tuple) -> T:
        return self.outside(at)

    def delta(self, at: At, a: Any, b: Any) -> T:
        return self.outside(at)

    def add(self, at: At, terms: Iterator[T]) -> T:
        return self.outside(at)

    def mul(self, at: At, deltas: Iterator[T], factors: Iterator[T]) -> T:
        """The deltas apart: where one of them is 0, the other factors need no value."""
        return self.outside(at)

    def pow(self, at: At) -> T:
        return self.outside(at)

    def word(self, at: At, word: Word, x: Callable[[], T]) -> T:
        """A function of the table of words; its argument is computed when it is asked for."""
        return self.outside(at)

    def step(self, at: At, x: T) -> T:
        return self.outside(at)

    def heaviside(self, at: At, x: T) -> T:
        """H(x), with the value at 0 that it was given, or none."""
        return self.outside(at)

    def sign(self, at: At, x: T) -> T:
        return self.outside(at)

    def absolute(self, at: At, x: T) -> T:
        return self.outside(at)

    def extreme(self, at: At, parts: Iterator[T]) -> T:
        """Max or Min of several formulas."""
        return self.outside(at)

    def sum(self, at: At, limits: tuple, body: Body) -> T:
        """Over the limits, the last of which is the outermost."""
        return self.outside(at)

    def product(self, at: At, limits: tuple, body: Body) -> T:
        return self.outside(at)

    def maximum(self, at: At, limits: tuple, body: Body, where: Body) -> T:
        return self.outside(at)

    def field(self, at: At, indices: tuple, limits: tuple, body: Body) -> T:
        """An unknown function of a number (no limits), a vector or a matrix."""
        return self.outside(at)

    def determinant(self, at: At, limits: tuple, body: Body) -> T:
        return self.outside(at)

    def inverse(self, at: At, indices: tuple, limits: tuple, body: Body) -> T:
        """An entry of the inverse of a matrix."""
        return self.outside(at)

    def opaque(self, at: At, arguments: Iterator[T]) -> T:
        """An unknown function of a few numbers."""
        return self.outside(at)

    def derivative(self, at: At) -> T:
        return self.outside(at)

    def piecewise(self, at: At, branches: Iterable[tuple[Callable[[], T], Callable[[], Any]]]) -> T:
        """Value and condition of each branch, in order."""
        return self.outside(at)

    def condition(self, c: Any, env: Env) -> Any:
        if isinstance(c, (BooleanTrue, BooleanFalse)):
            return self.truth(bool(c))
        if isinstance(c, (And, Or)):
            return self.connective(At(c, env), [self.condition(a, env) for a in c.args])
        if not isinstance(c, Relational):
            raise NoFormula(f"condition {c} is not a comparison")
        if isinstance(c, (Eq, Ne)) and is_index(c.lhs, env) and is_index(c.rhs, env):
            return self.same(At(c, env), self.index(c.lhs, env), self.index(c.rhs, env))
        return self.comparison(At(c, env), self(c.lhs, env), self(c.rhs, env))

    def truth(self, value: bool) -> Any:
        return self.outside(At(value, {}))

    def connective(self, at: At, conditions: list) -> Any:
        return self.outside(at)

    def same(self, at: At, a: Any, b: Any) -> Any:
        """Two indices are equal, or different."""
        return self.outside(at)

    def comparison(self, at: At, a: T, b: T) -> Any:
        return self.outside(at)

    def outside(self, at: At) -> NoReturn:
        kind, text = type(at.node).__name__, str(at.node)
        raise NoFormula(
            f"{text if text.startswith(kind) else f'{kind} {text}'} is not part of the language of formulas"
        )


def is_index(e: Expr, env: Env) -> bool:
    """Whether the expression is made of indices, sizes and whole numbers only."""
    return e.is_Integer or (all(s in env or s.is_integer for s in e.free_symbols) and not has(e, Indexed, Function))


def fold(e: Any, algebra: Algebra, env: Env) -> Any:
    """The value of the formula in the algebra."""
    if e in env:
        return algebra.position(At(e, env), algebra.index(e, env))
    return _reading(type(e))(algebra, At(e, env))


@cache
def _reading(kind: type) -> Callable[[Algebra, At], Any]:
    for kinds, reading in READINGS:
        if issubclass(kind, kinds):
            return reading
    return lambda algebra, at: algebra.outside(at)


@lru_cache(maxsize=4096)
def _factors(e: Mul) -> tuple[list[Expr], list[Expr]]:
    """The deltas, and the others, a number first."""
    deltas = [a for a in e.args if isinstance(a, KroneckerDelta)]
    return deltas, sorted((a for a in e.args if a not in deltas), key=lambda a: not a.is_Rational)


def _mul(algebra: Algebra, at: At) -> Any:
    deltas, others = _factors(at.node)
    return algebra.mul(at, (algebra(a, at.env) for a in deltas), (algebra(a, at.env) for a in others))


def _word(algebra: Algebra, at: At) -> Any:
    if type(at.node) not in WORDS:
        return algebra.outside(at)
    return algebra.word(at, WORDS[type(at.node)], lambda: algebra(at.node.args[0], at.env))


def _sum(algebra: Algebra, at: At) -> Any:
    return algebra.sum(at, at.node.limits, lambda env: algebra(at.node.function, env))


def _product(algebra: Algebra, at: At) -> Any:
    return algebra.product(at, at.node.limits, lambda env: algebra(at.node.function, env))


def _maximum(algebra: Algebra, at: At) -> Any:
    e = at.node
    return algebra.maximum(at, e.limits, lambda env: algebra(e.body, env), lambda env: algebra(e.where, env))


def _field(algebra: Algebra, at: At) -> Any:
    indices = tuple(algebra.index(i, at.env) for i in at.node.indices)
    return algebra.field(at, indices, at.node.limits, lambda env: algebra(at.node.body, env))


def _determinant(algebra: Algebra, at: At) -> Any:
    return algebra.determinant(at, at.node.limits, lambda env: algebra(at.node.body, env))


def _inverse(algebra: Algebra, at: At) -> Any:
    indices = tuple(algebra.index(i, at.env) for i in at.node.indices)
    return algebra.inverse(at, indices, at.node.limits, lambda env: algebra(at.node.body, env))


def _piecewise(algebra: Algebra, at: At) -> Any:
    def branch(value, condition):
        return (lambda: algebra(value, at.env)), (lambda: algebra.condition(condition, at.env))

    return algebra.piecewise(at, [branch(*pair) for pair in at.node.args])


def _rational(algebra: Algebra, at: At) -> Any:
    return algebra.number(at, Fraction(int(at.node.p), int(at.node.q)))


READINGS: tuple[tuple[Any, Callable[[Any, At], Any]], ...] = (
    (Rational, _rational),
    (NumberSymbol, lambda a, at: a.constant(at)),
    (Idx, lambda a, at: a.position(at, a.index(at.node, at.env))),
    (Symbol, lambda a, at: a.symbol(at)),
    (Indexed, lambda a, at: a.element(at, tuple(a.index(i, at.env) for i in at.node.indices))),
    (Add, lambda a, at: a.add(at, (a(term, at.env) for term in at.node.args))),
    (Mul, _mul),
    (Pow, lambda a, at: a.pow(at)),
    (KroneckerDelta, lambda a, at: a.delta(at, *(a.index(i, at.env) for i in at.node.args[:2]))),
    (Sum, _sum),
    (Product, _product),
    (Maximum, _maximum),
    (FieldValue, _field),
    (Determinant, _determinant),
    (Inverse, _inverse),
    (Piecewise, _piecewise),
    (step, lambda a, at: a.step(at, a(at.node.args[0], at.env))),
    (Heaviside, lambda a, at: a.heaviside(at, a(at.node.args[0], at.env))),
    (sign, lambda a, at: a.sign(at, a(at.node.args[0], at.env))),
    (Abs, lambda a, at: a.absolute(at, a(at.node.args[0], at.env))),
    ((Max, Min), lambda a, at: a.extreme(at, (a(part, at.env) for part in at.node.args))),
    (AppliedUndef, lambda a, at: a.opaque(at, (a(part, at.env) for part in at.node.args))),
    (Derivative, lambda a, at: a.derivative(at)),
    (Function, _word),
)
