"""Language models without autodiff: their gradients are those of a forward pass that is written without the library."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import functional_bp as bp
from functional_bp.checking import plain
from functional_bp.checking.networks import gradient_differences
from functional_bp.networks.language import gdn_model, gru_model, lstm_model, transformer_model
from functional_bp.networks.sampling import continued
from functional_bp.training.optimizers import axes_of_each
from functional_bp.training.precision import value_and_grad_in

V, T = 7, 6
MODELS = {
    "lstm": (lstm_model(V, 8, 2), partial(plain.recurrent, plain.lstm_step)),
    "gru": (gru_model(V, 8, 1), partial(plain.recurrent, plain.gru_step)),
    "transformer": (transformer_model(V, 4, 2, 2, T), partial(plain.transformer, 2)),
    "gdn": (gdn_model(V, 4, 2, 2), partial(plain.gdn, 2)),
}
GDN = pytest.param("gdn", 3, T, marks=pytest.mark.slow)
CASES = [("lstm", 3, T), ("gru", 3, T), ("transformer", 3, T), GDN, ("lstm", 1, 1)]
every_model = pytest.mark.parametrize("name", MODELS)


def batch(rows=3, length=T):
    tokens = np.random.default_rng(0).integers(0, V, (rows, length + 1), np.int32)
    return tokens[:, :-1], tokens[:, 1:]


@pytest.mark.parametrize(("name", "rows", "length"), CASES)
def test_every_layer_s_gradient_is_that_of_the_plain_forward(name, rows, length, unoptimised):
    network, forward = MODELS[name]
    params = network.init(jax.random.key(0))
    found = gradient_differences(network, bp.label_nll, params, *batch(rows, length), forward=forward)
    assert len(found) == sum(bool(jax.tree.leaves(theta)) for theta in params)
    assert max(found.values()) < 1e-12


def test_a_forward_that_is_another_is_seen(unoptimised):
    network, forward = MODELS["gru"]
    params = network.init(jax.random.key(0))
    other = gradient_differences(network, bp.label_nll, params, *batch(), forward=lambda p, x: 2 * forward(p, x))
    assert min(other.values()) > 1e-3


@every_model
def test_a_token_is_foreseen_from_those_before_it_alone(name, unoptimised):
    network, _ = MODELS[name]
    params = network.init(jax.random.key(0))
    tokens, _ = batch(1)
    z, _ = network.apply(params, jnp.asarray(tokens))
    later, _ = network.apply(params, jnp.asarray(tokens).at[0, 3].set((tokens[0, 3] + 1) % V))
    np.testing.assert_array_equal(z[0, :3], later[0, :3])
    assert not np.array_equal(z[0, 3:], later[0, 3:])


def test_what_is_drawn_at_a_low_temperature_is_the_likeliest(unoptimised):
    network, _ = MODELS["lstm"]
    params = network.init(jax.random.key(0))
    written = [1, 2]
    logits = jax.jit(lambda tokens: network.apply(params, tokens)[0])
    for _ in range(T):
        z = logits(jnp.asarray([written[-T:]], jnp.int32))
        written.append(int(z[0, -1].argmax()))
    window = jnp.asarray([1, 2, 0, 0, 0, 0], jnp.int32)
    found = continued(network, params, window, jnp.int32(2), T, jax.random.key(0), jnp.float32(1e-6))
    assert found.tolist() == written[2:]


@every_model
def test_in_bfloat16_gradients_are_summed_in_the_parameters_own_dtype(name):
    network, _ = MODELS[name]
    params = jax.eval_shape(network.init, jax.random.key(0))
    gradients = value_and_grad_in(jnp.bfloat16)(network, bp.label_nll)
    loss, found = jax.eval_shape(gradients, params, *batch())
    assert {leaf.dtype for leaf in jax.tree.leaves((loss, found))} == {jnp.dtype("float32")}


def test_a_stacked_bias_is_no_matrix():
    network, _ = MODELS["transformer"]
    params = jax.eval_shape(network.init, jax.random.key(0))
    _, _, blocks, *_ = axes_of_each(params)
    ((norm, qkv), *_), _ = blocks.layers
    assert (norm.gain, qkv.W, qkv.b) == (1, 2, 1)


def test_heads_that_do_not_divide_the_width_are_refused():
    with pytest.raises(ValueError, match="3 heads do not divide a width of 8"):
        bp.attention_layer(8, 3)
    with pytest.raises(ValueError, match="cannot be split into q of 2 heads"):
        bp.split_heads(jnp.ones((2, 7)), 2)
