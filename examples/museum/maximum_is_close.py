"""A maximum whose backward rewards everything within a hundredth of it.

https://github.com/mni-ml/framework/pull/22: the mask is `is_close`, whose tolerance was meant for tests. Random
numbers are seldom that near to each other.
"""

import jax.numpy as jnp
import numpy as np

LIVED = "found in review"
TRIGGER, SAID = "elements that are nearly equal", r"tie|equal|near|close"
KINDS = {"few elements", "subgradient", "threshold"}


def forward(x):
    return x.max(-1)


def backward(primals, y_bar):
    (x,) = primals
    return (jnp.where(x.argmax(-1)[:, None] == jnp.arange(x.shape[-1]), y_bar[:, None], 0),)


def wrong(primals, y_bar):
    (x,) = primals
    return (jnp.where(jnp.abs(x - x.max(-1, keepdims=True)) < 1e-2, y_bar[:, None], 0),)


def example_inputs():
    return (np.random.default_rng(1).standard_normal((4, 5), "float32"),)
