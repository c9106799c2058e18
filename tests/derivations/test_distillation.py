"""Distillation: a gradient without the temperature is refuted."""

from sympy import Derivative

from derivations import judge, total
from derivations.distillation import D, W, b, h, i, rows, s, tau, z_bar


def test_without_the_temperature_it_is_refuted():
    wrong = total(tau * z_bar(s, i) * W[i, b], i)
    assert judge(Derivative(D, h[s, b]), wrong, rows, diagnose=False).status == "refuted"
