"""Attention that forgets the causal mask when it computes its scores again.

https://github.com/triton-lang/triton/issues/7216: a tutorial; 88.7 % of the elements of a gradient were wrong, which
a reader found by running the tutorial's own test.
"""

import jax
import jax.numpy as jnp
import numpy as np

LIVED = "open since June 2025"
TRIGGER, SAID = "", ""
KINDS = {"mask"}


def probabilities(q, k, causal):
    scores = q @ k.T / jnp.sqrt(q.shape[-1])
    earlier = jnp.arange(len(k)) <= jnp.arange(len(q))[:, None]
    return jax.nn.softmax(jnp.where(earlier, scores, -1e9) if causal else scores)


def forward(q, k, v):
    return probabilities(q, k, causal=True) @ v


def pull(primals, y_bar, causal):
    q, k, v = primals
    p = probabilities(q, k, causal)
    p_bar = y_bar @ v.T
    s_bar = p * (p_bar - (p * p_bar).sum(-1, keepdims=True)) / jnp.sqrt(q.shape[-1])
    return s_bar @ k, s_bar.T @ q, p.T @ y_bar


def backward(primals, y_bar):
    return pull(primals, y_bar, causal=True)


def wrong(primals, y_bar):
    return pull(primals, y_bar, causal=False)


def example_inputs():
    rng = np.random.default_rng(0)
    return tuple(rng.standard_normal((5, 4), "float32") for _ in range(3))
