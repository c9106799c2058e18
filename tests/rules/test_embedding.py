"""Tokens that are none, that come twice; rotations that keep lengths."""

import jax.numpy as jnp
import numpy as np
import pytest

import functional_bp as bp

E = jnp.arange(6.0).reshape(3, 2)


def test_a_token_that_comes_twice_collects_both():
    _, J = bp.embedding(E, jnp.array([1, 1, 0]))
    E_bar, nothing = jnp.array([[1.0, 2.0], [10.0, 20.0], [5.0, 5.0]]) @ J
    np.testing.assert_array_equal(E_bar, [[5, 5], [11, 22], [0, 0]])
    assert nothing is None


@pytest.mark.parametrize("token", [-1, 3])
def test_what_is_no_token_is_nan_and_has_no_gradient(token):
    y, J = bp.embedding(E, jnp.array([token, 2]))
    assert jnp.isnan(y[0]).all()
    np.testing.assert_array_equal(y[1], E[2])
    np.testing.assert_array_equal((jnp.ones((2, 2)) @ J)[0], [[0, 0], [0, 0], [1, 1]])


@pytest.mark.usefixtures("unchecked")
def test_what_does_not_fit_is_refused():
    with pytest.raises(ValueError, match="tokens must be whole numbers, got float32"):
        bp.embedding(E, jnp.ones(2))
    with pytest.raises(ValueError, match=r"at most 3, 2\), got \(4, 2\)"):
        bp.position(E, jnp.ones((4, 2)))
    with pytest.raises(ValueError, match="must be even, got 3"):
        bp.rope(jnp.ones((4, 3)))


def test_a_rotation_keeps_lengths_and_turns_back():
    x = jnp.asarray(np.random.default_rng(0).normal(size=(2, 5, 4)), "float32")
    y, J = bp.rope(x)
    np.testing.assert_allclose((y**2).sum(-1), (x**2).sum(-1), rtol=1e-5)
    np.testing.assert_allclose(y @ J, x, rtol=1e-5, atol=1e-6)
    np.testing.assert_array_equal(y[:, 0], x[:, 0])


def test_linear_refuses_what_its_matrix_does_not_take(unchecked):
    with pytest.raises(ValueError, match=r"linear: x must have shape \(\*batch, n\) for W \(m, n\)"):
        bp.linear(jnp.ones((2, 3)), jnp.ones(2))
