"""The value of a formula at a point: exact where it is rational, a rigorous interval where it isn't.

A point gives every dimension a size and every array element a rational; opaque functions become random polynomials,
so that their derivatives are known. Rational operations are carried out exactly, exp and log in interval arithmetic at
40 digits. `Floats` does the same in floating point: it is fast, and only ever used to decide where to look closely.
Nothing here knows the normal form: what this finds is independent of the proofs.
"""

import math
from collections.abc import Callable, Iterator, Mapping
from fractions import Fraction
from itertools import product as cartesian
from typing import Any

from sympy import (
    Abs,
    Add,
    Expr,
    Heaviside,
    Idx,
    Indexed,
    Integer,
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
    exp,
    log,
    sign,
)
from sympy.core.function import AppliedUndef
from sympy.core.numbers import NumberSymbol
from sympy.core.relational import Eq, Ge, Gt, Le, Lt, Ne, Relational
from sympy.logic.boolalg import And, BooleanFalse, BooleanTrue, Or

from derivations.engine.language.renaming import free_indices
from derivations.engine.language.vocabulary import FieldValue, Maximum, sigmoid, softplus, step
from derivations.engine.numbers.arithmetic import Inadmissible


class Evaluation:
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
        self.memory: dict = {}
        self.free: dict[Expr, tuple[Idx, ...]] = {}
        self.signs: dict[Expr, int] = {}  # of every argument of a step, sign, maximum … without dummies

    def __call__(self, e: Expr, env: Mapping[Idx, int]) -> Any:
        if isinstance(e, Rational):
            return self.arithmetic.number(Fraction(int(e.p), int(e.q)))
        free = self.free.get(e)
        if free is None:
            free = self.free[e] = tuple(free_indices(e))
        key = (e, *(env.get(k) for k in free))
        if key not in self.memory:
            self.memory[key] = self._evaluate(e, env)
        return self.memory[key]

    def integer(self, e: Expr, env: Mapping[Idx, int]) -> int:
        """The value of an index or of the end of a range."""
        if isinstance(e, Integer):
            return int(e)
        if isinstance(e, Idx):
            return env[e]
        if isinstance(e, Symbol):
            return env[e] if e in env else self.sizes[e]  # type: ignore[index]
        parts = [self.integer(a, env) for a in e.args]
        return sum(parts) if isinstance(e, Add) else math.prod(parts)

    def ranges(self, limits, env) -> Iterator[dict]:
        """Every assignment of the dummies in the limits."""
        values = [range(self.integer(lower, env), self.integer(upper, env) + 1) for _, lower, upper in limits]
        for point in cartesian(*values):
            yield {**env, **{k: v for (k, _, _), v in zip(limits, point, strict=True)}}

    def _evaluate(self, e: Expr, env) -> Any:
        for kinds, method in METHODS:
            if isinstance(e, kinds):
                return method(self, e, env)
        raise Inadmissible(f"{type(e).__name__} can't be evaluated")

    def _sum_of(self, values) -> Any:
        result = self.arithmetic.number(Fraction(0))
        for v in values:
            result = self.arithmetic.add(result, v)
        return result

    def _product_of(self, values) -> Any:
        result = self.arithmetic.number(Fraction(1))
        for v in values:
            result = self.arithmetic.multiply(result, v)
        return result

    def _add(self, e, env):
        return self._sum_of(self(a, env) for a in e.args)

    def _mul(self, e, env):
        """A factor that is exactly 0, such as a delta, spares the others; they must still have a value elsewhere."""
        result = self.arithmetic.number(Fraction(1))
        for a in sorted(e.args, key=lambda a: not isinstance(a, (KroneckerDelta, Rational))):
            v = self(a, env)
            if isinstance(a, KroneckerDelta) and v == 0:
                return v
            result = self.arithmetic.multiply(result, v)
        return result

    def _pow(self, e, env):
        base, exponent = self(e.base, env), e.exp
        if isinstance(exponent, Integer):
            whole = self._product_of(base for _ in range(abs(int(exponent))))
            return whole if exponent > 0 else self.arithmetic.reciprocal(whole)
        return self._exp_of(self.arithmetic.multiply(self(exponent, env), self._log_of(base)))

    def _exp_of(self, x):
        return self.arithmetic.number(Fraction(1)) if x == 0 else self.arithmetic.function("exp", x)

    def _log_of(self, x):
        if self.arithmetic.sign(x) <= 0:
            raise Inadmissible("the logarithm of a number that is not positive")
        return self.arithmetic.number(Fraction(0)) if x == 1 else self.arithmetic.function("log", x)

    def _sigmoid_of(self, x):
        a = self.arithmetic
        grown = self._exp_of(a.multiply(a.number(Fraction(-1)), x))
        return a.reciprocal(a.add(a.number(Fraction(1)), grown))

    def _softplus_of(self, x):
        return self._log_of(self.arithmetic.add(self.arithmetic.number(Fraction(1)), self._exp_of(x)))

    def _sum(self, e, env):
        return self._sum_of(self(e.function, inner) for inner in self.ranges(e.limits[::-1], env))

    def _product(self, e, env):
        return self._product_of(self(e.function, inner) for inner in self.ranges(e.limits[::-1], env))

    def _maximum(self, e, env):
        best = None
        for inner in self.ranges((e.limits,), env):
            if self.arithmetic.sign(self(e.where, inner)):
                value = self(e.body, inner)
                if best is None or self.compare(value, best) > 0:
                    best = value
        if best is None:
            raise Inadmissible("the maximum over nothing")
        return best

    def compare(self, a, b) -> int:
        return (
            0
            if a is b
            else self.arithmetic.sign(
                self.arithmetic.add(a, self.arithmetic.multiply(self.arithmetic.number(Fraction(-1)), b))
            )
        )

    def sign_of(self, e: Expr, env) -> int:
        """The sign of a piecewise function's argument. At 0 by accident there is a kink, and no value."""
        value = self(e, env)
        s = self.arithmetic.sign(value)
        if s == 0 and not e.has(Maximum) and self.shadow is not None and self.shadow.differs_from_zero(e, env):
            raise Inadmissible("on a kink")
        self.signs[(e, *(env.get(k) for k in self.free.get(e, ())))] = s
        return s

    def differs_from_zero(self, e: Expr, env) -> bool:
        try:
            return self.arithmetic.sign(self(e, env)) != 0
        except Inadmissible:
            return True

    def _step(self, e, env):
        return self.arithmetic.number(Fraction(int(self.sign_of(e.args[0], env) >= 0)))

    def _sign(self, e, env):
        return self.arithmetic.number(Fraction(self.sign_of(e.args[0], env)))

    def _abs(self, e, env):
        s = self.sign_of(e.args[0], env)
        return self.arithmetic.multiply(self.arithmetic.number(Fraction(s)), self(e.args[0], env))

    def _max(self, e, env):
        wanted = 1 if isinstance(e, Max) else -1
        best, *others = e.args
        for other in others:
            if self.sign_of(other - best, env) == wanted:
                best = other
        return self(best, env)

    def _piecewise(self, e, env):
        for value, condition in e.args:
            if self.holds(condition, env):
                return self(value, env)
        raise Inadmissible("no branch of the case distinction holds")

    def holds(self, condition, env) -> bool:
        if isinstance(condition, (BooleanTrue, BooleanFalse)):
            return bool(condition)
        if isinstance(condition, (And, Or)):
            return (all if isinstance(condition, And) else any)(self.holds(c, env) for c in condition.args)
        if not isinstance(condition, Relational):
            raise Inadmissible(f"{condition} is no comparison")
        left, right = condition.lhs, condition.rhs
        if isinstance(condition, (Eq, Ne)):
            try:
                equal = self.integer(left, env) == self.integer(right, env)
            except (KeyError, TypeError):
                equal = self.arithmetic.sign(self(left - right, env)) == 0
            return equal == isinstance(condition, Eq)
        s = self.sign_of(left - right, env)
        return {Gt: s > 0, Ge: s >= 0, Lt: s < 0, Le: s <= 0}[
            next(kind for kind in (Gt, Ge, Lt, Le) if isinstance(condition, kind))
        ]

    def _polynomial(self, name: str, indices: tuple[int, ...], arguments: list) -> Any:
        """An opaque function f as a random polynomial, Σ c_ab… x^a y^b …, exponents up to 3, and its derivatives."""
        base, *primes = name.split("'")
        orders = [0] * len(arguments)
        for p in primes:
            orders[int(p or 1) - 1] += 1
        degree = 3 if len(arguments) == 1 else 2
        terms = []
        for exponents in cartesian(range(degree + 1), repeat=len(arguments)):
            if all(e >= o for e, o in zip(exponents, orders, strict=True)):
                c = self.coefficient(base, indices, exponents) * math.prod(
                    math.perm(e, o) for e, o in zip(exponents, orders, strict=True)
                )
                powers = (x for x, e, o in zip(arguments, exponents, orders, strict=True) for _ in range(e - o))
                terms.append(self._product_of([self.arithmetic.number(Fraction(c)), *powers]))
        return self._sum_of(terms)

    def _opaque(self, e, env):
        return self._polynomial(e.func.__name__, (), [self(a, env) for a in e.args])

    def _field(self, e, env):
        """F_j(v) = Σ_k a_jk v_k + (Σ_k b_jk v_k)², with its first and second derivatives."""
        body, limits = e.body, e.limits
        base, *primes = e.name.split("'")
        where = tuple(self.integer(i, env) for i in e.indices)
        if not limits:
            return self._polynomial(e.name, where, [self(body, env)])
        j, wrt = where[: len(where) - len(primes)], where[len(where) - len(primes) :]
        number = self.arithmetic.number

        def a(k):
            return number(self.coefficient(base, j, ("a", k)))

        def b(k):
            return number(self.coefficient(base, j, ("b", k)))

        values = {inner[limits[0]]: self(body, inner) for inner in self.ranges((limits,), env)}
        inner = self._sum_of(self.arithmetic.multiply(b(k), v) for k, v in values.items())
        if not wrt:
            linear = self._sum_of(self.arithmetic.multiply(a(k), v) for k, v in values.items())
            return self.arithmetic.add(linear, self.arithmetic.multiply(inner, inner))
        slope = self._product_of([number(Fraction(2)), *(b(m) for m in wrt)])
        if len(wrt) == 1:
            return self.arithmetic.add(a(wrt[0]), self.arithmetic.multiply(slope, inner))
        return slope if len(wrt) == 2 else number(Fraction(0))

    def _named(self, e, env):
        return self.arithmetic.function(e.func.__name__, self(e.args[0], env))

    def _delta(self, e, env):
        return self.arithmetic.number(Fraction(int(self.integer(e.args[0], env) == self.integer(e.args[1], env))))

    def _indexed(self, e, env):
        return self.arithmetic.number(self.lookup(str(e.base.label), tuple(self.integer(i, env) for i in e.indices)))

    def _symbol(self, e, env):
        if isinstance(e, Idx) or e in env or e in self.sizes:
            return self.arithmetic.number(Fraction(self.integer(e, env)))
        return self.arithmetic.number(self.lookup(e.name, ()))


METHODS = (
    (NumberSymbol, lambda self, e, env: self.arithmetic.constant(e)),
    ((Symbol, Idx), Evaluation._symbol),
    (Indexed, Evaluation._indexed),
    (Add, Evaluation._add),
    (Mul, Evaluation._mul),
    (Pow, Evaluation._pow),
    (Sum, Evaluation._sum),
    (Product, Evaluation._product),
    (KroneckerDelta, Evaluation._delta),
    (exp, lambda self, e, env: self._exp_of(self(e.args[0], env))),
    (log, lambda self, e, env: self._log_of(self(e.args[0], env))),
    (sigmoid, lambda self, e, env: self._sigmoid_of(self(e.args[0], env))),
    (softplus, lambda self, e, env: self._softplus_of(self(e.args[0], env))),
    ((step, Heaviside), Evaluation._step),
    (sign, Evaluation._sign),
    (Abs, Evaluation._abs),
    ((Max, Min), Evaluation._max),
    (Maximum, Evaluation._maximum),
    (Piecewise, Evaluation._piecewise),
    (FieldValue, Evaluation._field),
    (AppliedUndef, Evaluation._opaque),
    (object, Evaluation._named),
)
