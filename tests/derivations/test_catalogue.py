"""Whole layers: every backward pass in the catalogue is proven for arbitrary dimension."""

import pytest

from derivations.catalogue import catalogue

CLAIMS = catalogue()


@pytest.mark.parametrize("name", CLAIMS)
def test_proven_for_arbitrary_dimension(name):
    verdict = CLAIMS[name].judge()
    assert verdict.status == "proven", str(verdict)
    assert verdict.dimension == "arbitrary"
    assert verdict.side_conditions == ()


def test_every_input_of_every_layer_is_there():
    layers = {name.split(".")[0]: set() for name in CLAIMS}
    for name in CLAIMS:
        layers[name.split(".")[0]].add(name.split(".")[1])
    gates = {"lstm": "ifog", "gru": "ruc"}
    for layer, names in gates.items():
        assert layers[layer] >= {"x", "h"} | {f"{kind}_{gate}" for kind in "WUb" for gate in names}
    assert layers["attention"] == {"Q", "K", "V"}
    assert layers["lstm"] >= {"c"}
    assert layers["layer_norm"] == layers["batch_norm"] == {"x", "gain", "offset"}
    assert layers["rms_norm"] == {"x", "gain"}
    assert layers["two_layers"] == {"x", "W", "b"}
