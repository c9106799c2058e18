"""What the compiler makes of a backward pass of explicit Jacobians: no more memory, no more matrix products."""

import jax
import pytest

from benchmarks.step import ACTIVATIONS, WIDTHS, compiled_gradients, matrix_products, temporary_bytes


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_the_gradient_costs_what_jax_grad_costs(activation):
    with jax.numpy_rank_promotion("allow"):  # the peer is written as one writes JAX
        ours, theirs = compiled_gradients(activation)
    layers = len(WIDTHS) - 1
    # one forward, one for W̄, and one for ȳ in every layer but the first
    assert matrix_products(ours) == matrix_products(theirs) == 3 * layers - 1
    assert 0 < temporary_bytes(ours) <= temporary_bytes(theirs)
