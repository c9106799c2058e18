"""The example in a library's own documentation, with a sign too many.

https://github.com/jax-ml/jax/issues/3213: for y = sin(a) b the documentation of custom_vjp gave b̄ = −sin(a) ȳ.
"""

import jax.numpy as jnp
import numpy as np

LIVED = "until May 2020"
TRIGGER, SAID = "", ""
KINDS = {"sign"}


def forward(a, b):
    return jnp.sin(a) * b


def backward(primals, y_bar):
    a, b = primals
    return jnp.cos(a) * b * y_bar, jnp.sin(a) * y_bar


def wrong(primals, y_bar):
    a, b = primals
    return jnp.cos(a) * b * y_bar, -jnp.sin(a) * y_bar


def example_inputs():
    rng = np.random.default_rng(0)
    return rng.standard_normal(5, "float32"), rng.standard_normal(5, "float32")
