"""What is particular to the scalar activations: kinks, saturation, NaN, the random slope."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import functional_bp as bp

MEAN_SLOPE = (1 / 8 + 1 / 3) / 2
KINKED = {
    # rule: (JAX's own function, the Clarke interval at 0)
    bp.relu: (jax.nn.relu, (0, 1)),
    bp.leaky_relu: (jax.nn.leaky_relu, (0.01, 1)),
    bp.randomised_leaky_relu: (partial(jax.nn.leaky_relu, negative_slope=MEAN_SLOPE), (MEAN_SLOPE, 1)),
    bp.absolute: (jnp.abs, (-1, 1)),
}
kinked = pytest.mark.parametrize("rule", KINKED, ids=lambda rule: rule.__name__)


def slope_at(rule, z, **options):
    z = jnp.array([z])
    return float((jnp.ones(1) @ rule(z, **options)[1])[0])


@kinked
def test_the_value_at_a_kink_lies_in_the_clarke_interval_and_is_jax_s_by_default(rule):
    jax_function, (low, high) = KINKED[rule]
    h = 1e-3
    left = (rule(jnp.zeros(1))[0] - rule(jnp.array([-h]))[0]) / h
    right = (rule(jnp.array([h]))[0] - rule(jnp.zeros(1))[0]) / h
    np.testing.assert_allclose([left[0], right[0]], [low, high], rtol=1e-5)
    for zero in (0.0, -0.0):
        assert low <= slope_at(rule, zero) <= high
        np.testing.assert_allclose(slope_at(rule, zero), jax.grad(jax_function)(zero))


@kinked
def test_any_value_of_the_interval_may_be_chosen_and_changes_nothing_off_the_kink(rule):
    _, (low, high) = KINKED[rule]
    for chosen in np.linspace(low, high, 5):
        np.testing.assert_allclose(slope_at(rule, 0.0, at_kink=float(chosen)), chosen, rtol=1e-6)
        for z in (-1e-30, 1e-30, 2.0, -2.0):
            assert slope_at(rule, z, at_kink=float(chosen)) == slope_at(rule, z)


def test_a_step_is_flat_and_its_jump_counts_as_above():
    y, J = bp.step(jnp.array([-1.0, -0.0, 0.0, 1.0]))
    np.testing.assert_array_equal(y, [0, 1, 1, 1])
    np.testing.assert_array_equal(J.to_dense(), np.zeros((4, 4)))
    assert slope_at(bp.step, 0.0, at_kink=7.0) == 7.0


@pytest.mark.parametrize("rule", [bp.sigmoid, bp.tanh, *KINKED, bp.step, bp.identity], ids=lambda rule: rule.__name__)
def test_values_and_slopes_are_finite_at_any_finite_point_and_nan_at_nan(rule):
    z = jnp.array([-3e38, -1e4, -100.0, -1e-40, 0.0, 1e-40, 100.0, 1e4, 3e38])
    y, J = rule(z)
    assert jnp.isfinite(y).all()
    assert jnp.isfinite(jnp.ones_like(z) @ J).all()
    y, _ = rule(jnp.array([jnp.nan]))
    assert jnp.isnan(y).all()
    if rule in KINKED:
        assert np.isnan(slope_at(rule, jnp.nan))


def test_sigmoid_and_its_slope_keep_their_relative_precision_where_they_are_small():
    y, _ = bp.sigmoid(jnp.array([-50.0]))
    np.testing.assert_allclose(y, np.exp(-50.0), rtol=1e-5)
    np.testing.assert_allclose(slope_at(bp.sigmoid, -50.0), np.exp(-50.0), rtol=1e-5)


def test_randomised_slopes_are_drawn_by_the_key_within_the_bounds():
    z, key = -jnp.ones(10_000), jax.random.key(0)
    y, J = bp.randomised_leaky_relu(z, key, 0.2, 0.4)
    slopes = jnp.ones_like(z) @ J
    np.testing.assert_array_equal(y, -slopes)
    assert (slopes.min() >= 0.2) & (slopes.max() <= 0.4)
    assert abs(float(slopes.mean()) - 0.3) < 0.005
    np.testing.assert_array_equal(bp.randomised_leaky_relu(z, key, 0.2, 0.4)[0], y)
    assert (bp.randomised_leaky_relu(z, jax.random.key(1), 0.2, 0.4)[0] != y).any()
    np.testing.assert_allclose(bp.randomised_leaky_relu(z, None, 0.2, 0.4)[0], -0.3, rtol=1e-6)
    np.testing.assert_array_equal(bp.randomised_leaky_relu(-z, key)[0], -z)
