"""A causal attention head with its four matrices."""

import jax
import jax.numpy as jnp
import numpy as np
from mistakes.network import Network, mistakes, normal


def forward(x, Wq, Wk, Wv, Wo):
    q, k, v = x @ Wq, x @ Wk, x @ Wv
    scores = q @ k.T / jnp.sqrt(q.shape[-1])
    causal = jnp.tril(jnp.ones((len(x), len(x)), bool))
    p = jax.nn.softmax(jnp.where(causal, scores, -1e9))
    return (p @ v) @ Wo


def softmax(s):
    e = jnp.exp(s - s.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


root = np.float32(np.sqrt(3))
NETWORK = Network(
    "attention head",
    forward,
    normal((4, 5), (5, 3), (5, 3), (5, 3), (3, 3), seed=3),
    {
        "q": lambda x, Wq: x @ Wq,
        "k": lambda x, Wk: x @ Wk,
        "v": lambda x, Wv: x @ Wv,
        "scores": lambda q, k: q @ k.T / root,
        "masked": lambda scores: jnp.where(np.tril(np.ones((4, 4), bool)), scores, -1e9),
        "p": lambda masked: softmax(masked),
        "o": lambda p, v: p @ v,
        "o_bar": lambda y_bar, Wo: y_bar @ Wo.T,
        "p_bar": lambda o_bar, v: o_bar @ v.T,
        "v_bar": lambda p, o_bar: p.T @ o_bar,
        "total": lambda p, p_bar: (p * p_bar).sum(-1, keepdims=True),
        "unscaled": lambda p, p_bar, total: p * (p_bar - total),
        "s_bar": lambda unscaled: unscaled / root,
        "q_bar": lambda s_bar, k: s_bar @ k,
        "k_bar": lambda s_bar, q: s_bar.T @ q,
        "through_k": lambda k_bar, Wk: k_bar @ Wk.T,
        "x_bar": lambda q_bar, Wq, through_k, v_bar, Wv: q_bar @ Wq.T + through_k + v_bar @ Wv.T,
        "Wq_bar": lambda x, q_bar: x.T @ q_bar,
        "Wk_bar": lambda x, k_bar: x.T @ k_bar,
        "Wv_bar": lambda x, v_bar: x.T @ v_bar,
        "Wo_bar": lambda o, y_bar: o.T @ y_bar,
    },
    mistakes(
        ("no causal mask", "mask", "masked", lambda scores: scores),
        ("Wo not transposed", "transposed", "o_bar", lambda y_bar, Wo: y_bar @ Wo),
        ("p not transposed", "transposed", "v_bar", lambda p, o_bar: p @ o_bar),
        ("softmax over the wrong axis", "wrong axis", "total", lambda p, p_bar: (p * p_bar).sum(0, keepdims=True)),
        ("softmax over both axes", "wrong axis", "total", lambda p, p_bar: (p * p_bar).sum(keepdims=True)),
        ("softmax without its sum", "missing term", "total", lambda p: 0 * p),
        ("sum added", "sign", "total", lambda p, p_bar: -(p * p_bar).sum(-1, keepdims=True)),
        ("mean for sum", "factor", "total", lambda p, p_bar: (p * p_bar).mean(-1, keepdims=True)),
        ("no outer p", "missing factor", "unscaled", lambda p_bar, total: p_bar - total),
        ("diagonal only", "missing term", "unscaled", lambda p, p_bar: p * (1 - p) * p_bar),
        ("no 1/√d", "factor|missing factor", "s_bar", lambda unscaled: unscaled),
        ("1/d", "factor|extra factor", "s_bar", lambda unscaled: unscaled / root**2),
        ("q̄ at q", "wrong residual", "q_bar", lambda s_bar, q: s_bar @ q),
        ("s̄ not transposed", "transposed", "k_bar", lambda s_bar, q: s_bar @ q),
        ("path through k dropped", "missing term", "through_k", lambda x: 0 * x),
        (
            "W̄q and W̄k swapped",
            "swapped",
            "Wq_bar",
            lambda x, k_bar: x.T @ k_bar,
            "Wk_bar",
            lambda x, q_bar: x.T @ q_bar,
        ),
        ("W̄v times T", "factor", "Wv_bar", lambda x, v_bar: x.T @ v_bar * len(x)),
    ),
)
