"""Layers and chains: gradients, the cotangent at every node, and neighbours that do not fit."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import functional_bp as bp
from functional_bp import affine_layer, chain, residual, value_and_grad

ACTIVATIONS = {
    "identity": (bp.identity, lambda z: z),
    "relu": (bp.relu, jax.nn.relu),
    "leaky_relu": (bp.leaky_relu, jax.nn.leaky_relu),
    "sigmoid": (bp.sigmoid, jax.nn.sigmoid),
    "tanh": (bp.tanh, jnp.tanh),
    "absolute": (bp.absolute, jnp.abs),
    "softmax": (bp.softmax, jax.nn.softmax),
    "log_softmax": (bp.log_softmax, jax.nn.log_softmax),
}
X, D = np.random.default_rng(0).normal(size=(2, 6, 5)), np.eye(3)[np.arange(6) % 3]


def forward(activation, params, x, shifts=(0, 0, 0, 0)):
    """The network as anyone would write it in JAX, with a shift added at each of its nodes."""
    (W1, b1), _, (W2, b2) = params
    z1 = x + shifts[0] @ np.eye(5) if np.ndim(shifts[0]) else x
    z1 = jnp.einsum("ij,...j->...i", W1, z1) + b1[None, None] + shifts[1]
    y1 = activation(z1) + shifts[2]
    return jnp.einsum("ij,...j->...i", W2, y1) + b2[None, None] + shifts[3]


def mean_nll(z):
    return -(jax.nn.log_softmax(z) * jnp.broadcast_to(D, z.shape)).sum() / (z.size // 3)


@pytest.mark.usefixtures("float64")
@pytest.mark.parametrize("name", ACTIVATIONS)
def test_loss_gradients_and_the_cotangent_at_every_node_are_those_of_jax_grad(name):
    rule, function = ACTIVATIONS[name]
    network = chain(affine_layer(5, 4, "gaussian"), rule, affine_layer(4, 3))
    params, x = network.init(jax.random.key(0)), jnp.asarray(X)
    d = jnp.broadcast_to(D, (2, 6, 3))
    loss, gradients = jax.jit(value_and_grad(network, bp.softmax_nll))(params, x, d)
    oracle = jax.value_and_grad(lambda params: mean_nll(forward(function, params, x)))
    expected_loss, expected = oracle(params)
    np.testing.assert_allclose(loss, expected_loss, rtol=1e-12)
    jax.tree.map(partial(np.testing.assert_allclose, rtol=1e-10, atol=1e-14), gradients, expected)

    z, J = network.apply(params, x)
    _, J_D = bp.softmax_nll(z, d)
    cotangents = (J_D @ J).cotangents(jnp.full((2, 6), 1 / 12))
    assert list(cotangents) == ["D", "z2", "y1", "z1", "x"]
    shifts = [jnp.zeros((2, 6, n)) for n in (5, 4, 4, 3)]
    at_nodes = jax.grad(lambda shifts: mean_nll(forward(function, params, x, shifts)))(shifts)
    for node, shift in zip(("x", "z1", "y1", "z2"), at_nodes, strict=True):
        np.testing.assert_allclose(cotangents[node], shift, rtol=1e-10, atol=1e-14, err_msg=node)


@pytest.mark.usefixtures("float64")
def test_the_jacobian_by_the_input_is_jax_s_and_shows_its_factors():
    network = chain(affine_layer(5, 4), bp.tanh, affine_layer(4, 3), bp.softmax)
    params, x = network.init(jax.random.key(0)), jnp.asarray(X[0])
    _, J = network.apply(params, x)
    assert repr(J.wrt_input) == "DiagonalMinusOuter(3) @ Dense(3×4) @ Diagonal(4) @ Dense(4×5)"
    expected = jax.vmap(jax.jacrev(lambda x: network.apply(params, x)[0]))(x)
    np.testing.assert_allclose(J.wrt_input.to_dense(), expected, rtol=1e-10, atol=1e-15)
    by_params = jax.vmap(jax.jacrev(lambda params, x: network.apply(params, x)[0]), (None, 0))(params, x)
    jax.tree.map(partial(np.testing.assert_allclose, rtol=1e-10, atol=1e-15), J.to_dense()[0], by_params)


@pytest.mark.usefixtures("float64")
def test_another_matrix_may_stand_in_the_place_of_a_weight():
    """Feedback alignment: the backward pass with B in the place of W."""
    W, B = jnp.arange(6.0).reshape(2, 3), jnp.ones((2, 3))
    y, z_bar = jnp.ones((4, 3)), jnp.ones((4, 2))
    _, J = bp.affine(bp.AffineParams(W, jnp.zeros(2)), y)
    feedback = bp.BlockRow((J.blocks[0], bp.Dense(B)))
    np.testing.assert_array_equal((z_bar @ feedback)[1], z_bar @ B)
    np.testing.assert_array_equal((z_bar @ feedback)[0].W, (z_bar @ J)[0].W)


@pytest.mark.usefixtures("float64")
def test_a_layer_of_one_s_own_may_compose_rules_by_the_algebra():
    def apply(params, x, key=None):
        z, J_z = bp.affine(params, x)
        y, J_y = bp.tanh(z)
        return y, J_y @ J_z

    network = chain(bp.Layer(affine_layer(5, 4).init, apply, "dense", 5), affine_layer(4, 3))
    twin = chain(affine_layer(5, 4), bp.tanh, affine_layer(4, 3))
    (first, second), x, d = network.init(jax.random.key(0)), jnp.asarray(X[0]), jnp.asarray(D)
    got = value_and_grad(network, bp.softmax_nll)((first, second), x, d)
    expected = value_and_grad(twin, bp.softmax_nll)((first, (), second), x, d)
    jax.tree.map(np.testing.assert_array_equal, (got[0], *got[1]), (expected[0], expected[1][0], expected[1][2]))
    _, J = network.apply((first, second), x)
    assert "Diagonal(4) @ Dense(4×5)" in repr(J)
    _, J_twin = twin.apply((first, (), second), x)
    dense, dense_twin = J.to_dense(), J_twin.to_dense()
    jax.tree.map(partial(np.testing.assert_allclose, rtol=1e-12), dense[0][0], dense_twin[0][0])


def test_the_chain_prints_its_factors_with_the_nodes_they_join():
    network = chain(affine_layer(5, 4), bp.relu, chain(affine_layer(4, 4), bp.tanh, name="block"), affine_layer(4, 2))
    _, J = network.apply(network.init(jax.random.key(0)), jnp.ones(5))
    assert repr(J).splitlines() == [
        "Chain of 4 factors",
        "  x → z1   affine(5→4)  Dense(4×5)",
        "  z1 → y1  relu         Diagonal(4)",
        "  y1 → z2  block        Diagonal(4) @ Dense(4×4)",
        "  z2 → z3  affine(4→2)  Dense(2×4)",
    ]
    inside = chain(residual(chain(affine_layer(4, 4), bp.tanh)), affine_layer(4, 2))
    _, J_inside = inside.apply(inside.init(jax.random.key(0)), jnp.ones(4))
    assert list(J_inside.cotangents(jnp.ones(2))) == ["z2", "z1", "z1.z1", "x"]
    assert list(J.cotangents(jnp.ones(2))) == ["z3", "z2", "z2.z1", "y1", "z1", "x"]


def test_two_activations_in_a_row_have_nodes_of_their_own():
    network = chain(bp.tanh, affine_layer(3, 3), bp.tanh, bp.sigmoid)
    _, J = network.apply(network.init(jax.random.key(0)), jnp.ones(3))
    assert J.nodes == ("x", "y0", "z1", "y1", "y1'")


@pytest.mark.parametrize(
    ("layers", "message"),
    [
        (
            (affine_layer(5, 4), affine_layer(3, 2)),
            r"layer 1, affine\(5→4\), gives 4 .* layer 2, .* takes 3",
        ),
        (
            (affine_layer(5, 4), bp.relu, affine_layer(3, 2)),
            r"layer 2, relu, gives 4 .* layer 3, .*→2\), takes 3",
        ),
        ((affine_layer(5, 4), bp.pair_product, affine_layer(4, 2)), r"layer 2, pair_product, gives 2 .* layer 3"),
        ((affine_layer(5, 3), bp.pair_product), r"layer 2, pair_product, cannot take 3 numbers: .* even number"),
        ((), "at least one layer"),
    ],
)
@pytest.mark.usefixtures("unchecked")
def test_neighbours_that_do_not_fit_are_named_with_their_positions(layers, message):
    with pytest.raises(ValueError, match=f"^chain: {message}"):
        chain(*layers)


@pytest.mark.usefixtures("unchecked")
def test_an_input_that_does_not_fit_names_the_layer():
    network = chain(bp.relu, affine_layer(5, 4), name="classifier")
    with pytest.raises(ValueError, match=r"^classifier, layer 2, affine\(5→4\): affine: y must have shape"):
        network.apply(network.init(jax.random.key(0)), jnp.ones((2, 3)))
    with pytest.raises(ValueError, match="expected the parameters of 2 layers, got 1"):
        network.apply(((),), jnp.ones(5))


@pytest.mark.usefixtures("unchecked")
def test_an_unknown_initializer_or_an_impossible_size_is_refused():
    with pytest.raises(ValueError, match="initializer must be one of"):
        affine_layer(2, 2, "ones")  # pyright: ignore[reportArgumentType]
    with pytest.raises(ValueError, match="both sizes must be at least 1, got 0 and 3"):
        affine_layer(0, 3)


@pytest.mark.parametrize(
    ("initializer", "deviation"), [("gaussian", 0.1), ("glorot", (2 / 700) ** 0.5), ("he", (2 / 300) ** 0.5)]
)
def test_initial_weights_have_the_deviation_they_are_named_for(initializer, deviation):
    W, b = affine_layer(300, 400, initializer).init(jax.random.key(0))
    assert W.shape == (400, 300)
    np.testing.assert_allclose(W.std(), deviation, rtol=0.02)
    np.testing.assert_array_equal(b, np.zeros(400))


def test_a_layer_that_draws_random_numbers_is_given_a_key_of_its_own():
    network = chain(bp.randomised_leaky_relu, bp.randomised_leaky_relu)
    params, x = network.init(jax.random.key(0)), -jnp.ones(1000)
    apply = lambda key: network.apply(params, x, key)[0]  # noqa: E731
    first = apply(jax.random.key(1))
    np.testing.assert_array_equal(first, apply(jax.random.key(1)))
    assert (first != apply(jax.random.key(2))).any()
    assert len(np.unique(apply(None))) == 1  # in evaluation the slope is the mean
    draws = jnp.log(-first)  # the sum of the logarithms of two independent slopes
    one = jnp.log(-bp.randomised_leaky_relu(x, jax.random.key(1))[0])
    np.testing.assert_allclose(draws.var(), 2 * one.var(), rtol=0.2)


def test_residual_adds_the_identity():
    block = residual(affine_layer(3, 3))
    params, x = block.init(jax.random.key(0)), jnp.ones((2, 3))
    y, J = block.apply(params, x)
    np.testing.assert_allclose(y, x + bp.affine(params, x)[0])
    params_bar, x_bar = jnp.ones((2, 3)) @ J
    np.testing.assert_allclose(x_bar, 1 + jnp.ones((2, 3)) @ params.W, rtol=1e-6)
    np.testing.assert_allclose(params_bar.W, 2 * np.ones((3, 3)))


def test_an_empty_batch_has_a_gradient_of_zero_and_no_loss():
    network = chain(affine_layer(3, 2))
    params = network.init(jax.random.key(0))
    _, gradients = value_and_grad(network, bp.softmax_nll)(params, jnp.ones((0, 3)), jnp.ones((0, 2)))
    np.testing.assert_array_equal(gradients[0].W, np.zeros((2, 3)))


def test_residual_takes_a_bare_rule_too():
    y, J = residual(bp.tanh).apply((), jnp.ones((2, 3)))
    np.testing.assert_allclose(y, 1 + np.tanh(np.ones((2, 3))), rtol=1e-6)
    _, x_bar = jnp.ones((2, 3)) @ J
    np.testing.assert_allclose(x_bar, 2 - np.tanh(np.ones((2, 3))) ** 2, rtol=1e-6)


@pytest.mark.usefixtures("unchecked")
def test_residual_refuses_a_layer_that_changes_the_shape():
    block = residual(affine_layer(4, 1))
    with pytest.raises(ValueError, match=r"residual\(affine\(4→1\)\): .* input's shape \(2, 4\), got \(2, 1\)"):
        block.apply(block.init(jax.random.key(0)), jnp.ones((2, 4)))
    with pytest.raises(ValueError, match=r"^chain: layer 1, residual\(affine\(4→1\)\), cannot take 4 numbers"):
        chain(block)


def test_nodes_added_at_the_end_have_names_of_their_own():
    network = chain(affine_layer(3, 2))
    y, J = network.apply(network.init(jax.random.key(0)), jnp.ones(3))
    J = bp.Diagonal(jnp.ones(2)) @ (bp.softmax(y)[1] @ J)
    assert list(J.cotangents(jnp.ones(2))) == ["D'", "D", "z1", "x"]
