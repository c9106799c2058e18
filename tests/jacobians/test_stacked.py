"""A Jacobian that a scan or vmap has stacked is that of one more batch axis, also for data without a batch."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import functional_bp as bp

pytestmark = pytest.mark.usefixtures("float64")

STEPS, N = 5, 4


def by_params(z, J):
    """Without ∂z/∂y = W, which is the same for all examples and not to be stacked."""
    return z, bp.BlockRow(J.blocks[0])


SUBSETS = ((0, 2), (1,), (0, 1, 2))
RULES = {
    "affine": lambda z: by_params(*bp.affine(bp.AffineParams(jnp.ones((3, N)), jnp.ones(3)), z)),
    "power_product": lambda z: bp.power_product(jnp.ones((N, 2)), z),
    "polynomial": lambda z: bp.polynomial(jnp.arange(1.0, 4.0), z),
    "subset_max": lambda z: bp.subset_max(z, SUBSETS),
    "pair_product": bp.pair_product,
    "softmax": bp.softmax,
    "tanh": bp.tanh,
    "squared_error": lambda z: bp.squared_error(z, jnp.zeros_like(z)),
}
STACKERS = {
    "vmap": jax.vmap,
    "scan": lambda rule: lambda z: jax.lax.scan(lambda carry, z_t: (carry, rule(z_t)), None, z)[1],
}


@pytest.mark.parametrize("stacked", STACKERS.values(), ids=STACKERS.keys())
@pytest.mark.parametrize("batch", [pytest.param((), marks=pytest.mark.slow), (2,)], ids=str)
@pytest.mark.parametrize("rule", RULES.values(), ids=RULES.keys())
def test_a_stacked_jacobian_is_that_of_one_more_batch_axis(rule, batch, stacked):
    z = jax.random.uniform(jax.random.key(0), (STEPS, *batch, N))
    y, J = stacked(rule)(z)
    y_bar = jax.random.normal(jax.random.key(1), y.shape)
    _, expected = rule(z)
    jax.tree.map(
        lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-14, strict=True),
        *(y_bar @ J, y_bar @ expected),
    )
