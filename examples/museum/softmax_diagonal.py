"""Softmax treated as if each output depended on its own input alone.

https://github.com/deeplearning4j/libnd4j/issues/440: the derivative y (1 − y) is the diagonal of the Jacobian; −yᵢ yⱼ
is missing.
"""

import jax
import numpy as np

LIVED = "unknown"
TRIGGER, SAID = "", ""
KINDS = {"missing term"}


def forward(z):
    return jax.nn.softmax(z)


def backward(primals, y_bar):
    y = forward(*primals)
    return (y * (y_bar - (y * y_bar).sum(-1, keepdims=True)),)


def wrong(primals, y_bar):
    y = forward(*primals)
    return (y * (1 - y) * y_bar,)


def example_inputs():
    return (np.random.default_rng(0).standard_normal((4, 5), "float32"),)
