"""Where sizes and values are extreme: one number, equal rows, ties, a remainder, no step; float64, beside jax.vjp."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from catalogue import plain_gru, plain_lstm, plain_rnn

import functional_bp as bp

pytestmark = pytest.mark.slow
EXACT = {"rtol": 1e-12, "atol": 1e-12}


def random(*shape):
    return jnp.asarray(np.random.default_rng(len(shape)).standard_normal(shape))


def holds(rule, plain, *inputs):
    """y and all cotangents of floats are those of jax.vjp of the plain forward."""
    y, J = rule(*inputs)
    y_plain, pullback = jax.vjp(plain, *inputs)
    y_bar = jax.tree.map(lambda y: jnp.cos(jnp.arange(y.size, dtype=y.dtype)).reshape(y.shape), y)
    x_bar = y_bar @ J if isinstance(y, jax.Array) else J.vjp(y_bar)
    x_bar = x_bar if type(x_bar) is tuple else (x_bar,)
    expected = pullback(jax.tree.map(lambda plain, bar: bar.reshape(plain.shape), y_plain, y_bar))
    for a, b in zip(jax.tree.leaves((y, x_bar)), jax.tree.leaves((y_plain, expected[: len(x_bar)])), strict=True):
        np.testing.assert_allclose(a, b.reshape(a.shape), **EXACT)


def plain_layer_norm(p, x):
    centred = x - x.mean(-1, keepdims=True)
    y = centred / jnp.sqrt((centred**2).mean(-1, keepdims=True) + 1e-5)
    return p.gain[None] * y + p.bias[None]


def plain_rms_norm(gain, x):
    return gain[None] * x / jnp.sqrt((x**2).mean(-1, keepdims=True) + 1e-5)


ROWS = {
    "equal numbers": jnp.full((2, 6), 0.3),
    "zeros": jnp.zeros((1, 6)),
    "one number": jnp.full((3, 1), -2.0),
    "no row": jnp.zeros((0, 4)),
    "one row": jnp.arange(5.0)[None],
}


@pytest.mark.parametrize("name", ROWS)
def test_norms(name, float64):
    x = jnp.asarray(ROWS[name], float)
    gain, bias = 1 + jnp.arange(x.shape[1], dtype=float), jnp.ones(x.shape[1])
    holds(bp.layer_norm, plain_layer_norm, bp.GainParams(gain, bias), x)
    holds(bp.rms_norm, plain_rms_norm, gain, x)


def test_a_group_norm_of_one_channel_a_group(float64):
    params = bp.GainParams(random(4), random(4))
    y, J = bp.group_norm(params, random(2, 4), 4)
    np.testing.assert_allclose(y, jnp.broadcast_to(params.bias, (2, 4)), **EXACT)
    np.testing.assert_allclose((random(2, 4) @ J)[1], 0, **EXACT)


CELLS = {
    "lstm": (bp.lstm_cell, plain_lstm, 2),
    "gru": (bp.gru_cell, plain_gru, 1),
    "rnn": (bp.rnn_cell, plain_rnn, 1),
}


@pytest.mark.parametrize("T", [0, 1, 5])
@pytest.mark.parametrize("cell", CELLS)
def test_cells_over_no_step_one_step_and_a_remainder_in_a_batch_of_one(cell, T, float64):
    make, step, states = CELLS[cell]
    layer = bp.recurrent(make(3, 2), chunk=2)

    def plain(params, x):
        zero = jnp.zeros(2)
        _, y = jax.lax.scan(lambda s, x: step(params[1], (s, x)), (zero, zero) if states == 2 else zero, x[0])
        return y[None]

    params = jax.tree.map(lambda a: jnp.asarray(a, float), layer.init(jax.random.key(0)))
    holds(layer.apply, plain, params, random(1, T, 3))


@pytest.mark.parametrize("V", [1, 2, 2048, 5000])
def test_vocabularies_of_one_word_and_of_more_than_a_product_takes(V, float64):
    labels = jnp.asarray([0, V - 1, V, -1, V // 2])

    def plain(W, h, labels):
        kept = (labels >= 0) & (labels < V)
        found = jnp.take_along_axis(jax.nn.log_softmax(h @ W.T), jnp.where(kept, labels, 0)[:, None], 1)[:, 0]
        return -jnp.where(kept, found, 0).sum() / kept.sum().astype(W.dtype)

    def of_weights(W, h):
        D, J = bp.linear_nll(W, h, labels, chunk=2)
        return D, bp.BlockRow(J.blocks[:2])

    holds(of_weights, lambda W, h: plain(W, h, labels), random(V, 3), random(5, 3))


def test_pooling_of_equal_numbers_takes_the_first(float64):
    y, J = bp.max_pool(jnp.ones((1, 2, 4, 1)))
    assert (y == 1).all()
    np.testing.assert_array_equal((jnp.ones_like(y) @ J)[0, :, :, 0], [[1, 0, 1, 0], [0, 0, 0, 0]])


def test_a_convolution_as_long_as_its_input_in_a_batch_of_one(float64):
    params, x = bp.ConvParams(random(3, 2, 4), random(4)), random(1, 3, 2)
    holds(bp.convolution, lambda p, x: jnp.einsum("bka,kai->bi", x, p.W)[:, None] + p.b[None, None], params, x)


@pytest.mark.parametrize("scale", [30.0, 300.0])
def test_softmax_s_gradient_is_precise_where_one_probability_is_nearly_1(scale):
    """ȳ − Σ ȳ y is there a small difference of large numbers."""
    z = np.float32(scale * np.random.default_rng(0).standard_normal((50, 8)))
    y_bar = np.float32(np.random.default_rng(1).uniform(0.5, 1.5, z.shape))
    found = np.asarray(jnp.asarray(y_bar) @ bp.softmax(jnp.asarray(z))[1], np.float64)
    e = np.exp(z.astype(float) - z.max(-1, keepdims=True))
    y = e / e.sum(-1, keepdims=True)
    differences = y_bar[:, :, None].astype(float) - y_bar[:, None].astype(float)
    true = y * (differences * y[:, None]).sum(-1)
    unit = np.spacing(np.abs(true).max(-1).astype(np.float32) + np.float32(1e-30)).astype(float)
    assert (np.abs(found - true).max(-1) <= 64 * unit + 1e-36).all()  # z − max alone, rounded, is up to 60 of them off
