"""Batch norm: in training against jax.grad of the whole batch; the running statistics; what a run does with them."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

import functional_bp as bp
from functional_bp.networks.state import has_state
from functional_bp.training.loop import fit

KEY = jax.random.key(0)


def plain(params, x, eps=1e-5):
    """Over all axes but the channels'."""
    axes = tuple(range(x.ndim - 1))
    return params.gain[None] * jax.nn.standardize(x, axes, epsilon=eps) + params.bias[None]


def drawn(*shape):
    rng = np.random.default_rng(0)
    gain, bias, mean = (jnp.asarray(rng.normal(size=shape[-1])) for _ in range(3))
    return bp.BatchNormParams(gain, bias, mean, jnp.ones(shape[-1])), jnp.asarray(rng.normal(size=shape))


@pytest.mark.parametrize("shape", [(6, 3), (2, 3)], ids=str)
def test_in_training_the_cotangents_are_those_of_the_whole_batch(shape, float64, unoptimised):
    params, x = drawn(*shape)
    y, J = bp.batch_norm(params, x, key=KEY)
    expected, pullback = jax.vjp(plain, params, x)
    bar, dot = jnp.cos(y), jax.tree.map(jnp.sin, (params, x))
    np.testing.assert_allclose(y, expected, rtol=1e-12, atol=1e-12)
    for got, wanted in zip(jax.tree.leaves(bar @ J), jax.tree.leaves(pullback(bar)), strict=True):
        np.testing.assert_allclose(got, wanted, rtol=1e-10, atol=1e-12)
    _, y_dot = jax.jvp(plain, (params, x), dot)
    np.testing.assert_allclose(J @ dot, y_dot, rtol=1e-10, atol=1e-12)


def test_a_batch_of_one_gives_the_bias(float64):
    params, x = drawn(1, 3)
    y, J = bp.batch_norm(params, x, key=KEY)
    np.testing.assert_allclose(y[0], params.bias)
    np.testing.assert_array_equal((y @ J)[1], 0)


def network():
    block = bp.residual(bp.chain(bp.batch_norm_layer(4), bp.relu, bp.affine_layer(4, 4)))
    return bp.chain(bp.affine_layer(4, 4), bp.repeat(block, 2), bp.batch_norm_layer(4), bp.affine_layer(4, 3))


def test_the_running_statistics_are_read_off_the_jacobian_also_of_repeated_layers(float64):
    layers, x = network(), jnp.asarray(np.random.default_rng(0).normal(size=(8, 4)))
    params = layers.init(KEY)
    _, J = jax.jit(layers.apply)(params, x, KEY)
    new = bp.refreshed(params, J, momentum=0.25)
    z, _ = bp.affine(params[0], x)
    stacked = new[1].layers[0]
    np.testing.assert_allclose(stacked.mean[0], 0.25 * z.mean(0), rtol=1e-12)
    np.testing.assert_allclose(stacked.variance[0], 0.75 + 0.25 * z.var(0), rtol=1e-12)
    assert not np.allclose(stacked.mean[1], stacked.mean[0])
    assert not np.allclose(new[2].mean, 0)
    assert bp.refreshed(params[0], J.factors[0]) is params[0]
    with pytest.raises(ValueError, match="the network has 2 batch norms, J the statistics of 0"):
        bp.refreshed(params, layers.apply(params, x)[1])


def test_a_run_learns_them():
    """`fit` refreshes them at every step: the running mean goes to that of the data."""
    rng = np.random.default_rng(0)
    x, d = rng.normal(3, 1, (64, 4)).astype("float32"), np.eye(3, dtype="float32")[rng.integers(0, 3, 64)]
    layers = bp.chain(bp.batch_norm_layer(4), bp.affine_layer(4, 3))
    run = fit(layers, bp.softmax_nll, (x, d), optimizer=optax.sgd(0.01), steps=40, batch=64)
    norm, affine = run.params
    np.testing.assert_allclose(norm.mean, x.mean(0) * (1 - 0.9**40), rtol=1e-4)
    assert has_state(run.params)
    assert not has_state(affine)


def test_what_does_not_fit_is_said(unchecked):
    params, x = drawn(2, 3)
    with pytest.raises(ValueError, match="each parameter must have shape"):
        partial(bp.batch_norm, params)(x[:, :2])
