"""Divergences: what holds only for a distribution d, and slips in the famous y − d."""

import pytest
from sympy import Derivative, Integer

from derivations import judge, total
from derivations.divergences import D, d, i, j, sigmoid_binary_nll, softmax_nll, y, z
from derivations.registry import derivations

DISTRIBUTION = derivations()["softmax_nll.distribution"]


def test_y_minus_d_needs_a_distribution_after_softmax():
    bare = judge(Derivative(D, z[j]), y[j] - d[j], given=softmax_nll.definitions)
    assert bare.status == "refuted"
    assert judge(Derivative(D, z[j]), y[j] - d[j], given=(*DISTRIBUTION.definitions, *DISTRIBUTION.given))


def test_y_minus_d_needs_nothing_after_the_sigmoid():
    assert sigmoid_binary_nll.result.rhs == y[j] - d[j]
    assert sigmoid_binary_nll.given == ()
    assert judge(Derivative(D, z[j]), d[j] - y[j], given=sigmoid_binary_nll.definitions).status == "refuted"


def test_the_fused_gradients_sum_to_zero_only_after_softmax():
    given = (*DISTRIBUTION.definitions, *DISTRIBUTION.given)
    assert judge(total(Derivative(D, z[j]), j), Integer(0), given=given)
    assert judge(total(y[i] - d[i], i), Integer(0), given=sigmoid_binary_nll.definitions).status == "refuted"


@pytest.mark.parametrize("name", ["squared_error", "nll", "kl", "binary_nll", "binary_kl"])
def test_the_sign_matters(name):
    derivation = derivations()[name]
    flipped = judge(derivation.result.lhs, -derivation.result.rhs, given=derivation.definitions)
    assert flipped.status == "refuted"
    assert flipped.repair is not None
    assert judge(derivation.result.lhs, flipped.repair, given=derivation.definitions)


def test_kl_and_nll_differ_by_what_does_not_depend_on_y():
    kl, nll = derivations()["kl"], derivations()["nll"]
    assert judge(kl.result.rhs, nll.result.rhs, indices=(j,))
    assert judge(kl.definition.rhs, nll.definition.rhs, given=(d[i] > 0, y[i] > 0)).status == "refuted"
