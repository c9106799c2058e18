"""A linear layer whose weights' gradient is never computed.

https://github.com/NVIDIA/TransformerEngine/issues/3234: with one combination of options the buffer is returned as it
was: zeros.
"""

import jax.numpy as jnp
import numpy as np

LIVED = "unknown"
TRIGGER, SAID = "", ""
KINDS = {"missing term"}


def forward(x, W):
    return x @ W


def backward(primals, y_bar):
    x, W = primals
    return y_bar @ W.T, x.T @ y_bar


def wrong(primals, y_bar):
    _, W = primals
    return y_bar @ W.T, jnp.zeros_like(W)


def example_inputs():
    rng = np.random.default_rng(0)
    return rng.standard_normal((5, 4), "float32"), rng.standard_normal((4, 3), "float32")
