"""What is particular to divergences: 0 · log 0, saturation, fused forms, kinks, targets that do not fit."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import functional_bp as bp

ON_PROBABILITIES = (bp.nll, bp.kl, bp.binary_nll, bp.binary_kl)
ALL = (*ON_PROBABILITIES, bp.squared_error, bp.absolute_error, bp.sigmoid_binary_nll, bp.softmax_nll)
by_name = {"ids": lambda rule: rule.__name__}


def gradient(rule, y, d):
    D, J = rule(jnp.asarray(y), jnp.asarray(d))
    return D, jnp.ones_like(D) @ J


@pytest.mark.parametrize("rule", ON_PROBABILITIES, **by_name)
def test_a_certain_and_right_answer_costs_nothing(rule):
    D, y_bar = gradient(rule, [1.0, 0.0], [1.0, 0.0])
    assert D == 0
    assert jnp.isfinite(y_bar).all()


def test_the_derivative_of_binary_nll_at_certainty_is_minus_one():
    np.testing.assert_array_equal(gradient(bp.binary_nll, [1.0], [1.0])[1], [-1])
    np.testing.assert_array_equal(gradient(bp.binary_nll, [0.0], [0.0])[1], [1])


@pytest.mark.parametrize("rule", [bp.kl, bp.binary_kl], **by_name)
def test_kl_of_a_distribution_with_itself_is_zero_and_otherwise_positive(rule):
    d = jax.nn.softmax(jax.random.normal(jax.random.key(0), (50, 4)))
    np.testing.assert_allclose(rule(d, d)[0], np.zeros(50), atol=1e-6)
    assert (rule(d[::-1], d)[0] > 0).all()


@pytest.mark.usefixtures("float64")
@pytest.mark.parametrize(
    ("fused", "rule", "activation"),
    [(bp.sigmoid_binary_nll, bp.binary_nll, bp.sigmoid), (bp.softmax_nll, bp.nll, bp.softmax)],
)
def test_the_fused_form_is_the_composition(fused, rule, activation):
    z = jax.random.normal(jax.random.key(0), (6, 4))
    d = jax.random.uniform(jax.random.key(1), (6, 4))  # its sum need not be 1
    y, J_y = activation(z)
    D, J_D = rule(y, d)
    fused_D, fused_J = fused(z, d)
    np.testing.assert_allclose(fused_D, D, rtol=1e-12)
    np.testing.assert_allclose(fused_J.to_dense(), (J_D @ J_y).to_dense(), rtol=1e-10, atol=1e-14)


@pytest.mark.parametrize("rule", [bp.sigmoid_binary_nll, bp.softmax_nll], **by_name)
@pytest.mark.parametrize("scale", [1.0, 30.0, 1e4])
def test_fused_forms_equal_the_float64_truth_at_any_logit(rule, scale):
    z = scale * np.array([[1.0, -1.0, 0.25], [-0.5, 1.0, 1.0], [0.0, 0.0, 0.0]])
    d = np.array([[1.0, 0.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.5, 0.5]])
    if rule is bp.softmax_nll:
        truth = np.exp(z - z.max(-1, keepdims=True))
        expected = truth / truth.sum(-1, keepdims=True) - d
    else:
        expected = np.where(d == 1, -np.exp(-np.logaddexp(0, z)), np.exp(-np.logaddexp(0, -z)))
        expected = np.where(d == 0.5, np.exp(-np.logaddexp(0, -z)) - 0.5, expected)
    D, z_bar = gradient(rule, z.astype(np.float32), d.astype(np.float32))
    assert jnp.isfinite(D).all()
    np.testing.assert_allclose(z_bar, expected, rtol=3e-6, atol=2e-7 if rule is bp.softmax_nll else 1e-37)


@pytest.mark.usefixtures("float64")
def test_the_mended_gradient_of_a_saturated_probability_is_the_true_one():
    """Where y rounds to 0 or 1 on the wrong side, the loss is infinite, and so is its slope: not NaN."""
    D, y_bar = gradient(bp.binary_nll, [0.0, 1.0], [1.0, 0.0])
    assert np.isposinf(D)
    np.testing.assert_array_equal(y_bar, [-np.inf, np.inf])


def test_at_the_kink_of_the_absolute_error_any_slope_between_minus_1_and_1_may_be_chosen():
    y = d = jnp.array([1.0, 2.0])
    assert (bp.absolute_error(y, d)[1].to_dense() == jax.grad(lambda y: jnp.abs(y - d).sum())(y)).all()
    for chosen in (-1.0, 0.0, 0.5, 1.0):
        np.testing.assert_array_equal(bp.absolute_error(y, d, at_kink=chosen)[1].to_dense(), [chosen] * 2)


def test_a_masked_logit_without_target_costs_nothing():
    D, z_bar = gradient(bp.softmax_nll, [1.0, -np.inf, 2.0], [1.0, 0.0, 0.0])
    assert jnp.isfinite(D)
    assert z_bar[1] == 0


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize("rule", ALL, **by_name)
def test_a_target_that_does_not_fit_is_refused(rule):
    with pytest.raises(ValueError, match=f"^{rule.__name__}: output and target must have one shape"):
        rule(jnp.ones((2, 3)), jnp.ones((2, 4)))


@pytest.mark.parametrize("rule", ALL, **by_name)
def test_a_batch_has_one_number_an_instance(rule):
    y = jnp.full((2, 5, 3), 0.5)
    D, J = rule(y, y)
    assert D.shape == (2, 5)
    assert (jnp.ones((2, 5)) @ J).shape == (2, 5, 3)


@pytest.mark.parametrize("rule", ALL, **by_name)
def test_a_nan_is_never_hidden_even_where_the_target_is_zero(rule):
    D, y_bar = gradient(rule, [np.nan, 0.5], [0.0, 1.0])
    assert jnp.isnan(D)
    assert jnp.isnan(y_bar[0])
