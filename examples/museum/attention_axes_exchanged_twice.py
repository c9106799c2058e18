"""Attention whose K̄ and V̄ are returned with time and heads exchanged.

https://github.com/huggingface/diffusers/pull/14341: keys and values are exchanged to [heads, time] for the kernel and
their gradients are exchanged back, twice. The error is larger than the gradient.
"""

import jax
import jax.numpy as jnp
import numpy as np

LIVED = "unknown"
TRIGGER, SAID = "", ""
KINDS = {"permuted", "transposed", "shape"}


def forward(q, k, v):
    p = jax.nn.softmax(jnp.einsum("ihd,jhd->hij", q, k))
    return jnp.einsum("hij,jhd->ihd", p, v)


def backward(primals, y_bar):
    q, k, v = primals
    p = jax.nn.softmax(jnp.einsum("ihd,jhd->hij", q, k))
    p_bar = jnp.einsum("ihd,jhd->hij", y_bar, v)
    s_bar = p * (p_bar - (p * p_bar).sum(-1, keepdims=True))
    parts = ("hij,jhd->ihd", s_bar, k), ("hij,ihd->jhd", s_bar, q), ("hij,ihd->jhd", p, y_bar)
    return tuple(jnp.einsum(*part) for part in parts)


def wrong(primals, y_bar):
    q_bar, k_bar, v_bar = backward(primals, y_bar)
    return q_bar, jnp.swapaxes(k_bar, 0, 1), jnp.swapaxes(v_bar, 0, 1)


def example_inputs():
    rng = np.random.default_rng(0)
    return tuple(rng.standard_normal((3, 3, 4), "float32") for _ in range(3))
