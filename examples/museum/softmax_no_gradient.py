"""A fused softmax that silently has no gradient.

https://github.com/huggingface/candle/pull/3591: the fast operation was registered without a backward, and everything
below it kept its initial values. No error, no warning; the slow spelling of the same function is differentiable.
"""

import jax
import numpy as np

LIVED = "unknown"
TRIGGER, SAID = "", ""
KINDS = {"missing"}


def forward(z):
    return jax.nn.softmax(z)


def backward(primals, y_bar):
    y = forward(*primals)
    return (y * (y_bar - (y * y_bar).sum(-1, keepdims=True)),)


def wrong(primals, y_bar):
    return (None,)


def example_inputs():
    return (np.random.default_rng(0).standard_normal((4, 5), "float32"),)
