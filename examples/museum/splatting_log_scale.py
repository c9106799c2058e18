"""Gaussians whose sizes are learnt as logarithms, with the gradient for the sizes themselves.

https://github.com/openvdb/fvdb-core/pull/432: s = exp(l), but l̄ = s̄: the factor s is missing, about five times.
"""

import jax.numpy as jnp
import numpy as np

LIVED = "unknown"
TRIGGER, SAID = "", ""
KINDS = {"missing factor"}


def forward(x, log_scale):
    return jnp.exp(-0.5 * (x / jnp.exp(log_scale)) ** 2)


def pull(primals, y_bar, of_log):
    x, log_scale = primals
    s = jnp.exp(log_scale)
    g = forward(*primals) * y_bar
    s_bar = (g * x**2 / s**3).sum(0)
    return -g * x / s**2, s_bar * s if of_log else s_bar


def backward(primals, y_bar):
    return pull(primals, y_bar, of_log=True)


def wrong(primals, y_bar):
    return pull(primals, y_bar, of_log=False)


def example_inputs():
    rng = np.random.default_rng(0)
    return rng.standard_normal((5, 3), "float32"), rng.standard_normal(3, "float32")
