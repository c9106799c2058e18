"""Attention over heads whose backward splits the width by the wrong count.

https://github.com/XunhaoLai/native-sparse-attention-triton/issues/27: the flat width is cut into as many heads as
there are features in one, and not into heads. With as many heads as features in each it is right.
"""

import jax
import jax.numpy as jnp
import numpy as np

LIVED = "found by an audit"
TRIGGER, SAID = "a number of heads other than their width", r"unequal|differ|as large as"
KINDS = {"permuted", "transposed", "few elements"}


def forward(q, k, v):
    p = jax.nn.softmax(jnp.einsum("ihd,jhd->hij", q, k))
    return jnp.einsum("hij,jhd->ihd", p, v)


def gradients(q, k, v, y_bar):
    p = jax.nn.softmax(jnp.einsum("ihd,jhd->hij", q, k))
    p_bar = jnp.einsum("ihd,jhd->hij", y_bar, v)
    s_bar = p * (p_bar - (p * p_bar).sum(-1, keepdims=True))
    parts = ("hij,jhd->ihd", s_bar, k), ("hij,ihd->jhd", s_bar, q), ("hij,ihd->jhd", p, y_bar)
    return tuple(jnp.einsum(*part) for part in parts)


def backward(primals, y_bar):
    q, k, v = primals
    return gradients(q, k, v, y_bar)


def wrong(primals, y_bar):
    _, heads, width = primals[0].shape
    q, k, v, g = (a.reshape(len(a), width, heads) for a in (*primals, y_bar))
    return tuple(a.reshape(-1, heads, width) for a in gradients(q, k, v, g))


def example_inputs():
    rng = np.random.default_rng(0)
    return tuple(rng.standard_normal((4, 3, 3), "float32") for _ in range(3))
