"""Bias and GELU in one, whose backward returns the pair of gradients for each of the two.

https://github.com/fla-org/flash-linear-attention/pull/921: a helper that once returned one array was made to return
both, and its caller still wrote `return tmp, tmp`.
"""

import jax
import jax.numpy as jnp
import numpy as np

LIVED = "up to 844 days"
TRIGGER, SAID = "", ""
KINDS = {"tree", "number", "type"}


def forward(x, b):
    return jax.nn.gelu(x + b)


def both(primals, y_bar):
    z = primals[0] + primals[1]
    c = np.sqrt(2 / np.pi).astype(z.dtype)
    t = jnp.tanh(c * (z + 0.044715 * z**3))
    slope = 0.5 * (1 + t) + 0.5 * z * (1 - t**2) * c * (1 + 3 * 0.044715 * z**2)
    return y_bar * slope, (y_bar * slope).sum(0)


def backward(primals, y_bar):
    return both(primals, y_bar)


def wrong(primals, y_bar):
    pair = both(primals, y_bar)
    return pair, pair


def example_inputs():
    rng = np.random.default_rng(0)
    return rng.standard_normal((4, 5), "float32"), rng.standard_normal(5, "float32")
