"""Elementwise operations, most of them one word of SymPy's."""

from collections.abc import Callable
from typing import Any

from sympy import Abs, Integer, Max, Min, Rational, cos, cosh, erf, erfc, exp, log, sign, sin, sinh, sqrt, tan, tanh

from derivations import sigmoid
from derivations.reading.arrays import Array, Outside, together
from derivations.reading.rows.table import ROWS, row

WORDS: dict[str, Callable[..., Any]] = {
    "neg": lambda a: -a,
    "exp": exp,
    "exp2": lambda a: exp(log(2) * a),
    "expm1": lambda a: exp(a) - 1,
    "log": log,
    "log1p": lambda a: log(1 + a),
    "tanh": tanh,
    "logistic": sigmoid,
    "erf": erf,
    "erfc": erfc,
    "sin": sin,
    "cos": cos,
    "sinh": sinh,
    "cosh": cosh,
    "tan": tan,
    "sqrt": sqrt,
    "rsqrt": lambda a: 1 / sqrt(a),
    "cbrt": lambda a: a ** Rational(1, 3),
    "square": lambda a: a**2,
    "abs": Abs,
    "sign": sign,
}


def entrywise(f: Callable[..., Any], *arrays: Array) -> Array:
    """f of the entries. An infinite entry has no formula: operations that take one are written out below."""
    for x in arrays:
        if x.finite is not None:
            raise Outside("−∞")
    xs = together(arrays)
    axes = next((x.axes for x in xs if x.axes), ())
    return Array(
        axes, lambda *i: f(*(x.at(*i) if x.axes else x.at() for x in xs)), undefined=any(x.undefined for x in xs)
    )


for _name, _word in WORDS.items():
    ROWS[_name] = lambda r, p, *xs, f=_word: entrywise(f, *xs)


def keeping(f: Callable[..., Any], x: Array, y: Array) -> Array:
    """−∞ stays −∞ when a finite number is added, or a positive one multiplied."""
    if x.finite is None and y.finite is None:
        return entrywise(f, x, y)
    if x.finite is not None and y.finite is not None:
        raise Outside("two infinite numbers")
    one, other = (x, y) if x.finite is not None else (y, x)
    bare = [Array(a.axes, a.at) for a in (x, y)]
    result = entrywise(f, *bare)
    one, _ = together([one, other])
    if not one.axes and other.axes:
        one = one.view(result.axes, lambda *i: ())
    return Array(result.axes, result.at, one.finite)


@row("add", "add_any")
def plus(r, p, x: Array, y: Array) -> Array:
    return keeping(lambda a, b: a + b, x, y)


@row("sub")
def minus(r, p, x: Array, y: Array) -> Array:
    if y.finite is not None:
        raise Outside("+∞")
    return keeping(lambda a, b: a - b, x, y)


@row("mul")
def times(r, p, x: Array, y: Array) -> Array:
    return keeping(lambda a, b: a * b, *positive_beside_infinity(x, y))


@row("div")
def over(r, p, x: Array, y: Array) -> Array:
    if y.finite is not None:
        raise Outside("−∞")
    return keeping(lambda a, b: a / b, *positive_beside_infinity(x, y))


def positive_beside_infinity(x: Array, y: Array) -> tuple[Array, Array]:
    for one, other in ((x, y), (y, x)):
        if one.finite is not None and not (not other.axes and other.at().is_positive):
            raise Outside("−∞ times a number of unknown sign")
    return x, y


@row("exp")
def exponential(r, p, x: Array) -> Array:
    """exp −∞ = 0."""
    if x.finite is None:
        return entrywise(exp, x)
    finite = x.finite
    return Array(x.axes, lambda *i: finite(*i) * exp(x.at(*i)))


@row("max")
def greater(r, p, x: Array, y: Array) -> Array:
    """max(−∞, x) = x."""
    for one, other in ((x, y), (y, x)):
        if one.finite is not None and not one.axes and one.finite() == 0:
            return other
    return entrywise(Max, x, y)


@row("min")
def less(r, p, x: Array, y: Array) -> Array:
    return entrywise(Min, x, y)


@row("clamp")
def clamp(r, p, low: Array, x: Array, high: Array) -> Array:
    return entrywise(lambda a, b, c: Min(Max(b, a), c), low, x, high)


@row("integer_pow")
def integer_power(r, p, x: Array) -> Array:
    return entrywise(lambda a: a ** p["y"], x)


@row("pow")
def power(r, p, x: Array, y: Array) -> Array:
    return entrywise(lambda a, b: a**b, x, y)


@row("convert_element_type", "copy", "copy_p", "reduce_precision", "pvary")
def same(r, p, x: Array) -> Array:
    return x


@row("is_finite")
def is_finite(r, p, x: Array) -> Array:
    return Array(x.axes, x.finite or (lambda *i: Integer(1)))


@row("stop_gradient")
def stop_gradient(r, p, x: Array) -> Array:
    return r.stop(x)
