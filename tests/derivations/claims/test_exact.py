"""The evaluator against SymPy's own sums, derivatives and numbers, and against mistakes planted in a formula."""

from fractions import Fraction
from random import Random

import pytest
from sympy import Abs, Derivative, Max, Product, Rational, Symbol, exp, log, sqrt, tanh

from claims.decide import claim, decide
from claims.exact import Evaluation
from claims.judging import total
from claims.letters import A, D, c, f, i, j, k, l, n, positive, theta, x, y
from claims.numbers import Undefined, real
from claims.points import Point

FORMULAS = [
    total(x[k] ** 2 * y[k], k),
    total(A[k, l] * x[k] * x[l], k, l),
    exp(total(x[k], k) / 5) / (1 + total(x[k] ** 2, k)),
    sqrt(1 + total(x[k] ** 2, k)) * tanh(x[1] - y[2]),
    log(1 + x[1] ** 2) * theta**3 - c * x[2],
    Product(1 + x[k] ** 2, (k, 1, n)),
    total(x[k] * total(A[k, l] * x[l], l), k) ** 2,
    theta ** (n + 1) * Abs(x[1] + 10) + Max(x[2], 7 * theta**2 + 1),
]


def of_sympy(e, size: int, values: dict):
    """The formula written out by SymPy, with the entries as symbols."""
    bare = {dummy: Symbol(dummy.name, integer=True) for dummy in e.atoms(type(k))}
    written = e.xreplace(bare).subs(n, size).doit()
    names = {entry: Symbol(str(entry), real=True) for entry in written.atoms(type(x[1]))}
    return written.xreplace(names), {names.get(entry, entry): value for entry, value in values.items()}


@pytest.mark.parametrize("e", FORMULAS, ids=str)
def test_values_and_derivatives_are_those_of_sympy(e):
    """`xreplace` of the entries by numbers, and `diff` by a plain symbol."""
    rng = Random(1)
    for size in (2, 3):
        point = Point(rng, {n: size}, (), {}, "signed")
        evaluation = Evaluation(point)
        for variable in (x[1], x[2], theta):
            ours = evaluation(Derivative(e, variable, variable)), evaluation(Derivative(e, variable)), evaluation(e)
            values = {
                (name if not where else _entry(name, where)): Rational(v.numerator, v.denominator)
                for (name, where), v in point.values.items()
            }
            written, numbers = of_sympy(e, size, values)
            by = Symbol(str(variable), real=True) if variable != theta else theta
            for order, value in zip((2, 1, 0), ours, strict=True):
                wanted = written.diff(by, order) if order else written
                # a sum that SymPy does not see through would stay
                assert abs(float(wanted.xreplace(numbers).evalf(30)) - float(real(value))) < 1e-9 * (
                    1 + abs(float(real(value)))
                )


def _entry(name, where):
    return {"x": x, "y": y, "A": A}[str(name)][where]


def test_numbers_are_exact_where_they_can_be():
    point = Point(Random(2), {n: 3}, (), {}, "signed")
    assert isinstance(Evaluation(point)(total(x[k] ** 2, k) / 7), Fraction)
    assert Evaluation(point)(sqrt(x[1] ** 2)) == abs(point.values[Symbol("x"), (1,)])


def test_a_planted_mistake_is_found_and_its_absence_is_not():
    left = Derivative(exp(x[i]) / total(exp(x[k]), k), x[j])
    s = exp(x[i]) / total(exp(x[k]), k)
    right = s * (D(i, j) - exp(x[j]) / total(exp(x[l]), l))
    assert decide(claim(left, right)).word == "true"
    for wrong in (-right, right + Rational(1, 10**12), right.xreplace({j: i}), s * D(i, j)):
        assert decide(claim(left, wrong)).word == "false"


def test_an_unknown_function_has_the_slope_that_it_has():
    point = Point(Random(3), {n: 2}, (), {}, "signed")
    h = Fraction(1, 10**6)
    evaluation = Evaluation(point)
    slope, middle = evaluation(Derivative(f(theta), theta)), evaluation(f(theta))
    point.values[theta, ()] += h
    assert abs((Evaluation(point)(f(theta)) - middle) / h - slope) < 1e-3


def test_no_value_is_no_number():
    point = Point(Random(4), {n: 1}, (), {}, "signed")
    for e in (
        1 / (x[1] - x[1] + 0 * y[1] + total(y[k], k) - y[1]),
        log(-positive[1]),
        Derivative(Abs(x[1] - point.value(Symbol("x"), (1,))), x[1]),
    ):
        with pytest.raises(Undefined):
            Evaluation(point)(e)
