"""A residual block, x used twice: by `residual` and by algebra (J1 + J2), alone and nested in chains."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import functional_bp as bp
from functional_bp.networks import residual

pytestmark = pytest.mark.usefixtures("float64")

every_batch = pytest.mark.parametrize("batch", [(), (2, 3)], ids=str)

BRANCH = bp.chain(bp.affine_layer(4, 6), bp.tanh, bp.affine_layer(6, 4))
NETWORK = bp.chain(bp.affine_layer(3, 4), bp.sigmoid, residual(bp.chain(residual(BRANCH), bp.tanh)), bp.softmax)


def assert_trees_close(got, expected):
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-10, atol=1e-12, strict=True), got, expected)


def affine(theta, x):
    return theta.W @ x + theta.b


def branch(params, x):
    first, _, second = params
    return affine(second, jnp.tanh(affine(first, x)))


def block(params, x):
    return x + branch(params, x)


def network(params, x):
    first, _, (inner, _), _ = params
    y = jax.nn.sigmoid(affine(first, x))
    return jax.nn.softmax(y + jnp.tanh(block(inner, y)))


def batched(function, batch):
    for _ in batch:
        function = jax.vmap(function, in_axes=(None, 0))
    return function


def sample(layer, batch, n):
    params_key, x_key, y_key = jax.random.split(jax.random.key(0), 3)
    x = jax.random.normal(x_key, (*batch, n))
    return layer.init(params_key), x, jax.random.normal(y_key, (*batch, 4))


@every_batch
def test_by_residual(batch):
    params, x, y_bar = sample(BRANCH, batch, 4)
    y, J = residual(BRANCH).apply(params, x)
    expected, pullback = jax.vjp(batched(block, batch), params, x)
    assert_trees_close((y, y_bar @ J), (expected, pullback(y_bar)))


@every_batch
def test_by_algebra(batch):
    """The fan-out of x is a sum of Jacobians: I + J_f, and I + Dense(J_f) are the same map."""
    params, x, y_bar = sample(BRANCH, batch, 4)
    _, J_f = BRANCH.apply(params, x)
    J = bp.Identity((4,)) + J_f.wrt_input
    _, pullback = jax.vjp(batched(block, batch), params, x)
    assert_trees_close(y_bar @ J, pullback(y_bar)[1])
    assert_trees_close(y_bar @ (bp.Identity((4,)) + bp.Dense(J_f.wrt_input.to_dense())), pullback(y_bar)[1])
    dense = batched(lambda params, x: jax.jacrev(block, argnums=1)(params, x), batch)(params, x)
    assert_trees_close(J.to_dense(), dense)


@every_batch
def test_nested_in_a_chain(batch):
    """A residual block inside a chain inside a residual block inside a chain, under jit."""
    params, x, y_bar = sample(NETWORK, batch, 3)

    @jax.jit
    def by_jacobians(params, x):
        y, J = NETWORK.apply(params, x)
        return y, y_bar @ J, J @ (params, x)

    function = jax.jit(batched(network, batch))
    expected, pullback = jax.vjp(function, params, x)
    _, y_dot = jax.jvp(function, (params, x), (params, x))
    assert_trees_close(by_jacobians(params, x), (expected, pullback(y_bar), y_dot))


def test_the_nested_chain_written_dense():
    params, x, _ = sample(NETWORK, (5,), 3)
    dense = jax.jit(lambda params, x: NETWORK.apply(params, x)[1].to_dense())(params, x)
    expected = jax.jit(batched(jax.jacrev(network, argnums=(0, 1)), (5,)))(params, x)
    assert_trees_close(dense, expected)


def test_the_cotangents_around_the_block_differ_by_the_identity():
    """At the block's ends: ȳ_in = ȳ_out + ȳ_out J_f."""
    params, x, y_bar = sample(NETWORK, (5,), 3)
    _, J = NETWORK.apply(params, x)
    cotangents = J.cotangents(y_bar)
    before, after = J.nodes[2:4]
    y1, _ = bp.chain(*NETWORK.parts[:2]).apply(params[:2], x)
    _, J_f = bp.chain(residual(BRANCH), bp.tanh).apply(params[2], y1)
    _, around = cotangents[after] @ J_f
    assert_trees_close(cotangents[before], cotangents[after] + around)
