"""Softplus with a slope β, whose backward compares the output with the threshold of the input.

https://github.com/pytorch/pytorch/issues/61568: above the threshold, β x > 1 here, the function is x and its slope 1.
The backward asked for β y > 1, which is true a little earlier.
"""

import jax
import jax.numpy as jnp
import numpy as np

LIVED = "until version 1.9"
TRIGGER, SAID = "β x a little below the threshold", r"threshold|between|constant"
KINDS = {"few elements", "threshold", "mask", "wrong residual"}
BETA, THRESHOLD = 3.0, 1.0


def forward(x):
    return jnp.where(BETA * x > THRESHOLD, x, jax.nn.softplus(BETA * x) / BETA)


def pull(primals, y_bar, compared):
    (x,) = primals
    return (jnp.where(BETA * compared > THRESHOLD, y_bar, y_bar * jax.nn.sigmoid(BETA * x)),)


def backward(primals, y_bar):
    return pull(primals, y_bar, *primals)


def wrong(primals, y_bar):
    return pull(primals, y_bar, forward(*primals))


def example_inputs():
    return (np.random.default_rng(0).uniform(-1, 0.1, (4, 5)).astype("float32"),)
