"""Random formulas: their normal form has their values, and their derivative is their difference quotient.

Both are compared in exact and interval arithmetic at 40 digits, wherever the noted side conditions hold: a rewrite that
is wrong at one point of one formula shows here, without anybody having thought of it.
"""

from fractions import Fraction
from random import Random

import pytest
from sympy import (
    Abs,
    Expr,
    Function,
    I,
    IndexedBase,
    KroneckerDelta,
    Max,
    Piecewise,
    Rational,
    Symbol,
    exp,
    log,
    sign,
    sqrt,
    tanh,
)

from derivations import Field, Maximum, derivative, dimension, index, product, sigmoid, softplus, step, total
from derivations.engine.judging.hypotheses import Hypotheses
from derivations.engine.judging.points import Point, assumptions
from derivations.engine.kernel.assumptions import Undefined
from derivations.engine.kernel.normal_form import normal_form
from derivations.engine.kernel.readback import to_sympy
from derivations.engine.language.domains import smooth_where
from derivations.engine.language.renaming import free_indices
from derivations.engine.numbers.arithmetic import Inadmissible, Intervals

n = dimension("n")
i, j = index("i", n), index("j", n)
DUMMIES = [index(name, n) for name in ("k", "l", "p", "q")]
x, y, A = IndexedBase("x"), IndexedBase("y"), IndexedBase("A")
w, c, f, F = IndexedBase("w", positive=True), Symbol("c"), Function("f"), Field("F")


def formula(r: Random, depth: int, scope: list) -> Expr:
    """A random formula whose free indices are in scope."""

    def part():
        return formula(r, depth - 1, scope)

    def some():
        return r.choice(scope)

    leaves = [
        c,
        Rational(r.randint(-3, 3), r.randint(1, 3)),
        n,
        KroneckerDelta(some(), some()),
        x[some()],
        y[some()],
        w[some()],
        A[some(), some()],
        x[some()],
        w[some()],
    ]
    if depth == 0 or r.random() < 0.15:
        return r.choice(leaves)
    unused = [k for k in DUMMIES if k not in scope]
    inner = [*scope, unused[0]] if unused else scope
    k = inner[-1]
    makers = [
        lambda: part() + part(),
        lambda: part() * part(),
        lambda: part() * part(),
        lambda: part() - part(),
        lambda: part() ** r.choice([2, 3]),
        lambda: part() / r.choice([1 + part() ** 2, w[some()], part(), 1 + exp(part())]),
        lambda: exp(part() / 3),
        lambda: log(r.choice([w[some()], 1 + part() ** 2, part()])),
        lambda: sqrt(r.choice([1 + part() ** 2, part() ** 2, w[some()]])),
        lambda: f(part()),
        lambda: r.choice([sigmoid, softplus, tanh, step, sign, Abs])(part()),
        lambda: Max(part(), part()),
        lambda: Piecewise((part(), c * w[some()] >= x[some()]), (part(), True)),
    ]
    if unused:
        makers += [lambda: total(formula(r, depth - 1, inner), k)] * 4
        makers += [
            lambda: product(w[k] + formula(r, depth - 1, inner) ** 2, k),
            lambda: F[()](formula(r, depth - 1, inner), k),
            lambda: Maximum(formula(r, depth - 1, inner), k),
        ]
    return r.choice(makers)()


def formulas(seeds: range, depth: int):
    for seed in seeds:
        try:
            e = formula(Random(seed), depth, [i, j])
        except (TypeError, ValueError, RecursionError):  # SymPy refuses some comparisons, and loops on some tanh
            continue
        if e.is_finite is not False and not e.has(I):
            yield seed, e


def holds(evaluation, conditions) -> bool:
    """True if every condition holds for every value of its indices."""
    for kind, e in conditions:
        for env in evaluation.ranges([(k, k.lower, k.upper) for k in sorted(free_indices(e), key=str)], {}):
            s = evaluation.arithmetic.sign(evaluation(e, env))
            if s == 0 or (kind == "positive" and s < 0):
                return False
    return True


def differ(evaluation, a, b) -> bool:
    """True if the two are different numbers, beyond what their intervals leave open."""
    try:
        return evaluation.compare(a, b) != 0
    except Inadmissible:
        return False


def random_point(seed, *parts):
    style = ("signed", "positive", "unit")[seed % 3]
    return Point(Random(seed), {n: Random(seed).choice((2, 3))}, style, Hypotheses(), assumptions(*parts))


@pytest.mark.slow
def test_the_normal_form_has_the_values_of_the_formula():
    compared = 0
    for seed, e in formulas(range(400), depth=4):
        try:
            under = Hypotheses().reasoning()
            back = to_sympy(normal_form(e, under))
            conditions = [(kind, to_sympy(poly)) for (kind, _), poly in under.needed.items()]
        except Undefined:
            continue
        point = random_point(seed, e)
        evaluation = point.evaluation(Intervals())
        try:
            if not holds(evaluation, conditions):
                continue
            for env in list(point.assignments([i, j]))[:4]:
                assert not differ(evaluation, evaluation(e, env), evaluation(back, env)), (seed, e, back)
                compared += 1
        except (Inadmissible, OverflowError):
            continue
    assert compared > 400


@pytest.mark.slow
def test_the_derivative_is_the_difference_quotient():
    """(e(x + h) − e(x − h)) / 2h = e′(x) + O(h²) at h = 10⁻⁹, off every kink."""
    compared, h = 0, Fraction(1, 10**9)
    for seed, e in formulas(range(1000, 1500), depth=3):
        if not e.has(x):
            continue
        slope, domain = derivative(e, x[1]), smooth_where(e, x[1])
        point = random_point(seed, e, slope)
        at = point.evaluation(Intervals())
        try:
            env = {i: 1, j: 2}
            if not point.satisfies(at, env, [r for r in domain if r.is_Relational]):
                continue
            wanted = at(slope, env)
            middle, sides = point.value("x", (1,)), []
            for shifted in (middle + h, middle - h):
                point.values["x", (1,)] = shifted
                sides.append(point.evaluation(Intervals())(e, env))
        except (Inadmissible, OverflowError, KeyError):
            continue
        arithmetic = at.arithmetic
        quotient = arithmetic.multiply(
            arithmetic.add(sides[0], arithmetic.multiply(Fraction(-1), sides[1])), 1 / (2 * h)
        )
        scale = 1 + abs(float(arithmetic.bounds(wanted)[0]))
        difference = arithmetic.add(quotient, arithmetic.multiply(Fraction(-1), wanted))
        low, high = map(float, arithmetic.bounds(difference))
        if high - low > 1e-7 * scale:  # of a number so large 40 digits don't tell its difference
            continue
        assert max(abs(low), abs(high)) <= 1e-6 * scale, (seed, e, slope)
        compared += 1
    assert compared > 100
