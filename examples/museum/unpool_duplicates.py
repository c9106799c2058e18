"""Unpooling whose backward reads one place for every input that was to go there.

https://github.com/pytorch/pytorch/issues/80204: where two inputs name the same place the later overwrites the
earlier, which then has no influence; it gets the gradient all the same.
"""

import jax.numpy as jnp
import numpy as np

LIVED = "open since 2022"
TRIGGER, SAID = "an index that occurs twice", r"repeat|duplicat|twice|occur|equal indices"
KINDS = {"few elements", "mask", "extra term", "overwritten", "repeated indices"}
PLACES = 8


def forward(x, places):
    return jnp.zeros(PLACES, x.dtype).at[places].set(x)


def wrong(primals, y_bar):
    _, places = primals
    return y_bar[places], None


def backward(primals, y_bar):
    x, places = primals
    last = jnp.zeros(PLACES, int).at[places].set(jnp.arange(len(x)))
    return jnp.where(last[places] == jnp.arange(len(x)), y_bar[places], 0), None


def example_inputs():
    rng = np.random.default_rng(0)
    return rng.standard_normal(4, "float32"), np.array([4, 2, 3, 5])
