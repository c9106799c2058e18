"""Smooth activations: slips that come up in them are refuted."""

import pytest
from sympy import Derivative

from derivations import judge, sigmoid, softplus
from derivations.smooth import t, x

SLIPS = {
    "silu without the product rule": (x * sigmoid(x), sigmoid(x) * (1 - sigmoid(x))),
    "softplus": (softplus(x), sigmoid(-x)),
    "mish without softplus′": (x * t, t + x * (1 - t**2)),
}


@pytest.mark.parametrize("name", SLIPS)
def test_a_slip_is_refuted(name):
    function, slope = SLIPS[name]
    assert judge(Derivative(function, x), slope, diagnose=False).status == "refuted"


def test_a_smooth_activation_has_a_proof_without_a_condition():
    from derivations.registry import derivations

    assert not derivations()["gelu_tanh"].check().side_conditions
    assert len(derivations()["hardswish"].check().side_conditions) == 2
