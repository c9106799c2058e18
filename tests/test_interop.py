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
