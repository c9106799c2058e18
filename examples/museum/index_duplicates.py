"""Picking entries by index: of an entry picked twice only the last gradient is kept.

https://github.com/pytorch/pytorch/issues/1528: the gradient is written to x̄[i], where it must be added.
"""

import jax.numpy as jnp
import numpy as np

LIVED = "until May 2017"
TRIGGER, SAID = "an index that occurs twice", r"repeat|duplicat|twice|occur|equal indices"
KINDS = {"few elements", "missing sum", "missing term", "overwritten", "repeated indices"}


def forward(x, picked):
    return x[picked]


def backward(primals, y_bar):
    x, picked = primals
    return jnp.zeros_like(x).at[picked].add(y_bar), None


def wrong(primals, y_bar):
    x, picked = primals
    return jnp.zeros_like(x).at[picked].set(y_bar), None


def example_inputs():
    return np.random.default_rng(0).standard_normal((6, 3), "float32"), np.array([4, 0, 3])
