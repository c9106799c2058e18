"""A gated layer norm that stores the gate's gradient under the input's name.

https://github.com/fla-org/flash-linear-attention/issues/155: `dx` was assigned where `dz` was due, so that the gate
gets what was there before: zeros in this restatement.
"""

import jax
import jax.numpy as jnp
import numpy as np

LIVED = "unknown"
TRIGGER, SAID = "", ""
KINDS = {"missing term", "missing"}


def forward(x, z):
    r = jnp.sqrt((x * x).mean(-1, keepdims=True) + 1e-5)
    return x / r * jax.nn.sigmoid(z)


def backward(primals, y_bar):
    x, z = primals
    r = jnp.sqrt((x * x).mean(-1, keepdims=True) + 1e-5)
    n, s = x / r, jax.nn.sigmoid(z)
    g = y_bar * s
    return (g - n * (g * n).mean(-1, keepdims=True)) / r, y_bar * n * s * (1 - s)


def wrong(primals, y_bar):
    x_bar, z_bar = backward(primals, y_bar)
    return x_bar, jnp.zeros_like(z_bar)


def example_inputs():
    rng = np.random.default_rng(0)
    return rng.standard_normal((4, 6), "float32"), rng.standard_normal((4, 6), "float32")
