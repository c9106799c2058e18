"""Numbers at a point: fractions, 100 digits where those don't suffice, and dual numbers over either.

A dual number a + b ε, ε² = 0, carries a derivative. Each derivative has an ε of its own, so that they nest: the
later one is the outer level. Two numbers that agree to 40 digits are taken for equal.
"""

from dataclasses import dataclass
from fractions import Fraction
from math import isqrt
from typing import Any

import mpmath

REAL = mpmath.mp.clone()
REAL.dps = 100
CLOSE, LARGE, REACH = REAL.mpf(10) ** -40, 10**5, 10**15  # of a difference, an argument, any number


class Undefined(Exception):
    """There is no value here: the claim says nothing at this point."""


class OutOfReach(Undefined):
    """There may be a value, but it is too large for the digits here."""


class Refused(Exception):
    """This is no formula in real numbers."""


@dataclass(frozen=True)
class Dual:
    """a + b ε, the ε of the derivative number `tag`."""

    tag: int
    a: Any
    b: Any


def real(x) -> Any:
    """The number without its ε."""
    while isinstance(x, Dual):
        x = x.a
    return x


def is_zero(x) -> bool:
    """True if the number and everything that goes with an ε is 0."""
    if isinstance(x, Dual):
        return is_zero(x.a) and is_zero(x.b)
    return x == 0 if isinstance(x, Fraction) else abs(x) < CLOSE


def sign(x) -> int:
    """−1, 0 or 1. Where the number is 0 and moves, it is on a kink, and there is no derivative."""
    value = real(x)
    if is_zero(value):
        if not is_zero(x):
            raise Undefined("on a kink")
        return 0
    return 1 if value > 0 else -1


def _split(x, tag):
    return (x.a, x.b) if isinstance(x, Dual) and x.tag == tag else (x, Fraction(0))


def _tag(x) -> int:
    return x.tag if isinstance(x, Dual) else -1


def _big(x):
    return REAL.mpf(x.numerator) / x.denominator if isinstance(x, Fraction) else x


def _within_reach(x):
    """A number that is too large for its digits after the point to be trusted is none."""
    if abs(x) > REACH:
        raise OutOfReach("a number out of reach")
    return x


def add(x, y):
    tag = max(_tag(x), _tag(y))
    if tag < 0:
        return x + y if type(x) is type(y) else _within_reach(_big(x) + _big(y))
    (a, b), (c, d) = _split(x, tag), _split(y, tag)
    return Dual(tag, add(a, c), add(b, d))


def multiply(x, y):
    tag = max(_tag(x), _tag(y))
    if tag < 0:
        return x * y if type(x) is type(y) is Fraction else _within_reach(_big(x) * _big(y))
    (a, b), (c, d) = _split(x, tag), _split(y, tag)
    return Dual(tag, multiply(a, c), add(multiply(a, d), multiply(b, c)))


def negative(x):
    return multiply(Fraction(-1), x)


def subtract(x, y):
    return add(x, negative(y))


def reciprocal(x):
    if isinstance(x, Dual):
        inverse = reciprocal(x.a)
        return Dual(x.tag, inverse, negative(multiply(x.b, multiply(inverse, inverse))))
    if is_zero(x):
        raise Undefined("division by zero")
    return 1 / x if isinstance(x, Fraction) else _within_reach(1 / x)


def whole_power(x, n: int):
    if n < 0:
        return reciprocal(whole_power(x, -n))
    if n == 0 and is_zero(real(x)):
        raise Undefined("0^0")
    if n > LARGE:
        raise OutOfReach("a power out of reach")
    result = Fraction(1)
    while n:
        if n % 2:
            result = multiply(result, x)
        x, n = multiply(x, x) if n > 1 else x, n // 2
    return result


def root(x):
    """√x of a number ≥ 0 without an ε, exact where it can be."""
    if isinstance(x, Fraction):
        top, below = isqrt(x.numerator), isqrt(x.denominator)
        if top * top == x.numerator and below * below == x.denominator:
            return Fraction(top, below)
    return REAL.sqrt(_big(x))


def power(x, y):
    """x^y for an exponent that need not be whole: x > 0, or x = 0 < y."""
    s = sign(real(x))
    if s < 0:
        raise Undefined("a root of a negative number")
    if s == 0:
        if sign(real(y)) <= 0 or isinstance(x, Dual):  # √(x²) has a kink at 0, though x² has none
            raise Undefined("0^0, or a root's slope at 0")
        return Fraction(0)
    if y == Fraction(1, 2) and not isinstance(x, Dual):
        return root(x)
    return function("exp", multiply(y, function("log", x)))


def function(name: str, x):
    """A named function of a real variable, with its derivative by the chain rule."""
    if name in PRODUCTS:
        return multiply(x, PRODUCTS[name](x))
    if name not in FUNCTIONS:
        raise Refused(f"unknown function {name}")
    value, slope = FUNCTIONS[name]
    if isinstance(x, Dual):
        return Dual(x.tag, function(name, x.a), multiply(slope(x.a), x.b))
    if abs(x) > LARGE:
        raise OutOfReach("a number out of reach")
    try:
        result = value(x)
        return result if isinstance(result, Fraction) else _within_reach(result)
    except (ValueError, ZeroDivisionError) as error:
        raise Undefined(f"{name} has no value there") from error


def _exact_at(at: int, value: int, f):
    """The value is exact at one point."""
    return lambda x: Fraction(value) if x == at else f(_big(x))


def _log(x):
    if sign(x) <= 0:
        raise Undefined("the logarithm of a number that is not positive")
    return Fraction(0) if x == 1 else REAL.log(_big(x))


def _inside(f):
    """arcsin, arccos and artanh have an edge."""

    def value(x):
        if abs(x) >= 1:
            raise Undefined("outside −1 … 1")
        return f(_big(x))

    return value


def _f(name):
    return lambda x: function(name, x)


def _one_minus_square(x):
    return subtract(Fraction(1), multiply(x, x))


def _sigmoid(x):
    return 1 / (1 + REAL.exp(-_big(x)))


def _softplus(x):
    return REAL.log(1 + REAL.exp(_big(x)))


PRODUCTS = {  # name: what x is multiplied with
    "silu": _f("sigmoid"),
    "gelu": _f("Phi"),
    "mish": lambda x: function("tanh", function("softplus", x)),
}

FUNCTIONS: dict[str, tuple] = {  # name: value at a number, slope at a number that may carry an ε
    "exp": (_exact_at(0, 1, REAL.exp), _f("exp")),
    "log": (_log, reciprocal),
    "sin": (_exact_at(0, 0, REAL.sin), _f("cos")),
    "cos": (_exact_at(0, 1, REAL.cos), lambda x: negative(function("sin", x))),
    "tan": (_exact_at(0, 0, REAL.tan), lambda x: add(Fraction(1), whole_power(function("tan", x), 2))),
    "sinh": (_exact_at(0, 0, REAL.sinh), _f("cosh")),
    "cosh": (_exact_at(0, 1, REAL.cosh), _f("sinh")),
    "tanh": (_exact_at(0, 0, REAL.tanh), lambda x: _one_minus_square(function("tanh", x))),
    "atan": (_exact_at(0, 0, REAL.atan), lambda x: reciprocal(add(Fraction(1), multiply(x, x)))),
    "asin": (_inside(REAL.asin), lambda x: reciprocal(power(_one_minus_square(x), Fraction(1, 2)))),
    "acos": (_inside(REAL.acos), lambda x: negative(reciprocal(power(_one_minus_square(x), Fraction(1, 2))))),
    "atanh": (_inside(REAL.atanh), lambda x: reciprocal(_one_minus_square(x))),
    "asinh": (REAL.asinh, lambda x: reciprocal(power(add(Fraction(1), multiply(x, x)), Fraction(1, 2)))),
    "erf": (
        _exact_at(0, 0, lambda x: REAL.erf(x)),
        lambda x: multiply(2 / REAL.sqrt(REAL.pi), function("exp", negative(multiply(x, x)))),
    ),
    "sigmoid": (
        lambda x: Fraction(1, 2) if x == 0 else _sigmoid(x),
        lambda x: multiply(function("sigmoid", x), subtract(Fraction(1), function("sigmoid", x))),
    ),
    "softplus": (_softplus, _f("sigmoid")),
    "Phi": (
        lambda x: Fraction(1, 2) if x == 0 else REAL.ncdf(_big(x)),
        lambda x: multiply(1 / REAL.sqrt(2 * REAL.pi), function("exp", multiply(Fraction(-1, 2), multiply(x, x)))),
    ),
}
