"""A sequence padded to whole chunks with zeros that softplus makes log 2.

https://github.com/state-spaces/mamba/issues/368: the step size is softplus(δ + b). The padded places have no input,
but a step, and their cotangents entered b̄. Here a chunk is 4 long.
"""

import jax
import jax.numpy as jnp
import numpy as np

LIVED = "open since June 2024"
TRIGGER, SAID = "a length that is no multiple of 4", r"multiple of 4"
KINDS = {"extra term", "few elements"}
CHUNK = 4


def forward(delta, b, x):
    return (jax.nn.softplus(delta + b) * x).sum(0)


def pull(primals, y_bar, rows):
    delta, b, x = primals
    padded = jnp.pad(delta, ((0, rows), (0, 0)))
    inputs = jnp.pad(x, ((0, rows), (0, 0)), mode="edge" if len(x) else "constant")
    z_bar = y_bar * inputs * jax.nn.sigmoid(padded + b)
    return z_bar[: len(x)], z_bar.sum(0), y_bar * jax.nn.softplus(delta + b)


def backward(primals, y_bar):
    return pull(primals, y_bar, 0)


def wrong(primals, y_bar):
    return pull(primals, y_bar, -len(primals[0]) % CHUNK)


def example_inputs():
    rng = np.random.default_rng(0)
    return tuple(rng.standard_normal(shape, "float32") for shape in ((8, 3), (3,), (8, 3)))
