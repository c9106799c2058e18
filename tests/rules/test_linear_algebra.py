"""Systems of equations: against jax.grad of jnp.linalg; singular and indefinite matrices; what does not fit."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import functional_bp as bp


def test_systems_of_a_batch_are_each_its_own(float64):
    rng = np.random.default_rng(0)
    A, b = jnp.asarray(rng.normal(size=(3, 4, 4))), jnp.asarray(rng.normal(size=(3, 4)))
    y, J = bp.solve(A, b)
    expected, pullback = jax.vjp(lambda A, b: jnp.linalg.solve(A, b[..., None])[..., 0], A, b)
    np.testing.assert_allclose(y, expected, rtol=1e-10)
    for a, w in zip(jnp.cos(y) @ J, pullback(jnp.cos(y)), strict=True):
        np.testing.assert_allclose(a, w, rtol=1e-8)


def test_a_determinant_has_any_sign(float64):
    A = jnp.asarray([[0.0, 1], [1, 0]])
    y, J = bp.log_determinant(A)
    assert y == 0
    np.testing.assert_array_equal(jnp.ones(()) @ J, A)


def test_a_singular_matrix_is_not_solved_silently():
    y, _ = bp.solve(jnp.zeros((2, 2)), jnp.ones(2))
    assert not np.isfinite(y).any()
    y, _ = bp.cholesky_solve(-jnp.eye(2), jnp.ones(2))
    assert np.isnan(y).all()
    assert bp.log_determinant(jnp.zeros((2, 2)))[0] == -np.inf


def test_what_does_not_fit_is_said(unchecked):
    for rule in (bp.solve, bp.cholesky_solve):
        with pytest.raises(ValueError, match=r"A must be \(\*batch, n, n\)"):
            rule(jnp.ones((2, 3)), jnp.ones(2))
    with pytest.raises(ValueError, match="A must be square"):
        bp.log_determinant(jnp.ones((2, 3)))
