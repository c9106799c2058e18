"""Derivations: every step is judged, the first that fails is named, and all of it can be printed."""

from sympy import Derivative, IndexedBase, KroneckerDelta, exp

from derivations import Derivation, Step, dimension, equation, index, total

n = dimension("n")
i, j, k = (index(name, n) for name in "ijk")
y, z, d = (IndexedBase(name) for name in "yzd")
S = total(exp(z[k]), k)
softmax = equation(y[j], exp(z[j]) / S)
delta = KroneckerDelta(i, j)
quotient_rule = Step(delta * exp(z[j]) / S - exp(z[j]) * exp(z[i]) / S**2, "quotient rule")
named = Step(delta * y[j] - y[j] * y[i], "definition of y")
result = equation(Derivative(y[j], z[i]), y[j] * (delta - y[i]))
jacobian = Derivation("softmax", softmax, result, (quotient_rule, named))


def test_a_right_derivation():
    check = jacobian.check()
    assert check
    assert check.failed is None
    assert len(check.verdicts) == 3  # the result is a line of its own
    assert all(v.status == "proven" for v in check.verdicts)
    assert "all 3 steps are proven" in str(check)


def test_the_first_wrong_step_is_named():
    wrong = Step(delta * exp(z[j]) / S + exp(z[j]) * exp(z[i]) / S**2, "a sign went missing")
    also_wrong = Step(delta * y[j], "and a term")
    check = Derivation("softmax", softmax, result, (wrong, also_wrong)).check()
    assert not check
    assert check.failed is wrong
    assert [v.status for v in check.verdicts] == ["refuted"] * 3
    assert "step 1 (a sign went missing) fails" in str(check)
    assert check.verdicts[0].repair == quotient_rule.expression  # the first that fails is mended, later ones aren't
    assert check.verdicts[1].repair is None


def test_a_wrong_result_after_right_steps():
    wrong = equation(result.lhs, y[j] * (delta - y[j]))
    check = Derivation("softmax", softmax, wrong, (quotient_rule, named)).check()
    assert check.failed is not None
    assert check.failed.expression == wrong.rhs
    assert [bool(v) for v in check.verdicts] == [True, True, False]


def test_a_result_that_is_the_last_step_is_judged_once():
    steps = (quotient_rule, Step(result.rhs, "definition of y"))
    assert len(Derivation("softmax", softmax, result, steps).check().verdicts) == 2


def test_hypotheses_hold_in_every_step():
    sums = Derivation("sums", softmax, equation(total(d[k], k) * y[j], y[j]), given=(equation(total(d[i], i), 1),))
    assert sums.check()
    assert not Derivation("sums", softmax, sums.result).check()


def test_side_conditions_are_gathered():
    a = IndexedBase("a")
    check = Derivation("quotient", equation(y[j], 1 / a[j]), equation(Derivative(y[j], a[j]), -(y[j] ** 2))).check()
    assert [str(c) for c in check.side_conditions] == ["Ne(a[j], 0)"]
    assert "a_j ≠ 0" in str(check)


def test_latex():
    text = jacobian.latex()
    assert text.startswith(r"\begin{aligned}")
    assert text.count(r"\text{") == 4
    assert r"\frac{\partial y_{j}}{\partial z_{i}}" in text
    assert r"\sum_{k=1}^{n} e^{z_{k}}" in text
    assert r"\delta_{i j}" in text
    assert "mathrel" not in text  # no range beside an index
    assert jacobian._repr_latex_() == f"$${text}$$"


def test_unicode():
    text = jacobian.unicode()
    for part in ("softmax", "definition", "quotient rule", "definition of y", "result", "∂y_j/∂z_i = "):
        assert part in text
    assert len(text.splitlines()) == 5
    assert all(line == line.rstrip() for line in text.splitlines())
