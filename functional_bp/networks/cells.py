"""Recurrent cells as layers, for `recurrent`, `bidirectional` and `unroll`."""

from dataclasses import replace
from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array, PRNGKeyArray

from functional_bp.networks.layer import Layer, with_params
from functional_bp.rules import CellParams, gru, lstm, simple_rnn


def lstm_cell(n_in: int, n: int) -> Layer:
    """`lstm` of n units; the forget gate's bias begins with 1, so that a cell remembers at first."""
    return cell(lstm, 4, n_in, n, jnp.repeat(jnp.array([0.0, 1, 0, 0]), n), two_states=True)


def gru_cell(n_in: int, n: int) -> Layer:
    """`gru` of n units."""
    return cell(gru, 3, n_in, n, jnp.zeros(3 * n))


def rnn_cell(n_in: int, n: int) -> Layer:
    """`simple_rnn` of n units."""
    return cell(simple_rnn, 1, n_in, n, jnp.zeros(n))


def cell(rule: Any, gates: int, n_in: int, n: int, bias: Array, two_states: bool = False) -> Layer:
    """W_x and W_h are drawn from Gaussians of standard deviations 1/√n_in and 1/√n; the state begins with zeros."""

    def init(key: PRNGKeyArray) -> CellParams:
        by_x, by_h = jax.random.split(key)
        W_x = n_in**-0.5 * jax.random.normal(by_x, (gates * n, n_in))
        W_h = n**-0.5 * jax.random.normal(by_h, (gates * n, n))
        return CellParams(W_x, W_h, bias.astype(W_x.dtype))

    def state(x: Array) -> Any:
        h = jnp.zeros((*x.shape[:-1], n), x.dtype)
        return (h, h) if two_states else h

    return replace(with_params(rule, init, f"{rule.__name__}({n_in}→{n})"), state=state)
