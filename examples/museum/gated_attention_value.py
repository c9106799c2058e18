"""Gated linear attention whose V̄ ignores the gate.

https://github.com/fla-org/flash-linear-attention/pull/6: the state decays by g each step, and what a value adds has
decayed by the time a later query reads it. Q̄ and K̄ knew that, V̄ did not.
"""

import jax.numpy as jnp
import numpy as np

LIVED = "23 days"
TRIGGER, SAID = "", ""
KINDS = {"missing factor", "mask"}


def decay(g):
    place = jnp.arange(len(g))
    total = jnp.cumsum(g)
    return jnp.where(place <= place[:, None], jnp.exp(total[:, None] - total), 0)


def forward(q, k, v, g):
    return (q @ k.T * decay(g)) @ v


def backward(primals, y_bar):
    q, k, v, g = primals
    D, scores = decay(g), q @ k.T
    s_bar = y_bar @ v.T
    total_bar = s_bar * scores * D
    total_bar = total_bar.sum(1) - total_bar.sum(0)
    g_bar = jnp.cumsum(total_bar[::-1])[::-1]
    return (s_bar * D) @ k, (s_bar * D).T @ q, (scores * D).T @ y_bar, g_bar


def wrong(primals, y_bar):
    q, k, _, g = primals
    q_bar, k_bar, _, g_bar = backward(primals, y_bar)
    return q_bar, k_bar, (q @ k.T * (decay(g) > 0)).T @ y_bar, g_bar


def example_inputs():
    rng = np.random.default_rng(0)
    q, k, v = (rng.standard_normal((5, 4), "float32") for _ in range(3))
    return q, k, v, -rng.uniform(0.1, 1, 5).astype("float32")
