"""Mixtures of experts: a softmax over all of them in the Jacobian of one over the chosen is refuted."""

from sympy import Derivative, KroneckerDelta, exp

from derivations import judge, total
from derivations.experts import i, j, k, weights, y, z


def test_the_probabilities_of_all_for_those_of_the_chosen_are_refuted():
    of_all = exp(z[i]) / total(exp(z[k]), k)
    wrong = of_all * (KroneckerDelta(i, j) - y[j])
    assert judge(Derivative(y[i], z[j]), wrong, (weights,), diagnose=False).status == "refuted"
