"""Cells with saturated gates, and shapes that do not fit."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import functional_bp as bp

RULES = {"lstm": (bp.lstm, 4), "gru": (bp.gru, 3), "simple_rnn": (bp.simple_rnn, 1)}


def params_of(gates, n=3, n_in=2, scale=1.0):
    rng = np.random.default_rng(0)
    shapes = (gates * n, n_in), (gates * n, n), (gates * n,)
    return bp.CellParams(*(jnp.asarray(scale * rng.normal(size=shape), "float32") for shape in shapes))


def state_of(name, batch=(4,)):
    h = jnp.full((*batch, 3), 0.5)
    return (h, h) if name == "lstm" else h


@pytest.mark.parametrize("name", RULES)
def test_saturated_gates_give_finite_gradients(name):
    rule, gates = RULES[name]
    y, J = rule(params_of(gates, scale=1e4), (state_of(name), jnp.ones((4, 2))))
    ones = jax.tree.map(jnp.ones_like, y)
    assert all(jnp.isfinite(leaf).all() for leaf in jax.tree.leaves((y, ones @ J)))


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize("name", RULES)
def test_what_does_not_fit_is_refused(name):
    rule, gates = RULES[name]
    with pytest.raises(ValueError, match=rf"W_h .* \({gates}·n, n\)"):
        rule(params_of(gates + 1), (state_of(name), jnp.ones((4, 2))))
    with pytest.raises(ValueError, match="x of 5"):
        rule(params_of(gates), (state_of(name), jnp.ones((4, 5))))


def test_an_lstm_holds_six_slopes_and_refers_to_the_rest():
    params, state, x = params_of(4), state_of("lstm"), jnp.ones((4, 2))
    _, J = bp.lstm(params, (state, x))
    known = {id(leaf) for leaf in jax.tree.leaves((params, state, x))}
    own = {id(leaf): leaf.size for leaf in jax.tree.leaves(J) if id(leaf) not in known}
    assert sum(own.values()) == 6 * 4 * 3
