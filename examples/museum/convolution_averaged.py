"""A convolution whose kernel's gradient is divided by batch and places.

https://github.com/sebgao/cTensor/issues/3: times 1 / (B H W), as if a mean had been taken. The mean, if there is one,
is in the loss.
"""

import jax.numpy as jnp
import numpy as np

LIVED = "until May 2019"
TRIGGER, SAID = "", ""
KINDS = {"factor"}


def windows(x, width):
    places = jnp.arange(x.shape[1] - width + 1)[:, None] + jnp.arange(width)
    return x[:, places]


def forward(x, w):
    return windows(x, len(w)) @ w


def backward(primals, y_bar):
    x, w = primals
    places = jnp.arange(y_bar.shape[1])[:, None] + jnp.arange(len(w))
    x_bar = jnp.zeros_like(x).at[:, places].add(y_bar[..., None] * w)
    return x_bar, jnp.einsum("bt,btk->k", y_bar, windows(x, len(w)))


def wrong(primals, y_bar):
    x_bar, w_bar = backward(primals, y_bar)
    return x_bar, w_bar / y_bar.size


def example_inputs():
    rng = np.random.default_rng(0)
    return rng.standard_normal((3, 7), "float32"), rng.standard_normal(3, "float32")
