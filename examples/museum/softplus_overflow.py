"""Softplus whose slope is exp(x) / (1 + exp(x)), spelt out.

https://github.com/tenstorrent/tt-metal/pull/56397: past x = 88 the exponential is infinite, its reciprocal 0, and the
slope 0 or NaN, where it is 1.
"""

import jax
import jax.numpy as jnp
import numpy as np

LIVED = "open"
TRIGGER, SAID = "x above 88", r"large|overflow|scale|saturat"
KINDS = {"not finite"}


def forward(x):
    return jax.nn.softplus(x)


def backward(primals, y_bar):
    return (y_bar * jax.nn.sigmoid(primals[0]),)


def wrong(primals, y_bar):
    e = jnp.exp(primals[0])
    return (y_bar * e * (1 / (e + 1)),)


def example_inputs():
    return (np.random.default_rng(0).standard_normal((4, 5), "float32"),)
