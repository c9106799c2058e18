"""Batch norm whose backward sums over the first blocks of the batch only.

https://github.com/ROCm/MIOpen/issues/1109: right up to a batch of 768, wrong beyond it, with two channels or more.
Here a block is 8 rows and one block is summed; what comes after it does not enter the means.
"""

import jax.numpy as jnp
import numpy as np

LIVED = "unknown"
TRIGGER, SAID = "a batch of more than one block (8 rows)", r"larger than 8|smallest: 9|multiple of 8"
KINDS = {"missing sum", "missing term", "few elements", "part"}
BLOCK = 8


def forward(x):
    return (x - x.mean(0)) / jnp.sqrt(x.var(0) + 1e-3)


def pull(primals, y_bar, summed):
    (x,) = primals
    n = forward(x)
    mean, projection = (y_bar[:summed].sum(0), (y_bar * n)[:summed].sum(0))
    return ((y_bar - mean / len(x) - n * projection / len(x)) / jnp.sqrt(x.var(0) + 1e-3),)


def backward(primals, y_bar):
    return pull(primals, y_bar, None)


def wrong(primals, y_bar):
    return pull(primals, y_bar, BLOCK)


def example_inputs():
    return (np.random.default_rng(0).standard_normal((6, 3), "float32"),)
