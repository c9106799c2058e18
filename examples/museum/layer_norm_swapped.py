"""Layer norm that hands γ's gradient to β, and β's to γ.

https://github.com/Oneflow-Inc/oneflow/pull/6149: the two are of one shape, so nothing complains.
"""

import jax.numpy as jnp
import numpy as np

LIVED = "unknown"
TRIGGER, SAID = "", ""
KINDS = {"swapped"}


def normalised(x):
    centred = x - x.mean(-1, keepdims=True)
    sigma = jnp.sqrt((centred**2).mean(-1, keepdims=True) + 1e-5)
    return centred / sigma, sigma


def forward(x, gamma, beta):
    return normalised(x)[0] * gamma + beta


def backward(primals, y_bar):
    x, gamma, _ = primals
    n, sigma = normalised(x)
    h = y_bar * gamma
    x_bar = (h - h.mean(-1, keepdims=True) - n * (h * n).mean(-1, keepdims=True)) / sigma
    return x_bar, (y_bar * n).sum(0), y_bar.sum(0)


def wrong(primals, y_bar):
    x_bar, gamma_bar, beta_bar = backward(primals, y_bar)
    return x_bar, beta_bar, gamma_bar


def example_inputs():
    rng = np.random.default_rng(0)
    return tuple(rng.standard_normal(shape, "float32") for shape in ((4, 6), (6,), (6,)))
