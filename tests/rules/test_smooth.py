"""Smooth activations in float32: as close to the truth as jax.grad of JAX's own, and finite at any input."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import functional_bp as bp

PEERS = {
    "softplus": jax.nn.softplus,
    "elu": jax.nn.elu,
    "silu": jax.nn.silu,
    "gelu": lambda z: jax.nn.gelu(z, approximate=False),
    "gelu_tanh": jax.nn.gelu,
    "mish": jax.nn.mish,
    "hardswish": jax.nn.hard_swish,
}
GRID = np.concatenate([sign * np.logspace(-30, 4, 200) for sign in (-1, 1)] + [np.linspace(-12, 12, 241), [0.0]])
every_rule = pytest.mark.parametrize("name", PEERS)


def slope(name, z):
    _, J = getattr(bp, name)(z)
    return jnp.ones_like(z) @ J


@every_rule
def test_the_slope_is_no_farther_from_the_truth_than_jax_grad_s(name):
    z = GRID.astype("float32")
    ours = np.asarray(slope(name, jnp.asarray(z)), np.float64)
    theirs = np.asarray(jax.vmap(jax.grad(PEERS[name]))(jnp.asarray(z)), np.float64)
    with jax.enable_x64(True):
        truth = np.asarray(slope(name, jnp.asarray(z, "float64")))
    unit = np.spacing(np.maximum(np.abs(truth), 1e-30).astype("float32")).astype(float)
    error, peer = (np.abs(a - truth) / unit for a in (ours, theirs))
    assert np.isfinite(ours).all()
    assert error.max() <= max(2 * np.nanmax(peer), 8)
    assert np.median(error) <= 2


@every_rule
def test_the_slope_is_that_of_the_function_in_float64(name):
    with jax.enable_x64(True):
        z = jnp.asarray(GRID[np.abs(GRID) < 30])
        expected = jax.vmap(jax.grad(PEERS[name]))(z)
        np.testing.assert_allclose(slope(name, z), expected, rtol=1e-9, atol=1e-13)


@every_rule
def test_at_huge_inputs_it_is_0_or_1(name):
    ends = slope(name, jnp.array([-1e30, -1e10, 1e10, 1e30]))
    np.testing.assert_array_equal(ends, [0, 0, 1, 1])


def test_at_the_kinks_of_hardswish_the_slope_is_in_the_clarke_interval():
    np.testing.assert_array_equal(slope("hardswish", jnp.array([-3.0, 3.0])), [0, 1])


@every_rule
def test_it_holds_its_input_alone(name):
    z = jnp.ones((5, 3))
    assert [leaf is z for leaf in jax.tree.leaves(getattr(bp, name)(z)[1])] == [True]
