"""The gradients of all examples, read off before they are summed: norms, clipping, moments."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import functional_bp as bp
from functional_bp import affine_layer, chain, residual

pytestmark = pytest.mark.usefixtures("float64", "unoptimised")

BLOCK = residual(chain(affine_layer(3, 5), bp.gelu, affine_layer(5, 3)))
NETWORKS = {
    "chain": chain(affine_layer(3, 4), bp.tanh, affine_layer(4, 2)),
    "repeat": chain(bp.repeat(BLOCK, 2), affine_layer(3, 2)),
    "recompute": chain(bp.repeat(bp.recompute(BLOCK), 2), affine_layer(3, 2)),
    "tied": bp.tied(chain(BLOCK, bp.tanh, BLOCK), lambda p: (p, (), p), BLOCK.init),
}
CASES = [
    pytest.param((name, batch), id=f"{name}-{batch}", marks=[pytest.mark.slow] * (len(batch) == 1))
    for name in NETWORKS
    for batch in [(4,), (4, 6)]
]


@pytest.fixture(params=CASES)
def both(request):
    """Unsummed cotangents, and each example's own gradient by vmap of jax.vjp."""
    name, batch = request.param
    network = NETWORKS[name]
    params, x = network.init(jax.random.key(0)), jax.random.normal(jax.random.key(1), (*batch, 3))
    y, J = network.apply(params, x)
    y_bar = jnp.cos(y)
    bars, _ = y_bar @ bp.unsummed(J)

    def own(x, y_bar):
        return jax.vjp(lambda params: network.apply(params, x)[0], params)[1](y_bar)[0]

    plain, _ = y_bar @ J
    return jax.tree.leaves(bars, is_leaf=lambda bar: isinstance(bar, bp.Unsummed)), jax.vmap(own)(x, y_bar), plain


def test_each_statistic_is_that_of_the_examples_own_gradients(both):
    bars, own, plain = both
    weights = jnp.arange(1.0, 5.0)
    for bar, each, total in zip(bars, jax.tree.leaves(own), jax.tree.leaves(plain), strict=True):
        close = {"rtol": 1e-9, "atol": 1e-12}
        axes = tuple(range(1, each.ndim))
        np.testing.assert_allclose(bar.sum(), total, **close)
        np.testing.assert_allclose(bar.sum(), each.sum(0), **close)
        np.testing.assert_allclose(bar.square_norms(), (each**2).sum(axes), **close)
        np.testing.assert_allclose(bar.square_sum(), (each**2).sum(0), **close)
        np.testing.assert_allclose(bar.scaled(weights).sum(), jnp.tensordot(weights, each, 1), **close)
        np.testing.assert_allclose(jnp.moveaxis(bar.each(), bar.stack, 0), each, **close)


def test_a_token_that_comes_twice_counts_twice_in_the_norm():
    E, tokens = jax.random.normal(jax.random.key(0), (5, 3)), jnp.array([[1, 1, 2], [0, 3, 0]])
    y, J = bp.embedding(E, tokens)
    y_bar = jnp.cos(y)
    bar, _ = y_bar @ bp.unsummed(J)
    own = jax.vmap(lambda t, y_bar: jnp.zeros((5, 3)).at[t].add(y_bar))(tokens, y_bar)
    np.testing.assert_allclose(bar.square_norms(), (own**2).sum((1, 2)), rtol=1e-12)
