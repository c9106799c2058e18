"""The gated delta rule: what is often forgotten is refuted."""

import pytest

from derivations import judge, total
from derivations.delta import M, S, a, alpha, b, beta, e, g, k, l, pulled, step, w, w_bar

SLIPS = {
    "k, only as what is written": (k[l], total(M[a, l] * w[a], a)),
    "the state, without what is taken back": (S[e, l], alpha * M[e, l]),
    "the decay, for its logarithm": (
        g,
        total(M[a, b] * S[a, b], a, b) - beta * total(w_bar[a] * total(S[a, b] * k[b], b), a),
    ),
}


@pytest.mark.parametrize("name", SLIPS)
def test_a_slip_is_refuted(name):
    wrt, wrong = SLIPS[name]
    assert judge(pulled(wrt), wrong, step, diagnose=False).status == "refuted"
