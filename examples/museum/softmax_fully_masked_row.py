"""Masked softmax that takes a zero of its output for the mask.

https://github.com/NVIDIA/apex/pull/1444: a row with nothing allowed comes out uniform, not zero. Its entries do not
move with the scores, but as they are no zeros, the backward takes them for allowed ones.
"""

import jax
import jax.numpy as jnp
import numpy as np

LIVED = "unknown"
TRIGGER, SAID = "a row of the mask with nothing allowed", r"mask|empty row"
KINDS = {"mask", "few elements", "missing factor"}


def forward(scores, mask):
    return jax.nn.softmax(jnp.where(mask, scores, -1e4))


def backward(primals, y_bar):
    scores, mask = primals
    y = forward(scores, mask)
    return jnp.where(mask, y * (y_bar - (y * y_bar).sum(-1, keepdims=True)), 0), None


def wrong(primals, y_bar):
    y = forward(*primals)
    return jnp.where(y != 0, y * (y_bar - (y * y_bar).sum(-1, keepdims=True)), 0), None


def example_inputs():
    rng = np.random.default_rng(0)
    return rng.standard_normal((4, 5), "float32"), rng.random((4, 5)) < 0.7
