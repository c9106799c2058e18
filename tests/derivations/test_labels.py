"""Losses of labels: a slip in the auxiliary loss is refuted."""

from sympy import Derivative

from derivations import judge
from derivations.labels import D, d, j, logits, y, z


def test_without_the_slope_of_the_auxiliary_loss_it_is_refuted():
    assert judge(Derivative(D, z[j]), y - d[j], logits, diagnose=False).status == "refuted"
