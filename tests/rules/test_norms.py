"""Norms of rows that are equal, tiny or huge; and what they hold."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import functional_bp as bp

PARAMS = bp.GainParams(jnp.array([1.0, 2.0, -1.0, 0.5]), jnp.arange(4.0))


def test_a_row_of_equal_numbers_gives_the_bias_and_a_finite_gradient():
    y, J = bp.layer_norm(PARAMS, jnp.full((2, 4), 7.0))
    np.testing.assert_allclose(y, np.tile(PARAMS.bias, (2, 1)), atol=1e-6)
    _, x_bar = jnp.ones((2, 4)) @ J
    assert jnp.isfinite(x_bar).all()


def test_one_number_is_its_own_mean():
    y, J = bp.layer_norm(bp.GainParams(jnp.ones(1), jnp.ones(1)), jnp.array([[3.0]]))
    np.testing.assert_array_equal(y, [[1.0]])
    np.testing.assert_array_equal((jnp.ones((1, 1)) @ J)[1], [[0.0]])


@pytest.mark.parametrize("scale", [1e-6, 1e-3, 1.0, 1e3, 1e6])
@pytest.mark.parametrize("rule", ["layer_norm", "rms_norm", "l2_normalise"])
def test_float32_is_close_to_float64_at_any_variance(rule, scale):
    x = np.random.default_rng(0).normal(size=(50, 4)) * scale

    def x_bar(dtype):
        params = jax.tree.map(lambda a: a.astype(dtype), PARAMS)
        given = {"layer_norm": (params,), "rms_norm": (params.gain,), "l2_normalise": ()}[rule]
        _, J = getattr(bp, rule)(*given, jnp.asarray(x.astype("float32"), dtype))
        bar = jnp.cos(3 * jnp.asarray(x / scale, dtype)) @ J
        return np.asarray(bar[1] if given else bar, np.float64)

    with jax.enable_x64(True):
        truth = x_bar("float64")
        np.testing.assert_allclose(x_bar("float32"), truth, rtol=1e-3, atol=3e-6 * np.abs(truth).max())


def test_it_holds_one_array_of_the_input_s_size():
    """x stands in the gain's Jacobian and in that by x; beside it there are two numbers an example, and the gain."""
    x = jax.random.normal(jax.random.key(0), (100, 4))
    leaves = {id(leaf): leaf.size for leaf in jax.tree.leaves(bp.layer_norm(PARAMS, x)[1])}
    assert sum(leaves.values()) == 400 + 2 * 100 + 4


@pytest.mark.usefixtures("unchecked")
def test_what_does_not_fit_is_refused():
    with pytest.raises(ValueError, match=r"layer_norm: gain and bias must have shape \(3,\)"):
        bp.layer_norm(PARAMS, jnp.ones((2, 3)))
    with pytest.raises(ValueError, match="3 groups do not divide 4 channels"):
        bp.group_norm(PARAMS, jnp.ones((2, 4)), 3)
