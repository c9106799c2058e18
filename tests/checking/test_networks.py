"""The comparison that a run begins with: silent where the rules are right, and not where one is wrong."""

import jax
import jax.numpy as jnp
import numpy as np

import functional_bp as bp
from functional_bp.checking.networks import gradient_differences

X = np.random.default_rng(0).normal(size=(5, 3)).astype(np.float32)
D = np.eye(2, dtype=np.float32)[[0, 1, 0, 1, 1]]


def slightly_wrong_tanh(z):
    y = jnp.tanh(z)
    return y, bp.Diagonal((1 - y * y) * 1.001)


def differences(network, key=None):
    return gradient_differences(network, bp.softmax_nll, network.init(jax.random.key(0)), X, D, key)


def test_right_rules_agree_to_rounding():
    network = bp.chain(bp.affine_layer(3, 4), bp.tanh, bp.affine_layer(4, 2))
    found = differences(network)
    assert list(found) == ["1 affine(3→4)", "3 affine(4→2)"]
    assert max(found.values()) < 1e-14


def test_a_wrong_rule_shows_in_the_layers_below_it():
    network = bp.chain(bp.affine_layer(3, 4), slightly_wrong_tanh, bp.affine_layer(4, 2))
    below, above = differences(network).values()
    assert 0.9e-3 < below < 1.1e-3
    assert above < 1e-14


def test_a_single_layer_and_a_random_one():
    assert max(differences(bp.affine_layer(3, 2)).values()) < 1e-14
    network = bp.chain(bp.affine_layer(3, 4), bp.randomised_leaky_relu, bp.affine_layer(4, 2))
    assert max(differences(network, jax.random.key(1)).values()) < 1e-14


def test_nothing_else_changes():
    differences(bp.affine_layer(3, 2))
    assert jnp.zeros(1).dtype == jnp.float32
