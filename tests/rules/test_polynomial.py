"""What is particular to polynomials: their degree, and coefficients of zero."""

import jax.numpy as jnp
import numpy as np
import pytest

import functional_bp as bp


def test_the_square_has_the_diagonal_jacobian_of_the_textbook():
    y, J = bp.polynomial(jnp.array([0.0, 0.0, 1.0]), jnp.array([1.0, 2.0, 3.0]))
    np.testing.assert_array_equal(y, [1, 4, 9])
    np.testing.assert_array_equal(J.blocks[1].to_dense(), np.diag([2.0, 4.0, 6.0]))
    np.testing.assert_array_equal(J.blocks[0].to_dense(), [[1, 1, 1], [1, 2, 4], [1, 3, 9]])


def test_a_constant_has_no_slope():
    y, J = bp.polynomial(jnp.array([5.0]), jnp.array([[1.0, 2.0]]))
    c_bar, z_bar = jnp.ones((1, 2)) @ J
    np.testing.assert_array_equal(y, [[5, 5]])
    np.testing.assert_array_equal(c_bar, [2])
    np.testing.assert_array_equal(z_bar, [[0, 0]])


def test_a_coefficient_of_zero_never_meets_an_overflowing_power():
    y, J = bp.polynomial(jnp.array([1.0, 2.0, 0.0, 0.0]), jnp.array([1e20]))
    assert y == 2e20
    np.testing.assert_array_equal((jnp.ones(1) @ J)[1], [2.0])


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize("shape", [(0,), (2, 2), ()])
def test_coefficients_form_a_vector(shape):
    with pytest.raises(ValueError, match="polynomial: coefficients must have shape"):
        bp.polynomial(jnp.ones(shape), jnp.ones(3))
