"""The normal form: equal formulas meet, and what it says of a formula is true of its values."""

from itertools import permutations
from random import Random

import pytest
from sympy import (
    Abs,
    Function,
    IndexedBase,
    KroneckerDelta,
    Max,
    Piecewise,
    exp,
    log,
    sign,
    sqrt,
    tanh,
)

from derivations import Maximum, dimension, index, product, sigmoid, softplus, step, total
from derivations.engine.judging.hypotheses import Hypotheses
from derivations.engine.judging.points import Point, assumptions, sizes_to_try
from derivations.engine.judging.refute import STYLES
from derivations.engine.kernel import naming
from derivations.engine.kernel.assumptions import Undefined
from derivations.engine.kernel.normal_form import normal_form as normal_form_under
from derivations.engine.kernel.quotients import is_zero
from derivations.engine.kernel.readback import to_sympy
from derivations.engine.language.fold import NoFormula
from derivations.engine.language.renaming import free_indices
from derivations.engine.numbers.arithmetic import Floats, Inadmissible

n, m = dimension("n"), dimension("m")
i, j, k, l, p, q = (index(name, n) for name in "ijklpq")
a, b = index("a", m), index("b", m)
x, y, z, A, B = (IndexedBase(name) for name in "xyzAB")
w = IndexedBase("w", positive=True)
f = Function("f")

EQUAL = {
    "dummies are anonymous": (total(x[k] * y[k], k), total(x[l] * y[l], l)),
    "sums are opened": (total(x[k] * total(A[k, l] * y[l], l), k), total(y[l] * total(A[k, l] * x[k], k), l)),
    "sums part": (total(x[k] * y[l], k, l), total(x[k], k) * total(y[l], l)),
    "what is free leaves the sum": (total(x[i] * y[k], k), x[i] * total(y[l], l)),
    "a dummy counts its range": (total(x[i], k, a), n * m * x[i]),
    "a delta contracts": (total(KroneckerDelta(i, k) * A[k, j], k), A[i, j]),
    "two deltas chain": (total(KroneckerDelta(i, k) * KroneckerDelta(k, l) * x[l], k, l), x[i]),
    "a delta is idempotent": (KroneckerDelta(i, j) ** 2 * x[i], KroneckerDelta(i, j) * x[j]),
    "parity": (KroneckerDelta(2 * i, 2 * j - 1), 0 * x[i]),
    "a delta of multiples": (KroneckerDelta(2 * i, 2 * j), KroneckerDelta(i, j)),
    "a delta of shifted multiples": (KroneckerDelta(2 * i, 2 * j + 4), KroneckerDelta(i - 2, j)),
    "a square of a sum": (total(x[k], k) ** 2, total(x[k] * x[l], k, l)),
    "a sum cancels itself": (total(exp(x[k]), k) / total(exp(x[l]), l), 1 + 0 * x[i]),
    "a sum cancels under another": (total(exp(A[a, k]) * y[a] / total(exp(A[a, l]), l), k, a), total(y[b], b)),
    "exp of a sum": (exp(x[i] + y[j]), exp(x[i]) * exp(y[j])),
    "exp of a log": (exp(3 * log(w[i])), w[i] ** 3),
    "log of a product": (log(w[i] ** 2 * exp(x[j]) / 4), 2 * log(w[i]) + x[j] - 2 * log(2)),
    "a product is exp of a sum of logs": (product(w[k] ** x[k], k), exp(total(x[k] * log(w[k]), k))),
    "a quotient": ((x[i] ** 2 - y[i] ** 2) / (w[i] + 1), (x[i] - y[i]) * (x[i] + y[i]) / (1 + w[i])),
    "partial fractions": (exp(x[i]) / (1 + exp(x[i])), 1 - 1 / (1 + exp(x[i]))),
    "roots of numbers": (sqrt(8) * x[i], 2 * sqrt(2) * x[i]),
    "root of a square": (sqrt(x[i] ** 2), Abs(x[i])),
    "tanh is odd": (tanh(x[i] - y[i]), -tanh(y[i] - x[i])),
    "sigmoid is odd about ½": (sigmoid(-x[i]), 1 - sigmoid(x[i])),
    "softplus": (softplus(-x[i]), softplus(x[i]) - x[i]),
    "|x|² = x²": (Abs(x[i]) ** 2, x[i] ** 2),
    "|x| = x sign x": (Abs(x[i]), x[i] * sign(x[i])),
    "max is symmetric": (Max(x[i], y[i]), (x[i] + y[i] + Abs(x[i] - y[i])) / 2),
    "step is idempotent": (step(x[i]) ** 3, step(x[i])),
    "a positive factor drops out of step": (step(w[i] * x[i]), step(x[i])),
    "cases": (Piecewise((x[i], x[i] >= 0), (0, True)), Max(x[i], 0)),
    "a maximum takes constants out": (Maximum(x[k] + y[i], k), y[i] + Maximum(x[l], l)),
    "all steps are one of the maximum": (product(step(x[i] - x[k]), k), step(x[i] - Maximum(x[l], l))),
    "a fixed range": (total(x[index("e", 3)], index("e", 3)), x[1] + x[2] + x[3]),
    "a range from 0": (total(x[index("e", n, 0)], index("e", n, 0)), x[0] + total(x[k], k)),
    "a range from 2": (total(x[index("e", n, 2)], index("e", n, 2)), total(x[k], k) - x[1]),
    "a trace goes round": (total(A[i, j] * A[j, k] * B[k, i], i, j, k), total(B[p, q] * A[q, l] * A[l, p], l, p, q)),
    "opaque functions of equal arguments": (f(total(x[k] * 2, k)), f(2 * total(x[l], l))),
}


def normal_form(formula):
    return normal_form_under(formula, Hypotheses().reasoning())


def gap(left, right):
    under = Hypotheses().reasoning()
    return normal_form_under(left, under) - normal_form_under(right, under)


@pytest.mark.parametrize("name", EQUAL)
def test_equal_formulas_meet(name):
    left, right = EQUAL[name]
    assert is_zero(gap(left, right))


DIFFERENT = {
    "another index": (A[i, j], A[j, i]),
    "a transposed factor": (total(A[i, k] * A[k, j], k), total(A[i, k] * A[j, k], k)),
    "a square of a sum": (total(x[k] ** 2, k), total(x[k], k) ** 2),
    "a delta that isn't contracted": (total(KroneckerDelta(i, k) * x[k], k), total(x[k], k)),
    "a trace of squares": (total(A[i, j] * A[j, i], i, j), total(A[i, j] * A[i, j], i, j)),
    "the order in a cycle": (
        total(A[i, j] * B[j, k] * A[k, l] * B[l, i], i, j, k, l),
        total(A[i, j] * A[j, k] * B[k, l] * B[l, i], i, j, k, l),
    ),
    "a mixed range": (total(x[k], k), total(x[index("e", n - 1)], index("e", n - 1))),
}


@pytest.mark.parametrize("name", DIFFERENT)
def test_different_formulas_differ(name):
    left, right = DIFFERENT[name]
    assert not is_zero(gap(left, right))


FORMULAS = {
    f"{name}, {side}": pair[0 if side == "left" else 1]
    for name, pair in (EQUAL | DIFFERENT).items()
    for side in ("left", "right")
}


@pytest.mark.parametrize("name", FORMULAS)
def test_the_normal_form_has_the_formulas_values(name):
    """Read back into SymPy and evaluated, by an evaluator that knows no normal form, wherever both have a value."""
    formula, compared = FORMULAS[name], 0
    back = to_sympy(normal_form(formula))
    rng = Random(0)
    plan = sizes_to_try((formula, back), rng)
    for attempt in range(12):
        style = STYLES[attempt % len(STYLES)]
        point = Point(rng, plan[attempt % len(plan)], style, Hypotheses(), assumptions(formula))
        evaluation = point.evaluation(Floats())
        for env in point.assignments(sorted(free_indices(formula) | free_indices(back), key=str)):
            try:
                wanted, actual = evaluation(formula, env), evaluation(back, env)
            except Inadmissible:
                continue
            assert actual == pytest.approx(wanted, rel=1e-9, abs=1e-9)
            compared += 1
    assert compared > 5


def chain(names, closed=False):
    """A product of matrices over dummies e0, e1, …, open at both ends or a trace."""
    dummies = [index(f"e{number}", n) for number in range(len(names) + (not closed))]
    factors = [name[dummies[s], dummies[(s + 1) % len(dummies)]] for s, name in enumerate(names)]
    return factors, dummies


@pytest.mark.parametrize("closed", [False, True])
def test_seven_matrices_need_no_brute_force(closed, monkeypatch):
    """However the dummies are named and the factors ordered: one atom, and few branches of the search."""
    searches = []
    original = naming._search
    monkeypatch.setattr(naming, "_search", lambda *args: searches.append(1) or original(*args))
    factors, dummies = chain([A] * 7, closed)
    forms = set()
    for seed in range(3):
        names = dummies[:]
        Random(seed).shuffle(names)
        body = 1
        for factor in factors:
            body = body * factor.xreplace(dict(zip(dummies, names, strict=True)))
        searches.clear()
        forms.add(normal_form(total(body, *names)).key)
        assert len(searches) <= 8
    assert len(forms) == 1


def test_interchangeable_dummies_are_tried_once(monkeypatch):
    searches = []
    original = naming._search
    monkeypatch.setattr(naming, "_search", lambda *args: searches.append(1) or original(*args))
    normal_form(total(x[i] * total(A[i, k], k) ** 7, i))
    assert len(searches) <= 8  # of 7! orders


def test_the_order_of_sums_does_not_matter():
    body = A[i, j] * B[j, k] * x[i] * f(A[k, i])
    assert len({normal_form(total(body, *order)).key for order in permutations((i, j, k))}) == 1


def test_division_by_zero_is_undefined():
    for formula in (
        1 / (total(x[k], k) - total(x[l], l)),
        1 / KroneckerDelta(i, j),
        log(total(x[k], k) - total(x[l], l)),
        sqrt(total(x[k], k) - total(x[l], l) - 2),
    ):
        with pytest.raises(Undefined):
            normal_form(formula)


def test_side_conditions_are_noted():
    under = Hypotheses().reasoning()
    normal_form_under(1 / x[i] + log(y[i]) + 1 / w[i] + log(1 + exp(x[i])) + 1 / (1 + x[i] ** 2), under)
    assert {(kind, str(to_sympy(poly))) for (kind, _), poly in under.needed.items()} == {
        ("nonzero", "x[i]"),
        ("positive", "y[i]"),
    }


def test_an_index_must_be_affine():
    with pytest.raises(NoFormula, match="whole coefficients"):
        normal_form(x[i * j])
    with pytest.raises(NoFormula, match="language of formulas"):
        normal_form(Function("f")(IndexedBase("x")))
