"""Softmax whose finished gradient is multiplied by the cotangent once more.

https://github.com/pocketpy/cTensor/pull/31: the engine multiplies every local derivative by ȳ. Softmax returned the
product ȳ J already. With ȳ = 1 both are zero, and equal.
"""

import jax
import numpy as np

LIVED = "unknown"
TRIGGER, SAID = "", ""
KINDS = {"not linear", "extra factor"}


def forward(z):
    return jax.nn.softmax(z)


def backward(primals, y_bar):
    y = forward(*primals)
    return (y * (y_bar - (y * y_bar).sum(-1, keepdims=True)),)


def wrong(primals, y_bar):
    return (backward(primals, y_bar)[0] * y_bar,)


def example_inputs():
    return (np.random.default_rng(0).standard_normal((4, 5), "float32"),)
