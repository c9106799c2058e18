"""A product whose derivatives are the product divided by each factor.

https://github.com/tracel-ai/burn/issues/5533: 0 / 0 where a factor is zero. The derivative there is the product of
the others.
"""

import jax.numpy as jnp
import numpy as np

LIVED = "until 2026"
TRIGGER, SAID = "an input of zero", r"zero|= 0|at 0"
KINDS = {"not finite"}


def forward(x):
    return x.prod(-1)


def backward(primals, y_bar):
    (x,) = primals
    n = x.shape[-1]
    others = jnp.where(jnp.eye(n, dtype=bool), 1, x[..., None, :]).prod(-1)
    return (others * y_bar[..., None],)


def wrong(primals, y_bar):
    (x,) = primals
    return ((x.prod(-1) * y_bar)[..., None] / x,)


def example_inputs():
    return (np.random.default_rng(0).uniform(0.5, 1.5, (3, 4)).astype("float32"),)
