"""Attention with its softmax written out by exp and sum, a padding mask, and a gate on the output."""

import jax.numpy as jnp
import numpy as np
from mistakes.network import Network, mistakes, normal


def forward(q, k, v, gate, kept):
    e = jnp.exp(q @ k.T / np.sqrt(4)) * kept
    p = e / e.sum(1, keepdims=True)
    return (p @ v) / (1 + jnp.exp(-gate))


NETWORK = Network(
    "attention written out",
    forward,
    (*normal((5, 4), (5, 4), (5, 4), (5, 4)), np.array([1, 1, 0, 1, 1], "float32")),
    {
        "e": lambda q, k, kept: jnp.exp(q @ k.T / 2) * kept,
        "p": lambda e: e / e.sum(1, keepdims=True),
        "o": lambda p, v: p @ v,
        "s": lambda gate: 1 / (1 + jnp.exp(-gate)),
        "o_bar": lambda y_bar, s: y_bar * s,
        "gate_bar": lambda y_bar, o, s: y_bar * o * s * (1 - s),
        "v_bar": lambda p, o_bar: p.T @ o_bar,
        "p_bar": lambda o_bar, v: o_bar @ v.T,
        "total": lambda p, p_bar: (p * p_bar).sum(1, keepdims=True),
        "scores_bar": lambda p, p_bar, total: p * (p_bar - total),
        "scaled": lambda scores_bar: scores_bar / 2,
        "q_bar": lambda scaled, k: scaled @ k,
        "k_bar": lambda scaled, q: scaled.T @ q,
        "kept_bar": lambda q, k, e, p_bar, total: (
            jnp.exp(q @ k.T / 2) / e.sum(1, keepdims=True) * (p_bar - total)
        ).sum(0),
    },
    mistakes(
        ("the sum's path dropped", "missing term", "total", lambda p_bar: 0 * p_bar[:, :1]),
        ("the sum's path added", "sign", "total", lambda p, p_bar: -(p * p_bar).sum(1, keepdims=True)),
        ("the sum over the queries", "wrong axis", "total", lambda p, p_bar: (p * p_bar).sum(0, keepdims=True)),
        ("the sum averaged", "factor", "total", lambda p, p_bar: (p * p_bar).mean(1, keepdims=True)),
        ("the sum over everything", "wrong axis|extra sum", "total", lambda p, p_bar: (p * p_bar).sum()),
        ("the sum without p", "missing factor", "total", lambda p_bar: p_bar.sum(1, keepdims=True)),
        ("the outer p forgotten", "missing factor", "scores_bar", lambda p_bar, total: p_bar - total),
        ("the outer p twice", "extra factor", "scores_bar", lambda p, p_bar, total: p**2 * (p_bar - total)),
        ("e for p", "wrong residual|missing factor", "scores_bar", lambda e, p_bar, total: e * (p_bar - total)),
        ("the diagonal only", "missing term", "scores_bar", lambda p, p_bar: p * (1 - p) * p_bar),
        ("the mask forgotten", "mask|missing factor", "e", lambda q, k: jnp.exp(q @ k.T / 2)),
        (
            "the mask on queries",
            "mask|transposed|wrong axis|not finite",
            "e",
            lambda q, k, kept: jnp.exp(q @ k.T / 2) * kept[:, None],
        ),
        ("the mask shifted", "mask|permuted", "e", lambda q, k, kept: jnp.exp(q @ k.T / 2) * jnp.roll(kept, 1)),
        ("√d forgotten", "factor|missing factor", "scaled", lambda scores_bar: scores_bar),
        ("d for √d", "factor|extra factor", "scaled", lambda scores_bar: scores_bar / 4),
        (
            "√d forgotten in the scores",
            "factor|missing factor|recomputation",
            "e",
            lambda q, k, kept: jnp.exp(q @ k.T) * kept,
        ),
        ("q̄ at q", "wrong residual", "q_bar", lambda scaled, q: scaled @ q),
        ("k̄ not transposed", "transposed", "k_bar", lambda scaled, q: scaled @ q),
        ("k̄ at k", "wrong residual", "k_bar", lambda scaled, k: scaled.T @ k),
        ("v̄ not transposed", "transposed", "v_bar", lambda p, o_bar: p @ o_bar),
        ("v̄ with the scores", "wrong residual|missing factor", "v_bar", lambda e, o_bar: e.T @ o_bar),
        ("k for v", "wrong residual", "p_bar", lambda o_bar, k: o_bar @ k.T),
        ("o for v", "wrong residual", "p_bar", lambda o_bar, o: o_bar @ o.T),
        ("the gate forgotten", "missing factor", "o_bar", lambda y_bar: y_bar),
        (
            "the gate's derivative for the gate",
            "extra factor|wrong residual",
            "o_bar",
            lambda y_bar, s: y_bar * s * (1 - s),
        ),
        ("the gate itself", "wrong residual|missing factor", "o_bar", lambda y_bar, gate: y_bar * gate),
        ("ḡ without the derivative", "missing factor", "gate_bar", lambda y_bar, o: y_bar * o),
        ("ḡ with one factor", "missing factor|wrong residual", "gate_bar", lambda y_bar, o, s: y_bar * o * s),
        ("ḡ without the output", "missing factor", "gate_bar", lambda y_bar, s: y_bar * s * (1 - s)),
    ),
)
