"""Signs at ties and zeros: what holds there is proven without a condition, what does not is no theorem."""

import pytest
from sympy import (
    Abs,
    Derivative,
    Eq,
    Heaviside,
    IndexedBase,
    Max,
    Min,
    Piecewise,
    Rational,
    Symbol,
    cos,
    log,
    sign,
    sin,
    sqrt,
)

from derivations import Maximum, dimension, equation, index, judge, product, sigmoid, step, total

n = dimension("n")
i, j, k, l = (index(name, n) for name in "ijkl")
q = index("q", n, 2)
x, y, z, A = (IndexedBase(name) for name in "xyzA")
c, h = Symbol("c"), Symbol("h")
half = Rational(1, 2)

EVERYWHERE = {
    "|x| |y|": (Abs(x[i]) * Abs(y[i]), Abs(x[i] * y[i])),
    "sign of a product": (sign(x[i] * y[i]), sign(x[i]) * sign(y[i])),
    "sign by Heaviside": (sign(x[i]), 2 * Heaviside(x[i]) - 1),
    "Heaviside from both sides": (Heaviside(x[i]) + Heaviside(-x[i]), 1),
    "greater by the step of less": (Piecewise((1, x[i] > 0), (0, True)), 1 - step(-x[i])),
    "equal to 0": (Piecewise((1, Eq(x[i], 0)), (0, True)), 1 - sign(x[i]) ** 2),
    "max and min": (Max(x[i], y[i]) + Min(x[i], y[i]), x[i] + y[i]),
    "step of a square": (step(x[i] ** 2), 1),
    "a dead branch": (Piecewise((1, x[i] > 0), (2, x[i] > 1), (0, True)), Piecewise((1, x[i] > 0), (0, True))),
    "powers of −x": ((-x[i]) ** n, (-1) ** n * x[i] ** n),
    "even powers of −x": ((-x[i]) ** (2 * n), x[i] ** (2 * n)),
    "powers of x y": ((x[i] * y[i]) ** n, x[i] ** n * y[i] ** n),
    "product of −x": (product(-x[k], k), (-1) ** n * product(x[k], k)),
    "product of a constant": (product(c, k), c**n),
    "a square under a root": (sqrt(x[i] ** 2 + 2 * x[i] + 1), Abs(x[i] + 1)),
    "angles": (sin(x[i] + y[i]), sin(x[i]) * cos(y[i]) + cos(x[i]) * sin(y[i])),
    "a mask between whole numbers": (total(step(i - k + half) * A[i, k], i, k), total(step(i - k) * A[i, k], i, k)),
    "a mask turned": (total(step(k - i + half) * A[k, i], i, k), total(step(i - k) * A[i, k], i, k)),
    "how many there are": (total(c, index("r", n, 3)), c * Max(0, n - 2)),
}
FALSE = {
    "sign by step": (sign(x[i]), 2 * step(x[i]) - 1),
    "steps from both sides": (step(x[i]) + step(-x[i]), 1),
    "max by two steps": (Max(x[i], y[i]), x[i] * step(x[i] - y[i]) + y[i] * step(y[i] - x[i])),
    "a step beside a root": (sqrt(x[i]) + step(x[i]) + step(-x[i]), sqrt(x[i]) + 1),
    "roots of negative products": (sqrt(x[i] * y[i]) * sqrt(x[i] * z[i]), x[i] * sqrt(y[i] * z[i])),
    "the size of a product": (Abs(product(x[k], k)), product(x[k], k)),
    "in a branch that is not taken": (
        Piecewise((Derivative(Abs(x[i]), x[i]), c > 0), (step(x[i]) + step(-x[i]), True)),
        Piecewise((sign(x[i]), c > 0), (1, True)),
    ),
}
CONDITIONS = {
    "log of a square": (log(x[i] ** 2), 2 * log(Abs(x[i])), "x_i ≠ 0"),
    "logs of negative numbers": (log(x[i] * y[i]), log(-x[i]) + log(-y[i]), "−x_i > 0"),
    "1/|x|": (1 / Abs(x[i]), Abs(x[i]) / x[i] ** 2, "x_i ≠ 0"),
    "a log that is not moved": (Derivative(log(x[i]), y[i]), 0, "x_i > 0"),
    "an empty maximum": (Maximum(c, q), c, "n − 2 ≥ 0"),
    "a derivative of an empty maximum": (Derivative(Maximum(y[q], q), x[i]), 0, "n − 2 ≥ 0"),
}


@pytest.mark.parametrize("name", EVERYWHERE)
def test_it_holds_everywhere(name):
    left, right = EVERYWHERE[name]
    verdict = judge(left, right)
    assert verdict.status == "proven", str(verdict)
    assert all(c.rel_op == ">=" for c in verdict.side_conditions)


@pytest.mark.parametrize("name", FALSE)
def test_it_fails_at_a_tie(name):
    left, right = FALSE[name]
    verdict = judge(left, right, diagnose=False)
    assert verdict.status in ("refuted", "undecided"), str(verdict)
    assert getattr(verdict, "overruled", None) is None


@pytest.mark.parametrize("name", CONDITIONS)
def test_the_condition_is_said(name):
    left, right, condition = CONDITIONS[name]
    assert condition in str(judge(left, right))


def test_functions_are_real():
    assert judge(Abs(sigmoid(Maximum(x[k], k))), sigmoid(Maximum(x[k], k)), (x[i] > 0,))
    assert Maximum(x[k], k).is_real
    assert step(x[i]).is_real


def test_dummies_that_meet_after_unfolding_are_renamed():
    given = (equation(h, total(x[k], k)), equation(y[i], x[i] * h))
    assert judge(total(y[k] * h, k), h**3, given)
