"""A layer in both directions: the second direction reads a cotangent that the first has overwritten.

https://github.com/apache/mxnet/pull/18203: from the third layer on x̄ was stored where ȳ lay, before the other
direction had used it. Here both directions are one matrix each.
"""

import jax.numpy as jnp
import numpy as np

LIVED = "unknown"
TRIGGER, SAID = "", ""
KINDS = {"wrong residual", "extra factor", "extra term", "missing factor"}


def forward(x, A, B):
    return jnp.tanh(x @ A) + jnp.tanh(x[::-1] @ B)


def pull(primals, y_bar, overwritten):
    x, A, B = primals
    a_bar = y_bar * (1 - jnp.tanh(x @ A) ** 2)
    x_bar = a_bar @ A.T
    b_bar = (x_bar if overwritten else y_bar) * (1 - jnp.tanh(x[::-1] @ B) ** 2)
    return x_bar + (b_bar @ B.T)[::-1], x.T @ a_bar, x[::-1].T @ b_bar


def backward(primals, y_bar):
    return pull(primals, y_bar, overwritten=False)


def wrong(primals, y_bar):
    return pull(primals, y_bar, overwritten=True)


def example_inputs():
    rng = np.random.default_rng(0)
    return tuple(rng.standard_normal(shape, "float32") for shape in ((5, 4), (4, 4), (4, 4)))
