"""tanh whose backward takes the tanh of the cotangent.

https://github.com/yizt/numpy_neural_network/issues/6: 1 − tanh²(ȳ), where ȳ (1 − tanh² z) is due: the incoming
gradient was taken for the input, and z not even passed.
"""

import jax.numpy as jnp
import numpy as np

LIVED = "unknown"
TRIGGER, SAID = "", ""
KINDS = {"not linear"}


def forward(z):
    return jnp.tanh(z)


def backward(primals, y_bar):
    return (y_bar * (1 - jnp.tanh(primals[0]) ** 2),)


def wrong(primals, y_bar):
    return (1 - jnp.tanh(y_bar) ** 2,)


def example_inputs():
    return (np.random.default_rng(0).standard_normal((4, 5), "float32"),)
