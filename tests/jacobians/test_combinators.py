"""Networks of combinators against jax.grad of their own plain forward, layer by layer, in float64."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import functional_bp as bp
from functional_bp import affine_layer, chain, residual

pytestmark = pytest.mark.usefixtures("float64", "unoptimised")

BLOCK = residual(chain(affine_layer(4, 8), bp.gelu, affine_layer(8, 4)))


def cell(rule, gates, n_in, n):
    def init(key):
        W_x, W_h, b = (jax.random.normal(k, s) / 2 for k, s in zip(jax.random.split(key, 3), shapes, strict=True))
        return bp.CellParams(W_x, W_h, b)

    def state(x):
        h = jnp.zeros((*x.shape[:-1], n), x.dtype)
        return (h, h) if gates == 4 else h

    shapes = (gates * n, n_in), (gates * n, n), (gates * n,)
    return bp.Layer(init, lambda params, x, key=None: rule(params, x), rule.__name__, state=state)


LSTM, GRU = cell(bp.lstm, 4, 4, 3), cell(bp.gru, 3, 4, 3)
NETWORKS = {
    "repeat": bp.repeat(BLOCK, 3),
    "repeat of none": bp.repeat(BLOCK, 0),
    "repeat of a rule": bp.repeat(bp.tanh, 2),
    "repeat of recompute": bp.repeat(bp.recompute(BLOCK), 2),
    "recompute": bp.recompute(BLOCK),
    "repeat within repeat": bp.repeat(bp.repeat(BLOCK, 2), 2),
    "parallel": chain(bp.parallel(BLOCK, bp.tanh), bp.concatenate, affine_layer(8, 2)),
    "recurrent": chain(affine_layer(4, 4), bp.recurrent(LSTM), affine_layer(3, 2)),
    "recurrent in chunks": bp.recurrent(LSTM, chunk=2),
    "recurrent backwards": bp.recurrent(GRU, reverse=True),
    "bidirectional": bp.bidirectional(LSTM, GRU),
    "tied": bp.tied(chain(BLOCK, bp.tanh, BLOCK), lambda p: (p, (), p), BLOCK.init),
}
every_network = pytest.mark.parametrize("name", NETWORKS)


def plain(network, params, x):
    """The forward pass alone: `jax.grad` of it does not see our Jacobians."""
    return network.apply(params, x)[0]


@every_network
@pytest.mark.parametrize("length", [5, pytest.param(1, marks=pytest.mark.slow)])
def test_gradients_and_tangents_are_jax_s(name, length):
    network = NETWORKS[name]
    params = network.init(jax.random.key(0))
    x = jax.random.normal(jax.random.key(1), (2, length, 4))

    @jax.jit
    def both(params, x, dot):
        y, J = network.apply(params, x)
        y_bar = jnp.cos(y)
        _, pullback = jax.vjp(lambda params, x: plain(network, params, x), params, x)
        _, tangent = jax.jvp(lambda params, x: plain(network, params, x), (params, x), dot)
        return (y_bar @ J, J @ dot), (pullback(y_bar), tangent)

    got, expected = both(params, x, jax.tree.map(jnp.cos, (params, x)))
    assert jax.tree.structure(got) == jax.tree.structure(expected)
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-12), got, expected)


def test_reversible_finds_its_inputs_again():
    network = bp.reversible(BLOCK, chain(affine_layer(4, 4), bp.tanh), 3)
    params = network.init(jax.random.key(0))
    x = tuple(jax.random.normal(jax.random.key(k), (2, 4)) for k in (1, 2))
    y, J = network.apply(params, x)
    expected, pullback = jax.vjp(lambda params, x: network.apply(params, x)[0], params, x)
    bar = jax.tree.map(jnp.cos, y)
    jax.tree.map(
        lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-11), (y, bar @ J), (expected, pullback(bar))
    )


def test_a_random_layer_has_a_key_of_its_own_in_each_repetition():
    network = bp.repeat(bp.dropout, 2)
    y, J = network.apply(bp.Stacked(()), jnp.ones(1000), jax.random.key(0))
    assert set(np.unique(y)) == {0.0, 4.0}
    assert 150 < (y > 0).sum() < 350
    np.testing.assert_array_equal((jnp.ones(1000) @ J)[1], y)


@pytest.mark.usefixtures("unchecked")
def test_a_layer_that_changes_the_shape_cannot_be_repeated():
    network = bp.repeat(affine_layer(4, 3), 2)
    with pytest.raises(ValueError, match=r"^repeat\(affine\(4→3\), 2\): "):
        network.apply(network.init(jax.random.key(0)), jnp.ones((2, 4)))


def test_an_empty_sequence_has_a_gradient_of_zero():
    network = bp.recurrent(LSTM)
    params = network.init(jax.random.key(0))
    y, J = network.apply(params, jnp.ones((2, 0, 4)))
    assert y.shape == (2, 0, 3)
    assert all((leaf == 0).all() for leaf in jax.tree.leaves((y @ J)[0]))


PLACES = {
    "chain": (chain(affine_layer(4, 8), bp.gelu, affine_layer(8, 4)), "z1"),
    "residual": (BLOCK, "z1"),
    "recompute": (bp.recompute(BLOCK), "z1"),
    "nested": (chain(bp.tanh, BLOCK), "z1.z1"),
}


@pytest.mark.parametrize("name", PLACES)
def test_another_matrix_in_place_of_a_weight(name):
    """Feedback alignment: x̄ passes through B where it passed through W."""
    network, node = PLACES[name]
    params, x = network.init(jax.random.key(0)), jax.random.normal(jax.random.key(1), (2, 4))
    y, J = network.apply(params, x)
    (theta, x_bar), (same, old) = jnp.ones_like(y) @ J.replace(node, bp.Dense(jnp.ones((8, 4)))), jnp.ones_like(y) @ J
    jax.tree.map(np.testing.assert_array_equal, theta, same)
    assert not np.allclose(x_bar, old)
    assert np.allclose((jnp.ones_like(y) @ J.replace(node, lambda W: W))[1], old)


def test_a_node_that_is_not_there_is_named():
    _, J = BLOCK.apply(BLOCK.init(jax.random.key(0)), jnp.ones(4))
    with pytest.raises(KeyError, match="no node 'z9': expected one of z1, y1, z2"):
        J.replace("z9", bp.Identity((4,)))


def test_stacked_weights_and_what_three_layers_share_are_held_once():
    """Of 4 × (linear + GELU) on 8 examples, J refers to the weights and holds x, z and nothing else."""
    network = bp.repeat(chain(affine_layer(4, 4), bp.gelu), 4)
    params, x = network.init(jax.random.key(0)), jnp.ones((8, 4))
    _, J = network.apply(params, x)
    known = {id(leaf) for leaf in jax.tree.leaves(params)}
    own = {id(leaf): leaf.size for leaf in jax.tree.leaves(J) if id(leaf) not in known}
    assert sum(own.values()) == 2 * 4 * 8 * 4


def test_recomputed_it_holds_the_inputs_alone():
    network = bp.repeat(bp.recompute(chain(affine_layer(4, 4), bp.gelu)), 4)
    params, x = network.init(jax.random.key(0)), jnp.ones((8, 4))
    _, J = network.apply(params, x)
    known = {id(leaf) for leaf in jax.tree.leaves(params)}
    own = {id(leaf): leaf.size for leaf in jax.tree.leaves(J) if id(leaf) not in known}
    assert sum(own.values()) == 4 * 8 * 4
