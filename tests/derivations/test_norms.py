"""Norms: the mistakes that are made in them are refuted."""

import pytest

from derivations import judge, total
from derivations.norms import deviation, h, h_bar, j, k, layer, n, pulled, rms, x

along = h[j] * total(h_bar[k] * h[k], k) / n
SLIPS = {
    "layer norm without the mean": (layer, (h_bar[j] - along) / deviation),
    "layer norm without the length": (layer, (h_bar[j] - total(h_bar[k], k) / n) / deviation),
    "layer norm with sums for means": (layer, (h_bar[j] - total(h_bar[k], k) - n * along) / deviation),
    "RMS norm with the mean": (rms, (h_bar[j] - total(h_bar[k], k) / n - along) / deviation),
}


@pytest.mark.parametrize("name", SLIPS)
def test_a_slip_is_refuted(name):
    given, wrong = SLIPS[name]
    assert judge(pulled(x[j]), wrong, given, diagnose=False).status == "refuted"
