"""Gated units: a slip in a gate is refuted."""

from sympy import Derivative

from derivations import judge, sigmoid
from derivations.gates import a, b, definition_of, delta, i, j, y


def test_the_gate_s_slope_for_its_value_is_refuted():
    definition = definition_of(sigmoid)
    verdict = judge(Derivative(y[i], a[j]), delta * b[i] * sigmoid(a[i]), (definition,), diagnose=False)
    assert verdict.status == "refuted"
