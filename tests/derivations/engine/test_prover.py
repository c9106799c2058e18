"""Verdicts: proven with side conditions, refuted with a counterexample that can be checked, refused with a reason."""

from fractions import Fraction

import pytest
from sympy import (
    Abs,
    Derivative,
    Eq,
    Function,
    Heaviside,
    Idx,
    IndexedBase,
    KroneckerDelta,
    Max,
    Ne,
    Product,
    Rational,
    Sum,
    Symbol,
    exp,
    gamma,
    log,
    sign,
    sqrt,
    tanh,
    zeta,
)

from derivations import Maximum, dimension, equation, index, judge, prime, product, sigmoid, step, total
from derivations.engine.judging.hypotheses import gather
from derivations.engine.kernel.normal_form import normal_form
from derivations.engine.language.plain import plain

n, m = dimension("n"), dimension("m")
i, j, k, l = (index(name, n) for name in "ijkl")
a = index("a", m)
x, y, z, d, g, W, S = (IndexedBase(name) for name in ("x", "y", "z", "d", "g", "W", "S"))
f = Function("f")
D = KroneckerDelta
softmax = equation(y[i], exp(z[i]) / total(exp(z[k]), k))
cross_entropy = -total(d[k] * log(y[k]), k)
kink_of_z = Ne(z[i], 0)


def test_softmax():
    verdict = judge(Derivative(y[j], z[i]), y[j] * (D(i, j) - y[i]), given=(softmax,))
    assert (verdict.status, verdict.dimension, verdict.side_conditions) == ("proven", "arbitrary", ())
    assert verdict
    assert verdict.seconds > 0


def test_cross_entropy_needs_targets_that_sum_to_one():
    claim = Derivative(cross_entropy, z[i]), y[i] - d[i]
    assert judge(*claim, given=(softmax, equation(total(d[k], k), 1))).status == "proven"
    assert judge(*claim, given=(softmax, equation(total(d[k], k), 2))).status == "refuted"
    without = judge(*claim, given=(softmax,))
    assert without.status == "refuted"
    targets = [v for name, v in without.counterexample.inputs.items() if name.startswith("d[")]
    assert sum(targets) != 1


SIDE_CONDITIONS = [
    (Derivative(Max(z[i], 0), z[i]), step(z[i]), {Ne(z[i], 0)}),
    (Derivative(Abs(z[i]), z[i]), sign(z[i]), {Ne(z[i], 0)}),
    (x[i] / z[i] * z[i], x[i], set()),
    (Derivative(log(z[i]), z[i]), 1 / z[i], {z[i] > 0}),
    (Derivative(1 / z[i], z[i]), -1 / z[i] ** 2, {Ne(z[i], 0)}),
    (
        Derivative(Maximum(z[k], k), z[i]),
        step(z[i] - Maximum(z[k], k)),
        {Eq(total(step(z[k] - Maximum(z[k], k)), k), 1)},
    ),
    (log(z[i] * z[j]), log(z[i]) + log(z[j]), {z[i] > 0}),
]


@pytest.mark.parametrize(("left", "right", "conditions"), SIDE_CONDITIONS)
def test_side_conditions_are_said(left, right, conditions):
    verdict = judge(left, right)
    assert verdict.status == "proven"
    assert set(verdict.side_conditions) == conditions
    assert all(plain(c) in str(verdict) for c in conditions)
    assert "where" in str(verdict)


def test_a_hypothesis_discharges_its_condition():
    claim = Derivative(log(1 - z[i]), z[i]), -1 / (1 - z[i])
    assert judge(*claim).side_conditions
    assert judge(*claim, given=(z[i] < 1,)).side_conditions == ()
    assert judge(Derivative(log(z[j]), z[j]), 1 / z[j], given=(z[i] > 0,)).side_conditions == ()


def test_hypotheses():
    assert judge(d[i] ** 3, d[i], given=(equation(d[k] ** 2, d[k]),)).status == "proven"
    assert judge(d[i] ** 3, d[i]).status == "refuted"
    assert judge(D(i, j) * x[i], 0, given=(Ne(i, j),)).status == "proven"


def test_a_hypothesis_holds_for_every_value_of_its_indices():
    rows = equation(total(W[i, k], k), 1)
    assert judge(total(x[j] * W[j, k], j, k), total(x[j], j), given=(rows,)).status == "proven"
    assert judge(total(x[k] * W[j, k], j, k), total(x[k], k), given=(rows,)).status == "refuted"


def test_a_hypothesis_about_a_sum_needs_the_whole_sum():
    """Σ_k d_k = 1 says nothing of Σ_k d_k y_k."""
    under = gather((equation(total(d[i], i), 1),)).reasoning()
    assert normal_form(total(d[k] * y[k], k), under).key.count("d[") == 1
    assert normal_form(total(d[k] * y[l], k, l), under) == normal_form(total(y[j], j), under)
    assert normal_form(total(d[k] ** 2, k), under) != normal_form(total(d[k], k), under)


def test_a_hypothesis_about_what_is_defined():
    """It holds for what the definition says: a point where Σ exp z_k is not 1 refutes nothing."""
    given = (equation(y[i], exp(z[i])), equation(total(y[k], k), 1))
    assert judge(total(exp(z[k]), k), 1, given=given).status != "refuted"
    assert judge(total(exp(z[k]), k), 1, given=given[:1]).status == "refuted"


def test_a_definition_speaks_of_its_own_range():
    """y_1 … y_n are defined; y_0 is an array element of its own, and an index from 0 stands for both."""
    e0 = index("e", n, lower=0)
    given = (equation(y[i], x[i]), equation(y[0], 1))
    assert judge(y[0] + y[i], 1 + x[i], given=given).status == "proven"
    mixed = judge(total(y[e0], e0), 1 + total(x[k], k), given=given)
    assert mixed.status == "ill-typed"
    assert "stands for more than y[i]" in mixed.evidence


def test_a_kink_is_a_point_like_any_other_for_what_has_a_value_there():
    """A derivative has none at a kink; step, sign and Heaviside have, and differ there."""
    for other in (Heaviside(z[i]), (sign(z[i]) + 1) / 2):
        verdict = judge(step(z[i]), other, diagnose=False)
        assert verdict.status == "refuted"
        assert 0 in verdict.counterexample.inputs.values()
    assert judge(Heaviside(z[i]), (sign(z[i]) + 1) / 2)


def test_a_proof_without_a_point_to_test_it_is_not_taken():
    """Points satisfy sums and 0/1 values by construction; rows of this length only by chance."""
    rows = equation(total(W[i, k] * W[j, k], k), D(i, j) / 7)
    verdict = judge(total(W[i, k] * W[j, k] * x[j], j, k), x[i] / 7, given=(rows,))
    assert verdict.status == "undecided"
    assert "a proof was found, but no point" in verdict.evidence


def test_definitions_are_put_in_inside_derivatives():
    given = (equation(y[i], f(z[i])), equation(z[i], total(W[i, k] * x[k], k)))
    assert judge(Derivative(y[i], x[j]), prime(f)(z[i]) * W[i, j], given=given)
    assert judge(Derivative(total(y[k] ** 2, k), y[i]), 2 * y[i], given=given)  # y counts as independent
    assert judge(Derivative(total(y[k] ** 2, k), z[i]), 2 * f(z[i]) * prime(f)(z[i]), given=given)


def test_a_counterexample_can_be_checked_by_hand():
    verdict = judge(total(z[k] ** 2, k), total(z[k], k) ** 2, diagnose=False)
    point = verdict.counterexample
    values = [v for name, v in point.inputs.items()]
    assert point.dimensions["n"] == len(values) in (2, 3, 4)
    assert all(isinstance(v, Fraction) for v in values)
    assert (point.left, point.right) == (sum(v * v for v in values), sum(values) ** 2)
    assert point.left != point.right
    assert all(text in str(verdict) for text in ("refuted", "counterexample", str(point.left), str(point.right)))


def test_an_interval_counterexample_excludes_zero():
    point = judge(exp(z[i]), 1 + z[i], diagnose=False).counterexample
    assert point.left.a > float(point.right) or point.left.b < float(point.right)
    assert float(point.left.delta) < 1e-30


@pytest.mark.parametrize(
    ("left", "right"),
    [
        (Derivative(Max(z[i], 0), z[i]), 0 * z[i]),  # wrong for z > 0 only
        (Derivative(Abs(z[i]), z[i]), 1 + 0 * z[i]),  # wrong for z < 0 only
        (Max(x[i], y[i]), x[i] + y[i] - Max(x[i], y[i]) + step(x[i]) * step(y[i]) * step(x[i] - y[i]) * 0),
        (step(x[i]) * step(y[i]) * step(z[i]) * step(-d[i]), 0 * x[i]),  # wrong in one sign pattern of 16
        (Maximum(z[k], k), total(z[k], k) / n),
        (Derivative(Maximum(z[k], k), z[i]), step(z[i])),
    ],
)
def test_every_sign_pattern_is_tried(left, right):
    assert judge(left, right, diagnose=False).status == "refuted"


def test_undecided_says_what_was_tried():
    """An identity outside of the normal form's laws: Σ k³ in closed form is found, Σ k⁴ is not."""
    assert judge(total(k**3, k), (n * (n + 1) / 2) ** 2)
    verdict = judge(total(k**4, k), n * (n + 1) * (2 * n + 1) * (3 * n**2 + 3 * n - 1) / 30)
    assert verdict.status == "undecided"
    assert "no counterexample at" in verdict.evidence
    assert "n = 2" in verdict.dimension
    assert not verdict


def test_contradictory_hypotheses_prove_nothing():
    verdict = judge(x[i], x[i], given=(x[i] > 0, x[i] < -1))
    assert verdict.status == "undecided"
    assert "no numbers meet x_i > 0, x_i < −1" in verdict.evidence


REFUSED = [
    (("z", z[i]), {}, "not a SymPy expression"),
    (("__import__('os').system('exit')", 1), {}, "not a SymPy expression"),
    ((z[i], W[i, j]), {}, "unbound index j"),
    ((total(z[k], k) * z[k], 0), {}, "reused index k"),
    ((total(z[k] * total(z[k], k), k), 0), {}, "reused index k"),
    ((Sum(z[k], (k, 1, m)), 0), {}, "the sum over k runs from 1 to m"),
    ((Sum(z[Idx("q")], (Idx("q"), 1, n)), 0), {}, "index q has no range"),
    ((z[i], z[Symbol("q", integer=True)]), {}, "index q has no range"),
    ((z[i], zeta(z[i])), {}, "unknown function zeta"),
    ((z[i], gamma(z[i])), {}, "unknown function gamma"),
    ((1 / (z[i] - z[i]), 0), {}, "divides by zero"),
    ((x[i] / (total(z[k], k) - total(z[l], l)), 0), {}, "division by zero"),
    ((x[i] / D(i, j), 0), {}, "division by a δ"),
    ((z[i], 0.5 * z[i]), {}, "not exact"),
    ((z[i], IndexedBase("z")), {}, "array z"),
    ((W[i, a], W[i, a] + total(W[a, k] * x[k], k)), {}, "that axis of"),
    ((W[i, j], W[i]), {}, "1 indices"),
    ((x[i], x[i] * z[i + n]), {}, "whole coefficients"),
    ((x[i], x[i] + 0 * n + Symbol("n")), {}, "two symbols are called n"),
    ((x[i], x[index("i", m)]), {}, "index i has two ranges"),
    ((x[i], y[i]), {"given": (equation(y[i], x[i] * z[j]),)}, "unbound index j in the definition"),
    ((x[i], y[i]), {"given": ("y",)}, "hypothesis y"),
    ((x[i], y[i]), {"given": (equation(y[i], x[i]), equation(y[j], z[j]))}, "y is defined twice"),
    ((x[i], y[i]), {"given": (equation(y[i], x[i]), equation(x[i], y[i]))}, "circular"),
    ((x[i], Function("f")(IndexedBase("x"))), {}, "array x"),
    ((x[2 * i], x[i]), {}, "leaves the range"),
]


@pytest.mark.parametrize(("claim", "options", "message"), REFUSED)
def test_what_is_no_claim_is_refused_in_one_line(claim, options, message):
    verdict = judge(*claim, **options)
    assert verdict.status == "ill-typed"
    assert message in verdict.evidence
    assert "\n" not in verdict.evidence


def test_text_is_never_evaluated(monkeypatch):
    def refuse(*args, **kwargs):
        raise AssertionError("a string was evaluated")

    monkeypatch.setattr("sympy.parsing.sympy_parser.parse_expr", refuse)
    monkeypatch.setattr("builtins.eval", refuse)
    assert judge("1 + 1", "2").status == "ill-typed"
    assert judge(x[i], "x[i]").status == "ill-typed"
    assert judge(x[i], x[i], given=("x[i] > 0",)).status == "ill-typed"


def test_activations_are_opened_only_if_needed():
    assert judge(sigmoid(z[i]), 1 / (1 + exp(-z[i])))
    assert judge(tanh(z[i]), 2 * sigmoid(2 * z[i]) - 1)
    assert judge(Derivative(sigmoid(z[i]), z[i]), exp(-z[i]) / (1 + exp(-z[i])) ** 2)
    assert judge(sigmoid(z[i]) * sigmoid(-z[i]), Derivative(sigmoid(z[i]), z[i]))


def test_roots_and_powers():
    w = IndexedBase("w", positive=True)
    assert judge(sqrt(z[i] ** 2), Abs(z[i]))
    assert judge(sqrt(z[i] ** 2), z[i]).status == "refuted"
    assert judge(sqrt(w[i] ** 2), w[i])
    assert judge(Derivative(product(w[k] ** x[k], k), w[i]), x[i] / w[i] * Product(w[k] ** x[k], (k, 1, n)))
    assert judge(sqrt(total(z[k] ** 2, k) + 1) ** 3, (total(z[k] ** 2, k) + 1) ** Rational(3, 2)).side_conditions == ()
