"""Causal attention over a part of the sequence: the backward takes every part for the first.

https://github.com/fla-org/flash-linear-attention/pull/1115: under context parallelism a device holds queries from
some offset on. The backward's mask left the offset out; the first device, the only one in a test, has offset 0.
"""

import jax
import jax.numpy as jnp
import numpy as np

LIVED = "43 days"
TRIGGER, SAID = "an offset other than 0", r"offset|integer"
KINDS = {"mask", "few elements"}


def allowed(q, k, offset):
    return jnp.arange(len(k)) <= jnp.arange(len(q))[:, None] + offset


def probabilities(q, k, offset):
    return jax.nn.softmax(jnp.where(allowed(q, k, offset), q @ k.T, -1e9))


def forward(q, k, v, offset):
    return probabilities(q, k, offset) @ v


def pull(primals, y_bar, offset):
    q, k, v, _ = primals
    p = probabilities(q, k, offset)
    p_bar = y_bar @ v.T
    s_bar = jnp.where(allowed(q, k, offset), p * (p_bar - (p * p_bar).sum(-1, keepdims=True)), 0)
    return s_bar @ k, s_bar.T @ q, p.T @ y_bar, None


def backward(primals, y_bar):
    return pull(primals, y_bar, primals[3])


def wrong(primals, y_bar):
    return pull(primals, y_bar, 0)


def example_inputs():
    rng = np.random.default_rng(0)
    q, k, v = (rng.standard_normal(shape, "float32") for shape in ((3, 4), (6, 4), (6, 4)))
    return q, k, v, np.array(0)
