"""Softmax that writes its result over the cotangent it was given.

https://github.com/NVIDIA/apex/issues/1430: the backward saves memory by working in place. Whoever still holds ȳ,
another branch of the network or a second call, reads x̄ there.
"""

import jax
import numpy as np

LIVED = "unknown"
TRIGGER, SAID = "a second use of ȳ", r"overwrit|in place|read-only|second|modif"
KINDS = {"not deterministic", "overwritten", "raised", "overwrites"}


def forward(z):
    return jax.nn.softmax(z)


def backward(primals, y_bar):
    y, y_bar = np.asarray(forward(*primals)), np.asarray(y_bar)
    return (y * (y_bar - (y * y_bar).sum(-1, keepdims=True)),)


def wrong(primals, y_bar):
    y = np.asarray(forward(*primals))
    np.subtract(y_bar, (y * y_bar).sum(-1, keepdims=True), out=y_bar)
    np.multiply(y_bar, y, out=y_bar)
    return (y_bar,)


def example_inputs():
    return (np.random.default_rng(0).standard_normal((4, 5), "float32"),)
