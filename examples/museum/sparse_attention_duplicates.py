"""Sparse attention that stores the gradient of a key chosen twice, instead of adding it.

https://github.com/NVIDIA/cudnn-frontend/issues/385: each query attends to the keys listed for it. A key listed more
than once, which is the normal case for several queries, keeps the last contribution.
"""

import jax
import jax.numpy as jnp
import numpy as np

LIVED = "unknown"
TRIGGER, SAID = "an index that occurs twice", r"repeat|duplicat|twice|occur|equal indices"
KINDS = {"few elements", "missing sum", "missing term", "overwritten", "repeated indices"}


def forward(q, k, v, chosen):
    p = jax.nn.softmax(jnp.einsum("id,ijd->ij", q, k[chosen]))
    return jnp.einsum("ij,ijd->id", p, v[chosen])


def pull(primals, y_bar, scatter):
    q, k, v, chosen = primals
    p = jax.nn.softmax(jnp.einsum("id,ijd->ij", q, k[chosen]))
    p_bar = jnp.einsum("id,ijd->ij", y_bar, v[chosen])
    s_bar = p * (p_bar - (p * p_bar).sum(-1, keepdims=True))
    q_bar = jnp.einsum("ij,ijd->id", s_bar, k[chosen])
    return q_bar, scatter(k, s_bar[..., None] * q[:, None]), scatter(v, p[..., None] * y_bar[:, None]), None


def backward(primals, y_bar):
    return pull(primals, y_bar, lambda k, parts: jnp.zeros_like(k).at[primals[3]].add(parts))


def wrong(primals, y_bar):
    return pull(primals, y_bar, lambda k, parts: jnp.zeros_like(k).at[primals[3]].set(parts))


def example_inputs():
    rng = np.random.default_rng(0)
    q, k, v = (rng.standard_normal(shape, "float32") for shape in ((3, 4), (6, 4), (6, 4)))
    return q, k, v, rng.permutation(6).reshape(3, 2)
