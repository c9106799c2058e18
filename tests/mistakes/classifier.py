"""Two layers, tanh and dropout between them, cross-entropy of integer labels."""

import jax
import jax.numpy as jnp
import numpy as np
from mistakes.network import Network, mistakes, normal


def forward(W1, b1, W2, b2, x, labels, keep):
    h = jnp.tanh(x @ W1 + b1)
    h = jnp.where(keep, h, 0) / 0.75
    logits = h @ W2 + b2
    chosen = jnp.take_along_axis(jax.nn.log_softmax(logits), labels[:, None], axis=-1)
    return -jnp.mean(chosen)


def softmax(z, axis):
    e = jnp.exp(z - z.max(axis, keepdims=True))
    return e / e.sum(axis, keepdims=True)


def onehot(labels):
    return (labels[:, None] == jnp.arange(3)).astype("float32")


rng = np.random.default_rng(6)
NETWORK = Network(
    "cross-entropy of an MLP",
    forward,
    (*normal((4, 5), (5,), (5, 3), (3,), (6, 4), seed=5), rng.integers(0, 3, 6), rng.random((6, 5)) < 0.75),
    {
        "t": lambda x, W1, b1: jnp.tanh(x @ W1 + b1),
        "h": lambda t, keep: jnp.where(keep, t, 0) / 0.75,
        "logits": lambda h, W2, b2: h @ W2 + b2,
        "p": lambda logits: softmax(logits, -1),
        "d": lambda labels: onehot(labels),
        "difference": lambda p, d: p - d,
        "logits_bar": lambda y_bar, difference: y_bar * difference / 6,
        "h_bar": lambda logits_bar, W2: logits_bar @ W2.T / 0.75,
        "t_bar": lambda keep, h_bar: jnp.where(keep, h_bar, 0),
        "slope": lambda t: 1 - t**2,
        "z_bar": lambda t_bar, slope: t_bar * slope,
        "W1_bar": lambda x, z_bar: x.T @ z_bar,
        "b1_bar": lambda z_bar: z_bar.sum(0),
        "W2_bar": lambda h, logits_bar: h.T @ logits_bar,
        "b2_bar": lambda logits_bar: logits_bar.sum(0),
        "x_bar": lambda z_bar, W1: z_bar @ W1.T,
    },
    mistakes(
        ("softmax over the batch", "wrong axis", "p", lambda logits: softmax(logits, 0)),
        ("labels off by one", "permuted", "d", lambda labels: onehot((labels + 1) % 3)),
        ("no one-hot", "missing term", "difference", lambda p: p),
        ("no softmax", "missing term", "difference", lambda d: -d),
        ("at the logits", "wrong residual", "difference", lambda logits, d: logits - d),
        ("one-hot added", "sign", "difference", lambda p, d: p + d),
        ("no 1/N", "factor", "logits_bar", lambda y_bar, difference: y_bar * difference),
        ("1/(N · classes)", "factor", "logits_bar", lambda y_bar, difference: y_bar * difference / 18),
        ("dropout's scale forgotten", "factor|missing factor", "h_bar", lambda logits_bar, W2: logits_bar @ W2.T),
        ("dropout's mask forgotten", "mask|few elements", "t_bar", lambda h_bar: h_bar),
        ("dropout's mask inverted", "mask|few elements", "t_bar", lambda keep, h_bar: jnp.where(keep, 0, h_bar)),
        ("no derivative", "missing factor", "slope", lambda t: jnp.ones_like(t)),
        ("derivative twice", "extra factor", "slope", lambda t: (1 - t**2) ** 2),
        ("derivative at h", "wrong residual", "slope", lambda h: 1 - h**2),
        ("W̄2 at t", "wrong residual", "W2_bar", lambda t, logits_bar: t.T @ logits_bar),
        ("b̄1 averaged", "factor", "b1_bar", lambda z_bar: z_bar.mean(0)),
    ),
)
