"""Attention: the mistakes that are made in it are refuted."""

import pytest
from sympy import Derivative, sqrt

from derivations import judge, total
from derivations.attention import A, a, b, d, definition, j, k, q, r, s, s_bar, t, v, w, y, y_bar

SLIPS = {
    "q without the scale": (q[r, j], total(s_bar[r, s] * k[s, j], s)),
    "k by columns for rows": (k[w, j], total(s_bar[w, t] * q[t, j], t) / sqrt(d)),
    "v by A for its transpose": (v[w, b], total(A[w, t] * y_bar[t, b], t)),
}


@pytest.mark.parametrize("name", SLIPS)
def test_a_slip_is_not_proven(name):
    wrt, wrong = SLIPS[name]
    left = total(y_bar[t, a] * Derivative(y[t, a], wrt), t, a)
    assert judge(left, wrong, definition, diagnose=False).status != "proven"


def test_q_without_the_scale_is_refuted():
    wrt, wrong = SLIPS["q without the scale"]
    left = total(y_bar[t, a] * Derivative(y[t, a], wrt), t, a)
    assert judge(left, wrong, definition, diagnose=False).status == "refuted"
