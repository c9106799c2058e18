"""A rule as a function of JAX: jax.grad then goes by the rule's own Jacobian."""

import jax
import jax.numpy as jnp
import numpy as np

import functional_bp as bp


def test_jax_differentiates_a_rule_by_its_own_jacobian():
    softmax = bp.custom_vjp(bp.softmax)
    z = jnp.array([1.0, 2.0, 4.0])
    np.testing.assert_allclose(jax.jacrev(softmax)(z), jax.jacrev(jax.nn.softmax)(z), rtol=1e-5)


def test_the_jacobian_is_the_residuals_under_jit_and_vmap_and_of_several_inputs():
    affine = bp.custom_vjp(bp.affine)
    params, y = bp.AffineParams(jnp.ones((2, 3)), jnp.zeros(2)), jnp.ones((4, 3))
    gradients = jax.jit(jax.grad(lambda params, y: (affine(params, y) ** 2).sum(), (0, 1)))(params, y)
    np.testing.assert_allclose(gradients[0].W, 24 * np.ones((2, 3)))
    np.testing.assert_allclose(gradients[0].b, 24 * np.ones(2))
    np.testing.assert_allclose(gradients[1], 12 * np.ones((4, 3)))
    each = jax.vmap(jax.grad(lambda y: affine(params, y).sum()))(y)
    np.testing.assert_allclose(each, 2 * np.ones((4, 3)))


def test_a_chosen_subgradient_goes_into_jax_grad():
    relu = bp.custom_vjp(lambda z: bp.relu(z, at_kink=1.0))
    assert jax.grad(lambda z: relu(z)[0])(jnp.zeros(1)) == 1.0


def test_a_target_is_a_constant():
    loss = bp.custom_vjp(bp.softmax_nll)
    z, d = jnp.array([1.0, 2.0]), jnp.array([0.0, 1.0])
    np.testing.assert_allclose(jax.grad(loss)(z, d), jax.nn.softmax(z) - d, rtol=1e-6)


def test_forward_mode_goes_by_the_rule_s_own_jacobian():
    softmax = bp.custom_jvp(bp.softmax)
    z = jnp.array([1.0, 2.0, 4.0])
    np.testing.assert_allclose(jax.jacfwd(softmax)(z), jax.jacrev(jax.nn.softmax)(z), rtol=1e-5)
    affine = bp.custom_jvp(bp.affine)
    params, y = bp.AffineParams(jnp.ones((2, 3)), jnp.zeros(2)), jnp.ones((4, 3))
    _, dot = jax.jvp(affine, (params, y), (params, 2 * y))
    np.testing.assert_allclose(dot, np.full((4, 2), 9.0))
    embedding = bp.custom_jvp(bp.embedding)
    _, dot = jax.jvp(lambda E: embedding(E, jnp.array([1, 1])), (jnp.eye(2),), (2 * jnp.eye(2),))
    np.testing.assert_array_equal(dot, [[0, 2], [0, 2]])
    qkv = bp.QKV(*(jax.random.normal(key, (1, 4, 2)) for key in jax.random.split(jax.random.key(0), 3)))
    _, dot = jax.jvp(bp.custom_jvp(bp.attention), (qkv,), (qkv,))
    np.testing.assert_allclose(dot, bp.attention(qkv)[1] @ qkv, rtol=1e-6)


def plain(params, x):
    return jnp.sin(x @ params) * x[..., :1]


def test_any_function_of_jax_is_a_layer(float64):
    """By its own derivative, alone, in a chain and repeated."""
    layer = bp.from_jax(plain, lambda key: jax.random.normal(key, (3, 3)))
    network = bp.chain(bp.from_jax(jnp.cos), bp.repeat(layer, 2), bp.tanh)
    params, x = network.init(jax.random.key(0)), jnp.ones((2, 3))

    def whole(params, x):
        x = jnp.cos(x)
        for theta in params[1].layers:
            x = plain(theta, x)
        return jnp.tanh(x)

    y, J = network.apply(params, x)
    expected, pullback = jax.vjp(whole, params, x)
    np.testing.assert_allclose(y, expected)
    for a, b in zip(jax.tree.leaves(y @ J), jax.tree.leaves(pullback(y)), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-10, atol=1e-12)
