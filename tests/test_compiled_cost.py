"""What the compiler makes of a backward pass of explicit Jacobians: no more memory, no more matrix products."""

from functools import partial

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


@pytest.mark.slow
@pytest.mark.parametrize(
    ("work", "most"),
    [
        (partial(modern_rules.attention, T=1024, heads=2, d=32), 0.04),
        (partial(modern_rules.linear_cross_entropy, tokens=1024, n=64, V=8192), 0.10),
        (partial(modern_rules.max_pool, batch=2, side=8, channels=4), 0.0),
        (partial(modern_rules.linear_gelu, False, n=8, d=64, batch=256), 0.60),
        (partial(modern_rules.linear_gelu, True, n=8, d=64, batch=256), 0.40),
        (modern_rules.layer_norm, 0.51),
    ],
    ids=["attention", "linear + cross-entropy", "max pool", "linear + GELU", "the same, recomputed", "layer norm"],
)
def test_a_rule_of_today_takes_a_part_of_jax_grad_s_memory(work, most):
    with jax.numpy_rank_promotion("allow"):
        ours, theirs, inputs = work()
        assert modern_rules.temporary(ours, inputs) <= most * modern_rules.temporary(theirs, inputs)
