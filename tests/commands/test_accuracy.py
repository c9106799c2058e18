"""`functional-bp accuracy`: what it prints; a backward that loses digits is seen."""

import jax.numpy as jnp

import functional_bp as bp
from functional_bp.checking.accuracy import accuracies
from functional_bp.checking.catalogue import CATALOGUE, Entry
from functional_bp.cli import main


def test_what_it_prints(capsys):
    assert main(["accuracy", "tanh"]) == 0
    printed = capsys.readouterr().out
    assert "none is worse than jax.grad" in printed
    assert printed.count("tanh ") == 5
    assert main(["accuracy", "sofmax"]) == 2
    assert "no such rule: sofmax" in capsys.readouterr().err


def test_a_backward_that_loses_digits_is_seen():
    """tanh′ = 1 − y² cancels where y is near 1; (1 − y)(1 + y) does not."""

    def careless(z):
        y = jnp.tanh(z)
        return y, bp.Diagonal((1 - y**2).astype("bfloat16").astype("float32"))

    (tanh,) = (entry for entry in CATALOGUE if entry.name == "tanh")
    assert any(row.is_worse for row in accuracies(Entry("careless", careless, tanh.draw)))
