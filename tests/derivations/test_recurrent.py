"""Recurrent cells: the mistakes that are made in them are refuted."""

import pytest

from derivations import judge
from derivations.recurrent import C_bar, gate, gru, h, j, l, lstm, z_bar
from derivations.registry import derivations

SLIPS = {
    "lstm: no path from h through c": ("lstm.c", C_bar[j] * gate("f", j), lstm),
    "lstm: c′ for c in the forget gate": ("lstm.b_f", z_bar("i", j), lstm),
    "gru: r left out of U_g": ("gru.U_g", z_bar("g", j) * h[l], gru),
}


@pytest.mark.parametrize("name", SLIPS)
def test_a_slip_is_refuted(name):
    derivation, wrong, given = SLIPS[name]
    assert judge(derivations()[derivation].result.lhs, wrong, given, diagnose=False).status == "refuted"
