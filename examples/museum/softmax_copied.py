"""Softmax whose backward hands the cotangent through.

https://github.com/pjreddie/darknet/pull/96: the layer was meant to be followed by cross-entropy, whose gradient p − d
it copies. Anywhere else it is wrong.
"""

import jax
import numpy as np

LIVED = "open since 2017"
TRIGGER, SAID = "", ""
KINDS = {"missing factor", "straight-through"}


def forward(z):
    return jax.nn.softmax(z)


def backward(primals, y_bar):
    y = forward(*primals)
    return (y * (y_bar - (y * y_bar).sum(-1, keepdims=True)),)


def wrong(primals, y_bar):
    return (y_bar,)


def example_inputs():
    return (np.random.default_rng(0).standard_normal((4, 5), "float32"),)
