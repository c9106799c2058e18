"""A Jacobian holds no more than it needs: its bytes besides what the rule was given and what it gave."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.extend.core import Literal

from functional_bp.rules.catalogue import CATALOGUE

B = 3  # examples
NOTHING = 0
SLOPE = 4 * B * 4  # one float an entry of x
HELD = {
    **dict.fromkeys(("step", "relu", "leaky_relu", "leaky_relu, another slope", "randomised_leaky_relu"), SLOPE),
    **dict.fromkeys(("sigmoid", "tanh", "absolute", "dropout", "dropout with a key", "log_softmax"), SLOPE),
    **dict.fromkeys(("squared_error", "absolute_error", "binary_nll", "nll", "binary_kl", "kl"), SLOPE),
    **dict.fromkeys(("sigmoid_binary_nll", "softmax_nll", "logsumexp", "label_nll", "label_nll, smoothing"), SLOPE),
    "pair_product": 4 * B * 6,  # the partners: x with its pairs exchanged
    "power_product": 4 * B * (4 * 3 + 3 * 4),  # by the exponents, by z
    "polynomial": 4 * B * (4 * 4 + 4),  # the powers, the slope
    "subset_max, ties split": 4 * B * 3 * 4,  # a weight for each member of each subset
    "subset_max, ties to the first": 4 * B * 3 * 4,
    "layer_norm": 4 * B * 2,  # the mean and the rate
    "rms_norm": 4 * B,  # the rate
    "l2_normalise": 4 * (B + 4),  # and a constant gain
    "group_norm": 4 * B * 2 * 2,
    "group_norm of an image": 4 * B * 2 * 2,
    "attention": 4 * B * 2 * 3,  # log Σ exp of each row
    "attention, causal": 4 * B * 2 * 3,
    "embedding": 4 * B,  # the tokens
    "lstm": 4 * B * 6 * 3,
    "gru": 4 * B * 5 * 3,
    "simple_rnn": 4 * B * 3,
    "linear_nll": 4 * (B * 4 + 5 * 4),  # both gradients, of the sizes of h and W
    "linear_kl": 4 * (B * 4 + 5 * 4),
    "max_pool": B * 2 * 4,  # a byte for each window and channel
    "adaptive_max_pool": 4 * B * 3 * 4,  # the place of each winner
    "gated_delta_rule": 4 * B * 2 * 3 * 2,  # the state before each of two chunks
    "gated_delta_rule, nothing taken back": 4 * B * 3 * 2,
    "batch_norm": 4 * (B * (4 + 4) + 4),  # x̂, the derivative by the variance, the scale
    "solve": 4 * B * (4 * 4 + 4 + 4),  # the factors, the pivots, −y
    "cholesky_solve": 4 * B * (4 * 4 + 4),  # the factor, −y/2
    "log_determinant": 4 * B * 3 * 3,  # the inverse
    "lora": 4 * B * 2,  # A x
}


def held(entry):
    """The bytes of the distinct arrays of J that the program makes besides y."""
    rng = np.random.default_rng(0)
    inputs = [
        jax.tree.map(lambda a: jnp.asarray(a, "float32" if a.dtype == float else None), x) for x in drawn(entry, rng)
    ]
    program, (y, _) = jax.make_jaxpr(lambda *inputs: entry.rule(*inputs), return_shape=True)(*inputs)
    known = {*program.jaxpr.invars, *(v for v in program.jaxpr.outvars[: len(jax.tree.leaves(y))] if is_made(v))}
    made = {v for v in program.jaxpr.outvars if is_made(v)} - known
    return sum(v.aval.size * v.aval.dtype.itemsize for v in made)


def drawn(entry, rng):
    return entry.draw(rng, (B,), entry.sizes[0])


def is_made(variable):
    return not isinstance(variable, Literal)


@pytest.mark.parametrize("entry", CATALOGUE, ids=lambda entry: entry.name)
def test_a_jacobian_holds_what_is_stated_and_no_more(entry):
    assert held(entry) == HELD.get(entry.name, NOTHING)


def test_every_statement_is_of_a_rule():
    assert set(HELD) <= {entry.name for entry in CATALOGUE}
