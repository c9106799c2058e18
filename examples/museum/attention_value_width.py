"""Attention whose V̄ is laid out with the width of the keys.

https://github.com/Dao-AILab/flash-attention/issues/2552: the buffer for V̄ has rows of the keys' width. Where values
are wider or narrower, its numbers land in other places.
"""

import jax
import jax.numpy as jnp
import numpy as np

LIVED = "open"
TRIGGER, SAID = "values and keys of different width", r"unequal|differ|as large as"
KINDS = {"permuted", "few elements", "shape"}


def forward(q, k, v):
    return jax.nn.softmax(q @ k.T / jnp.sqrt(q.shape[-1])) @ v


def backward(primals, y_bar):
    q, k, v = primals
    p = jax.nn.softmax(q @ k.T / jnp.sqrt(q.shape[-1]))
    p_bar = y_bar @ v.T
    s_bar = p * (p_bar - (p * p_bar).sum(-1, keepdims=True)) / jnp.sqrt(q.shape[-1])
    return s_bar @ k, s_bar.T @ q, p.T @ y_bar


def wrong(primals, y_bar):
    q_bar, k_bar, v_bar = backward(primals, y_bar)
    (rows, width), stride = v_bar.shape, primals[1].shape[1]
    places = (jnp.arange(rows)[:, None] * stride + jnp.arange(width)) % v_bar.size
    return q_bar, k_bar, jnp.zeros(v_bar.size, v_bar.dtype).at[places.ravel()].set(v_bar.ravel()).reshape(v_bar.shape)


def example_inputs():
    rng = np.random.default_rng(0)
    return tuple(rng.standard_normal(shape, "float32") for shape in ((5, 4), (6, 4), (6, 4)))
