"""The value of a formula at a point: exact where it is rational, a rigorous interval where it isn't.

A point gives every dimension a size and every array element a rational; opaque functions become random polynomials,
so that their derivatives are known (see `unknown`). Rational operations are carried out exactly, exp and log in
interval arithmetic at 40 digits. `Floats` does the same in floating point: it is fast, and only ever used to decide
where to look closely. Nothing here knows the normal form: what this finds is independent of the proofs.
"""

from collections.abc import Callable, Iterator, Mapping
from fractions import Fraction
from functools import lru_cache
from itertools import count
from math import prod
from time import perf_counter
from typing import Any

from sympy import Add, Expr, Idx, Integer, Max, Pow, Rational, Symbol
from sympy.core.relational import Eq, Ge, Gt, Le, Lt
from sympy.logic.boolalg import And

from derivations.engine.language.fold import Algebra, Body, Env, is_index
from derivations.engine.language.nodes import has
from derivations.engine.language.renaming import free_indices
from derivations.engine.language.vocabulary import Maximum
from derivations.engine.language.words import Word
from derivations.engine.numbers import matrix, unknown
from derivations.engine.numbers.arithmetic import FUNCTIONS, Inadmissible, added, multiplied

LARGEST_POWER, LARGEST_RANGE, LARGEST_WORK = 4096, 10_000, 50_000
SIGNS = {Gt: (1,), Ge: (0, 1), Lt: (-1,), Le: (-1, 0)}


@lru_cache(maxsize=4096)
def _gap(a: Expr, b: Expr) -> Expr:
    return a - b


# Of each formula a number and its free indices, by identity, as comparing formulas takes long: for all evaluations.
_KNOWN: dict[int, tuple[Expr, int, tuple[Idx, ...]]] = {}
_NUMBERS: dict[Expr, int] = {}
_INDICES: dict[Idx, Idx] = {}
_next_number, MOST_KNOWN = count(), 50_000


def _numbered(e: Expr) -> tuple[Expr, int, tuple[Idx, ...]]:
    if len(_KNOWN) > MOST_KNOWN:  # what is still asked for gets a new number
        _KNOWN.clear()
        _NUMBERS.clear()
    number = _NUMBERS.setdefault(e, next(_next_number))
    found = _KNOWN[id(e)] = e, number, tuple(_INDICES.setdefault(k, k) for k in sorted(free_indices(e), key=str))
    return found


class Evaluation(Algebra[Any]):
    """Values of formulas at one point. `sizes` gives each dimension a number, `lookup` each array element a rational,
    `shadow` another point, which tells a kink that is met by accident from a tie that is there by construction."""

    def __init__(
        self,
        arithmetic,
        sizes: Mapping[Symbol, int],
        lookup: Callable[[str, tuple[int, ...]], Fraction],
        coefficient: Callable[..., Fraction],
        shadow: "Evaluation | None" = None,
    ):
        self.arithmetic, self.sizes, self.lookup, self.coefficient = arithmetic, sizes, lookup, coefficient
        self.shadow = shadow
        self.deadline: float | None = None  # of sums; after it there is no value
        self.memory: dict = {}
        self.signs: dict[Any, int] = {}  # of every argument of a step, sign, maximum … without dummies

    def __call__(self, e: Expr, env: Env) -> Any:
        if isinstance(e, Rational):
            return self.arithmetic.number(Fraction(int(e.p), int(e.q)))
        key = self.key(e, env)
        if key not in self.memory:
            if len(self.memory) > LARGEST_WORK:
                raise Inadmissible(f"more than {LARGEST_WORK} values")
            self.memory[key] = super().__call__(e, env)
        return self.memory[key]

    def key(self, e: Expr, env: Env) -> tuple:
        """Which formula it is, and the values of its free indices."""
        found = _KNOWN.get(id(e)) or _numbered(e)
        return (found[1], *map(env.get, found[2]))

    def index(self, e: Expr, env: Env) -> int:
        """The value of an index or of the end of a range."""
        if isinstance(e, Integer):
            return int(e)
        if isinstance(e, (Symbol, Idx)):
            return env[e] if e in env else self.sizes[e] if e in self.sizes else self.whole(e)
        parts = [self.index(a, env) for a in e.args]
        if isinstance(e, Pow):
            return parts[0] ** parts[1]
        return sum(parts) if isinstance(e, Add) else prod(parts)

    integer = index

    def whole(self, e: Any) -> int:
        """The value of a symbol that was declared to be an integer."""
        value = self.lookup(e.name, ())
        if value.denominator != 1:
            raise Inadmissible(f"{e} is not whole")
        return int(value)

    def holds(self, condition: Any, env: Env) -> bool:
        return self.condition(condition, env)

    def ranges(self, limits, env: Env) -> Iterator[dict]:
        """Every assignment of the dummies in the limits, of which the first is the outermost."""
        if not limits:
            yield dict(env)
            return
        (k, lower, upper), *inner = limits
        k = _INDICES.setdefault(k, k)
        values = range(self.index(lower, env), self.index(upper, env) + 1)
        if len(values) > LARGEST_RANGE:
            raise Inadmissible(f"{len(values)} terms")
        for value in values:
            if self.deadline is not None and perf_counter() > self.deadline:
                raise Inadmissible("out of time")
            yield from self.ranges(inner, {**env, k: value})

    def number(self, at, value):
        return self.arithmetic.number(value)

    def constant(self, at):
        return self.arithmetic.constant(at.node)

    def symbol(self, at):
        if at.node in self.sizes:
            return self.number(at, Fraction(self.sizes[at.node]))
        return self.number(at, self.lookup(at.node.name, ()))

    def position(self, at, index):
        return self.number(at, Fraction(index))

    def element(self, at, indices):
        return self.number(at, self.lookup(str(at.node.base.label), indices))

    def delta(self, at, a, b):
        return self.number(at, Fraction(int(a == b)))

    def add(self, at, terms):
        return added(self.arithmetic, terms)

    def times(self, values) -> Any:
        return multiplied(self.arithmetic, values)

    def mul(self, at, deltas, factors):
        """A delta that is 0 spares the other factors; they must still have a value elsewhere."""
        for v in deltas:
            if v == 0:
                return v
        return self.times(factors)

    def pow(self, at):
        base, exponent = self(at.node.base, at.env), at.node.exp
        if is_index(exponent, at.env) and exponent.is_integer:
            power = self.index(exponent, at.env)
            if abs(power) > LARGEST_POWER:
                raise Inadmissible(f"the power {power}")
            if power <= 0 and self.arithmetic.sign(base) == 0:
                raise Inadmissible("division by zero")
            whole = self.times(base for _ in range(abs(power)))
            return whole if power >= 0 else self.arithmetic.reciprocal(whole)
        if base == 0 and exponent.is_positive:
            return base
        if at.node.base == -1:  # a sign: the kernel's own powers of −1 count how many are negative
            return self.parity(self(exponent, at.env))
        return self.exp(self.arithmetic.multiply(self(exponent, at.env), self.log(base)))

    def parity(self, count):
        """(−1)^count, if it is a whole number."""
        if isinstance(count, (Fraction, float)) and count % 1 == 0:
            return self.arithmetic.number(Fraction((-1) ** (int(count) % 2)))
        raise Inadmissible("a power of −1 that is not whole")

    def exp(self, x):
        return self.arithmetic.number(Fraction(1)) if x == 0 else self.arithmetic.function("exp", x)

    def log(self, x):
        if self.arithmetic.sign(x) <= 0:
            raise Inadmissible("the logarithm of a number that is not positive")
        return self.arithmetic.number(Fraction(0)) if x == 1 else self.arithmetic.function("log", x)

    def word(self, at, word: Word, x):
        written = word.definition or word.by_exp
        if written is not None and word.name not in FUNCTIONS:
            return self(written(at.node.args[0]), at.env)
        own = {"exp": self.exp, "log": self.log}.get(word.name)
        return own(x()) if own else self.arithmetic.function(word.name, x())

    def sum(self, at, limits, body: Body):
        return self.add(at, (body(env) for env in self.ranges(limits[::-1], at.env)))

    def product(self, at, limits, body: Body):
        return self.times(body(env) for env in self.ranges(limits[::-1], at.env))

    def maximum(self, at, limits, body: Body, where: Body):
        best = None
        for env in self.ranges(limits, at.env):
            if self.arithmetic.sign(where(env)):
                value = body(env)
                if best is None or self.compare(value, best) > 0:
                    best = value
        if best is None:
            raise Inadmissible("the maximum over nothing")
        return best

    def compare(self, a, b) -> int:
        """The sign of a − b."""
        if a is b:
            return 0
        minus = self.arithmetic.multiply(self.arithmetic.number(Fraction(-1)), b)
        return self.arithmetic.sign(self.arithmetic.add(a, minus))

    def sign_of(self, e: Expr, env: Env) -> int:
        """The sign of a piecewise function's argument. At 0 by accident there is a kink, and no value."""
        s = self.arithmetic.sign(self(e, env))
        if s == 0 and not has(e, Maximum) and self.shadow is not None and self.shadow.differs_from_zero(e, env):
            raise Inadmissible("on a kink")
        self.signs[(e, *self.key(e, env)[1:])] = s
        return s

    def differs_from_zero(self, e: Expr, env: Env) -> bool:
        try:
            return self.arithmetic.sign(self(e, env)) != 0
        except Inadmissible:
            return True

    def step(self, at, x):
        return self.number(at, Fraction(int(self.sign_of(at.node.args[0], at.env) >= 0)))

    def heaviside(self, at, x):
        s = self.sign_of(at.node.args[0], at.env)
        return self(at.node.args[1], at.env) if s == 0 else self.number(at, Fraction(int(s > 0)))

    def sign(self, at, x):
        return self.number(at, Fraction(self.sign_of(at.node.args[0], at.env)))

    def absolute(self, at, x):
        return self.arithmetic.multiply(self.sign(at, x), x)

    def extreme(self, at, parts):
        wanted = 1 if isinstance(at.node, Max) else -1
        best, *others = at.node.args
        for other in others:
            if self.sign_of(_gap(other, best), at.env) == wanted:
                best = other
        return self(best, at.env)

    def piecewise(self, at, branches):
        for value, condition in branches:
            if condition():
                return value()
        raise Inadmissible("no branch of the case distinction holds")

    def truth(self, value):
        return value

    def connective(self, at, conditions):
        return (all if isinstance(at.node, And) else any)(conditions)

    def same(self, at, a, b):
        return (a == b) == isinstance(at.node, Eq)

    def comparison(self, at, a, b):
        gap = _gap(*at.node.args)
        if type(at.node) not in SIGNS:
            return (self.arithmetic.sign(self(gap, at.env)) == 0) == isinstance(at.node, Eq)
        return self.sign_of(gap, at.env) in SIGNS[type(at.node)]

    def opaque(self, at, arguments):
        return unknown.polynomial(self.arithmetic, self.coefficient, at.node.func.__name__, (), list(arguments))

    def field(self, at, indices, limits, body: Body):
        if not limits:
            return unknown.polynomial(self.arithmetic, self.coefficient, at.node.name, indices, [body(at.env)])
        values = {tuple(env[k] for k, _, _ in limits): body(env) for env in self.ranges(limits, at.env)}
        return unknown.form(self.arithmetic, self.coefficient, at.node.name, indices, len(limits), values)

    def determinant(self, at, limits, body: Body):
        return matrix.determinant(self.arithmetic, self.matrix(at, limits, body))

    def inverse(self, at, indices, limits, body: Body):
        lowest = self.index(limits[0][1], at.env)
        i, j = (k - lowest for k in indices)
        return matrix.inverse(self.arithmetic, self.matrix(at, limits, body), i, j)

    def matrix(self, at, limits, body: Body) -> list[list[Any]]:
        return [[body(inner) for inner in self.ranges(limits[1:], env)] for env in self.ranges(limits[:1], at.env)]
