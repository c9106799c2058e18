"""What is particular to softmax and its logarithm: shift invariance, rows that sum to 0, any finite logit."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import functional_bp as bp

both = pytest.mark.parametrize("rule", [bp.softmax, bp.log_softmax], ids=["softmax", "log_softmax"])


@both
@pytest.mark.usefixtures("float64")
def test_rows_sum_to_zero_since_a_shift_changes_no_probability(rule):
    z = jax.random.normal(jax.random.key(0), (3, 5))
    y, J = rule(z)
    np.testing.assert_allclose(J @ jnp.ones((3, 5)), np.zeros((3, 5)), atol=1e-15)
    np.testing.assert_allclose(rule(z + 7.0)[0], y, rtol=1e-13)


@both
@pytest.mark.parametrize("scale", [1e4, 3e37])
def test_nothing_overflows_at_large_logits(rule, scale):
    z = scale * jnp.array([[1.0, -1.0, 0.5], [0.0, 0.0, 0.0], [-1.0, -1.0, -1.0]])
    y, J = rule(z)
    assert jnp.isfinite(y).all()
    assert jnp.isfinite(jnp.ones_like(z) @ J).all()
    probabilities = jnp.exp(y) if rule is bp.log_softmax else y
    np.testing.assert_allclose(probabilities, [[1, 0, 0], [1 / 3] * 3, [1 / 3] * 3], rtol=1e-6)


def test_a_masked_logit_has_probability_zero_and_no_gradient():
    z = jnp.array([1.0, -jnp.inf, 2.0])
    y, J = bp.softmax(z)
    assert y[1] == 0
    np.testing.assert_allclose(y.sum(), 1.0)
    z_bar = jnp.array([1.0, 2.0, 3.0]) @ J
    assert z_bar[1] == 0
    assert jnp.isfinite(z_bar).all()


@both
def test_one_class_is_certain(rule):
    y, J = rule(jnp.array([[3.0], [-2.0]]))
    np.testing.assert_array_equal(y, np.ones((2, 1)) if rule is bp.softmax else np.zeros((2, 1)))
    np.testing.assert_array_equal(jnp.ones((2, 1)) @ J, np.zeros((2, 1)))


@both
def test_no_class_at_all_is_empty(rule):
    y, J = rule(jnp.zeros((2, 0)))
    assert y.shape == (jnp.zeros((2, 0)) @ J).shape == (2, 0)


def test_logsumexp_of_no_numbers_is_minus_infinity():
    y, J = bp.logsumexp(jnp.zeros((2, 0)))
    assert (y == -jnp.inf).all()
    assert (jnp.ones(2) @ J).shape == (2, 0)
