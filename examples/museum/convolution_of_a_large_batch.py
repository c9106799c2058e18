"""A convolution worked on in portions of the batch, whose kernel's gradient is that of the last portion.

https://github.com/open-mmlab/mmcv/pull/565: right while the batch is no larger than one portion (`im2col_step`), here
4.
"""

import jax.numpy as jnp
import numpy as np

LIVED = "unknown"
TRIGGER, SAID = "a batch of more than one portion (4 rows)", r"larger than 4|smallest: 5|multiple of 4"
KINDS = {"missing sum", "missing term", "few elements", "part", "overwritten"}
PORTION = 4


def windows(x, width):
    return x[:, jnp.arange(x.shape[1] - width + 1)[:, None] + jnp.arange(width)]


def forward(x, w):
    return windows(x, len(w)) @ w


def backward(primals, y_bar):
    x, w = primals
    places = jnp.arange(y_bar.shape[1])[:, None] + jnp.arange(len(w))
    x_bar = jnp.zeros_like(x).at[:, places].add(y_bar[..., None] * w)
    return x_bar, jnp.einsum("bt,btk->k", y_bar, windows(x, len(w)))


def wrong(primals, y_bar):
    x, w = primals
    last = (len(x) - 1) // PORTION * PORTION if len(x) else 0
    return backward(primals, y_bar)[0], backward((x[last:], w), y_bar[last:])[1]


def example_inputs():
    rng = np.random.default_rng(0)
    return rng.standard_normal((4, 7), "float32"), rng.standard_normal(3, "float32")
