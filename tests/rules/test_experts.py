"""Mixtures of experts: who is chosen, examples of no expert, a mixture as a whole."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import functional_bp as bp


def test_of_equal_logits_the_first_are_chosen():
    y, J = bp.top_k_softmax(jnp.array([1.0, 1.0, 1.0]), 2)
    np.testing.assert_array_equal(y, [0.5, 0.5, 0])
    np.testing.assert_array_equal(jnp.array([0.0, 0, 1]) @ J, 0)


def test_an_example_of_no_expert_gets_0_and_gives_nothing():
    W, x = jnp.ones((2, 1, 3)), jnp.ones((3, 3))
    y, J = bp.expert_linear(W, x, jnp.array([0, -1, 2]))
    np.testing.assert_array_equal(y[:, 0], [3, 0, 0])
    W_bar, x_bar = jnp.ones((3, 1)) @ J
    np.testing.assert_array_equal(W_bar[:, 0, 0], [1, 0])
    np.testing.assert_array_equal(x_bar[:, 0], [1, 0, 0])


def test_a_mixture_of_two_of_three(float64, unoptimised):
    """y = Σ_e g_e W_e x, of which two terms are computed: gates, gather, product, contraction."""
    rng = np.random.default_rng(0)
    gates_W, W, x = (jnp.asarray(rng.normal(size=s)) for s in ((3, 4), (3, 2, 4), (5, 4)))

    def mixture(gates_W, W, x):
        z, _ = bp.linear(gates_W, x)
        g, J_g = bp.top_k_softmax(z, 2)
        chosen = jax.lax.top_k(z, 2)[1].astype(jnp.int32)
        twice = jnp.broadcast_to(x[:, None], (5, 2, 4))
        y, J_y = bp.expert_linear(W, twice, chosen)
        return g, J_g, chosen, y, J_y

    def plain(gates_W, W, x):
        z = x @ gates_W.T
        top = jax.lax.top_k(z, 2)[0][:, 1:]
        g = jax.nn.softmax(jnp.where(z >= top, z, -jnp.inf))
        return jnp.einsum("be,emn,bn->bm", g, W, x)

    g, J_g, chosen, y, J_y = mixture(gates_W, W, x)
    weight = jnp.take_along_axis(g, chosen, 1)
    out, J_out = bp.contraction(weight, y, spec="k,km->m")
    expected, pullback = jax.vjp(plain, gates_W, W, x)
    bar = jnp.cos(out)
    weight_bar, y_bar = bar @ J_out
    g_bar = jnp.zeros_like(g).at[jnp.arange(5)[:, None], chosen].add(weight_bar)
    W_bar, _ = y_bar @ J_y
    gates_bar, _ = (g_bar @ J_g) @ bp.linear(gates_W, x)[1]
    np.testing.assert_allclose(out, expected, rtol=1e-12)
    np.testing.assert_allclose(W_bar, pullback(bar)[1], rtol=1e-10)
    np.testing.assert_allclose(gates_bar, pullback(bar)[0], rtol=1e-10, atol=1e-14)


def test_what_does_not_fit_is_said(unchecked):
    with pytest.raises(ValueError, match="k must be from 1 to 3"):
        bp.top_k_softmax(jnp.ones(3), 4)
    with pytest.raises(ValueError, match="expert_linear: W"):
        bp.expert_linear(jnp.ones((2, 1, 3)), jnp.ones((3, 2)), jnp.zeros(3, int))
