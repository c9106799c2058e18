"""What the compiler makes of a backward pass of explicit Jacobians: no more memory, no more matrix products."""

import jax
import pytest

from benchmarks import modern_rules
from benchmarks.step import ACTIVATIONS, WIDTHS, compiled_gradients, matrix_products, temporary_bytes


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_the_gradient_costs_what_jax_grad_costs(activation):
    with jax.numpy_rank_promotion("allow"):  # the peer is written as one writes JAX
        ours, theirs = compiled_gradients(activation)
    layers = len(WIDTHS) - 1
    # one forward, one for W̄, and one for ȳ in every layer but the first
    assert matrix_products(ours) == matrix_products(theirs) == 3 * layers - 1
    assert 0 < temporary_bytes(ours) <= temporary_bytes(theirs)


WORKS = {
    "attention": 0.0022,
    "linear + cross-entropy": 0.027,
    "blocks": 0.325,
    "blocks, recomputed": 0.092,
    "linear + GELU": 0.495,
    "linear + GELU, recomputed": 0.265,
    "LSTM of 32": 0.70,
    "LSTM of 8": 0.68,
    "GRU of 32": 0.83,
    "reversible": 0.039,
    "gated delta rule": 0.068,
    "layer norm": 0.26,
    "RMS norm": 0.501,
    "max pool": 0.0,
    "GELU": 0.0,
}


@pytest.mark.slow
@pytest.mark.parametrize("name", WORKS)
def test_a_rule_of_today_takes_a_part_of_jax_grad_s_memory(name):
    """Compiled and not run; the works and sizes of the benchmark."""
    with jax.numpy_rank_promotion("allow"):
        ours, theirs, inputs = modern_rules.WORKS[name]()
        least = modern_rules.temporary(theirs, inputs)
        assert least
        assert modern_rules.temporary(ours, inputs) <= WORKS[name] * least
