"""Dropout: the mask stays, and stands on the diagonal alone."""

import pytest
from sympy import Derivative, KroneckerDelta

from derivations import judge
from derivations.dropout import DERIVATIONS, i, j, m, y, z

DEFINITION = DERIVATIONS[0].definitions
SLIPS = {"no mask": KroneckerDelta(i, j), "no delta": m[i], "z for m": KroneckerDelta(i, j) * z[i]}


@pytest.mark.parametrize("slip", SLIPS.values(), ids=SLIPS)
def test_a_slip_is_refuted(slip):
    assert judge(Derivative(y[i], z[j]), slip, given=DEFINITION).status == "refuted"


def test_the_mask_may_be_read_off_either_index():
    assert judge(Derivative(y[i], z[j]), KroneckerDelta(i, j) * m[j], given=DEFINITION).status == "proven"
