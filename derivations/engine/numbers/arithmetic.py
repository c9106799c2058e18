"""Numbers to evaluate formulas with: exact where rational and intervals of 40 digits elsewhere, or floating point."""

import math
from collections.abc import Iterable
from fractions import Fraction
from functools import reduce
from typing import Any

from mpmath.ctx_iv import MPIntervalContext
from mpmath.ctx_mp import MPContext
from sympy.core.numbers import NumberSymbol

_interval, _precise = MPIntervalContext(), MPContext()
_interval.dps, _precise.dps = 40, 60
_PAD = _interval.mpf([-1, 1]) * _interval.mpf(10) ** -50

# The functions that are computed as such; all others by what they are defined as.
FUNCTIONS = frozenset({"exp", "log", "sin", "cos", "sinh", "cosh", "tanh", "erf", "atan"})


class Inadmissible(Exception):
    """The formula has no value at this point, or sits on a kink there."""


def added(arithmetic: Any, values: Iterable[Any]) -> Any:
    """Σ values."""
    return reduce(arithmetic.add, values, arithmetic.number(Fraction(0)))


def multiplied(arithmetic: Any, values: Iterable[Any]) -> Any:
    """Π values."""
    return reduce(arithmetic.multiply, values, arithmetic.number(Fraction(1)))


LARGEST = 1 << 14  # bits of a fraction that stays one


class Intervals:
    """Rationals exactly, everything else, and what has thousands of digits, as an interval of 40 digits."""

    def number(self, value: Fraction) -> Any:
        return value

    def short(self, x: Any) -> Any:
        long = isinstance(x, Fraction) and x.numerator.bit_length() + x.denominator.bit_length() > LARGEST
        return self._in(x) if long else x

    def _in(self, x):
        return _interval.mpf(x.numerator) / x.denominator if isinstance(x, Fraction) else x

    def add(self, a, b):
        return self.short(a + b) if type(a) is type(b) else self._in(a) + self._in(b)

    def multiply(self, a, b):
        if (isinstance(a, Fraction) and a == 0) or (isinstance(b, Fraction) and b == 0):
            return Fraction(0)
        return self.short(a * b) if type(a) is type(b) else self._in(a) * self._in(b)

    def reciprocal(self, a):
        if self.sign(a) == 0:
            raise Inadmissible("division by zero")
        return 1 / a

    def sign(self, a) -> int:
        if isinstance(a, Fraction):
            return (a > 0) - (a < 0)
        if a.a > 0:
            return 1
        if a.b < 0:
            return -1
        raise Inadmissible("a sign that 40 digits don't decide")

    def function(self, name: str, x):
        x = self._in(x)
        if name == "tanh":
            return 1 - 2 / (_interval.exp(2 * x) + 1)
        if name in ("sinh", "cosh"):
            return (_interval.exp(x) + (1 if name == "cosh" else -1) * _interval.exp(-x)) / 2
        if name in ("exp", "log", "sin", "cos"):
            return getattr(_interval, name)(x)
        if name in ("erf", "atan"):  # they rise, and are computed to 60 digits
            low, high = (getattr(_precise, name)(_precise.mpf(end._mpi_[0])) for end in (x.a, x.b))
            return _interval.mpf([low, high]) + _PAD
        raise Inadmissible(f"no interval arithmetic for {name}")

    def constant(self, e: NumberSymbol):
        return _interval.mpf(str(e.evalf(60))) + _PAD

    def bounds(self, x) -> tuple[Any, Any]:
        return (x, x) if isinstance(x, Fraction) else (x.a, x.b)


class Floats:
    """The same in floating point."""

    def number(self, value: Fraction) -> float:
        return float(value)

    def add(self, a, b):
        return a + b

    def multiply(self, a, b):
        return a * b

    def reciprocal(self, a):
        if a == 0:
            raise Inadmissible("division by zero")
        return 1 / a

    def sign(self, a) -> int:
        return (a > 0) - (a < 0)

    def function(self, name: str, x):
        try:
            return getattr(math, name)(x)
        except (OverflowError, ValueError) as error:
            raise Inadmissible(f"{name} of {x}") from error

    def constant(self, e: NumberSymbol) -> float:
        return float(e)


class Exact:
    """Rationals alone."""

    def number(self, value: Fraction) -> Fraction:
        return value

    def add(self, a: Fraction, b: Fraction) -> Fraction:
        return a + b

    def multiply(self, a: Fraction, b: Fraction) -> Fraction:
        return a * b

    def reciprocal(self, a: Fraction) -> Fraction:
        if a == 0:
            raise Inadmissible("division by zero")
        return 1 / a

    def sign(self, a: Fraction) -> int:
        return (a > 0) - (a < 0)

    def function(self, name: str, x: Fraction) -> Fraction:
        raise Inadmissible(f"{name} of a number is not rational")

    def constant(self, e: NumberSymbol) -> Fraction:
        raise Inadmissible(f"{e} is not rational")
