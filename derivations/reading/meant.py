"""The number that was meant by a float in code: 1e-5 is 1/100000, 0.70710678 is 1/√2."""

from fractions import Fraction
from functools import cache
from typing import Any

import numpy as np
from sympy import Expr, Rational, log, pi, sqrt


def meant(value: Any) -> Expr:
    """The shortest decimal that rounds to it in single precision, unless that is long and a known constant is near."""
    single = np.float32(value)
    text = str(single)
    decimal = Fraction(text)
    if len(text.strip("-0.").replace(".", "").split("e")[0]) >= 7:
        for known, number in constants():
            if abs(known - abs(float(value))) <= 6e-8 * known:
                return number if value > 0 else -number
        for irrational in (sqrt(2 / pi), 1 / sqrt(2 * pi), pi, sqrt(2), log(2)):
            ratio = str(np.float32(float(value) / float(irrational)))
            if len(ratio.strip("-0.").replace(".", "")) <= 5 and "e" not in ratio:
                return Rational(ratio) * irrational
    if np.float32(float(decimal)) != single:
        decimal = Fraction(float(value))
    return Rational(decimal.numerator, decimal.denominator)


@cache
def constants() -> tuple[tuple[float, Expr], ...]:
    """Roots, π, logarithms and simple fractions, as they are written in formulas."""
    roots = [sqrt(Rational(p, q)) for p in range(1, 33) for q in range(1, 33)]
    circles = [
        c * pi for c in (1, 2, 4, Rational(1, 2), Rational(1, 3), Rational(1, 4), Rational(1, 8), Rational(1, 180))
    ]
    circles += [1 / c for c in circles] + [sqrt(c) for c in circles] + [1 / sqrt(c) for c in circles]
    logs = [s * log(n) for n in (2, 3, 10, 2 * pi) for s in (1, Rational(1, 2))] + [1 / log(n) for n in (2, 10)]
    fractions = [Rational(p, q) for q in range(3, 100) for p in range(1, 4 * q)]
    numbers = dict.fromkeys([*fractions, *roots, *circles, *logs])
    return tuple((float(n), n) for n in numbers)
