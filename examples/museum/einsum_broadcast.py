"""An einsum over an axis of one that is broadcast: the gradient has the small shape.

https://github.com/HIPS/autograd/issues/376: in i,i-> with sizes 2 and 1 the second operand serves both terms. The
gradient of the first, ȳ y, was not broadcast back to its size.
"""

import jax.numpy as jnp
import numpy as np

LIVED = "open since 2018"
TRIGGER, SAID = "", ""
KINDS = {"shape"}


def forward(x, y):
    return (x * y).sum()


def backward(primals, z_bar):
    x, y = primals
    return jnp.broadcast_to(z_bar * y, x.shape), (z_bar * x).sum(keepdims=True)


def wrong(primals, z_bar):
    x, y = primals
    return z_bar * y, (z_bar * x).sum(keepdims=True)


def example_inputs():
    return np.array([2.0, 3.0], "float32"), np.array([5.0], "float32")
