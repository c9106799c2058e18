"""Group norm that knows three axes: of an image only the first row is written back.

https://github.com/linkedin/Liger-Kernel/issues/1375: the backward took the size of a channel from the third axis,
where the forward takes the product of all that follow. The tests are three-dimensional. Without scale and shift here.
"""

import jax.numpy as jnp
import numpy as np

LIVED = "642 days"
TRIGGER, SAID = "more than three axes", r"rank|leading axis"
KINDS = {"few elements", "shape", "missing term", "rank", "part"}
GROUPS = 2


def normalised(x):
    rows = x.reshape(x.shape[0], GROUPS, -1)
    centred = rows - rows.mean(-1, keepdims=True)
    sigma = jnp.sqrt((centred**2).mean(-1, keepdims=True) + 1e-5)
    return centred / sigma, sigma


def forward(x):
    return normalised(x)[0].reshape(x.shape)


def backward(primals, y_bar):
    (x,) = primals
    n, sigma = normalised(x)
    g = y_bar.reshape(n.shape)
    g = (g - g.mean(-1, keepdims=True) - n * (g * n).mean(-1, keepdims=True)) / sigma
    return (g.reshape(x.shape),)


def wrong(primals, y_bar):
    (x,) = primals
    (x_bar,) = backward(primals, y_bar)
    flat = x_bar.reshape(*x.shape[:2], -1)
    written = jnp.arange(flat.shape[-1]) < x.shape[2]
    return (jnp.where(written, flat, 0).reshape(x.shape),)


def example_inputs():
    return (np.random.default_rng(0).standard_normal((2, 4, 5), "float32"),)
