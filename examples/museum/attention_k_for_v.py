"""Attention that loads K where V is due.

https://github.com/fla-org/flash-linear-attention/pull/633: in one of the kernels of path attention the cotangent of
the probabilities is ȳ Kᵀ. The shapes agree, as keys and values are of one width.
"""

import jax
import jax.numpy as jnp
import numpy as np

LIVED = "120 days"
TRIGGER, SAID = "", ""
KINDS = {"wrong residual"}


def forward(q, k, v):
    return jax.nn.softmax(q @ k.T / jnp.sqrt(q.shape[-1])) @ v


def pull(primals, y_bar, loaded):
    q, k, _ = primals
    p = jax.nn.softmax(q @ k.T / jnp.sqrt(q.shape[-1]))
    p_bar = y_bar @ loaded.T
    s_bar = p * (p_bar - (p * p_bar).sum(-1, keepdims=True)) / jnp.sqrt(q.shape[-1])
    return s_bar @ k, s_bar.T @ q, p.T @ y_bar


def backward(primals, y_bar):
    return pull(primals, y_bar, primals[2])


def wrong(primals, y_bar):
    return pull(primals, y_bar, primals[1])


def example_inputs():
    rng = np.random.default_rng(0)
    return tuple(rng.standard_normal((5, 4), "float32") for _ in range(3))
