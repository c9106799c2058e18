"""Margins of labels, squared Huber errors and a floor: piecewise functions with thresholds."""

import jax.numpy as jnp
from mistakes.network import Network, integers, mistakes, normal


def forward(x, W, labels, t):
    z = x @ W
    right = z[jnp.arange(len(labels)), labels][:, None]
    margin = jnp.where(z - right + 1 > 0, z - right + 1, 0)
    d = z.mean(1) - t
    huber = jnp.where(jnp.abs(d) < 0.8, d**2 / 2, 0.8 * jnp.abs(d) - 0.32)
    return margin.sum(1) - 1 + huber


NETWORK = Network(
    "margins and Huber",
    forward,
    (*normal((7, 4), (4, 5)), integers(5, 7), normal((7,), seed=6)[0]),
    {
        "z": lambda x, W: x @ W,
        "right": lambda z, labels: z[jnp.arange(len(labels)), labels][:, None],
        "over": lambda z, right: (z - right + 1 > 0).astype(z.dtype),
        "d": lambda z, t: z.mean(1) - t,
        "slope": lambda d: jnp.where(jnp.abs(d) < 0.8, d, 0.8 * jnp.sign(d)),
        "margin_bar": lambda over, y_bar: over * y_bar[:, None],
        "at_label": lambda labels, z: (labels[:, None] == jnp.arange(z.shape[1])).astype(z.dtype),
        "subtracted": lambda margin_bar, at_label: at_label * margin_bar.sum(1, keepdims=True),
        "d_bar": lambda slope, y_bar: slope * y_bar,
        "spread": lambda d_bar, z: jnp.broadcast_to(d_bar[:, None] / z.shape[1], z.shape),
        "z_bar": lambda margin_bar, subtracted, spread: margin_bar - subtracted + spread,
        "x_bar": lambda z_bar, W: z_bar @ W.T,
        "W_bar": lambda x, z_bar: x.T @ z_bar,
        "t_bar": lambda d_bar: -d_bar,
    },
    mistakes(
        ("the margin moved to zero", "threshold|mask", "over", lambda z, right: (z - right > 0).astype(z.dtype)),
        ("the margin moved to two", "threshold|mask", "over", lambda z, right: (z - right + 2 > 0).astype(z.dtype)),
        ("decided by the logits", "threshold|mask|wrong residual", "over", lambda z: (z > 0).astype(z.dtype)),
        ("margins inverted", "mask", "over", lambda z, right: (z - right + 1 <= 0).astype(z.dtype)),
        ("margins everywhere", "mask|missing factor", "over", lambda z: jnp.ones_like(z)),
        (
            "margins by their size",
            "missing factor|wrong residual|extra factor|mask",
            "over",
            lambda z, right: jnp.maximum(z - right + 1, 0),
        ),
        ("the label's path dropped", "missing term", "subtracted", lambda z: 0 * z),
        (
            "the label's path with one margin",
            "missing sum|missing term",
            "subtracted",
            lambda margin_bar, at_label: at_label * margin_bar,
        ),
        (
            "the label's path averaged",
            "factor",
            "subtracted",
            lambda margin_bar, at_label: at_label * margin_bar.mean(1, keepdims=True),
        ),
        (
            "the label shifted",
            "permuted|wrong residual|index",
            "at_label",
            lambda labels, z: (((labels + 1) % 5)[:, None] == jnp.arange(z.shape[1])).astype(z.dtype),
        ),
        (
            "the next row's label",
            "permuted|wrong residual|index",
            "at_label",
            lambda labels, z: (jnp.roll(labels, -1)[:, None] == jnp.arange(z.shape[1])).astype(z.dtype),
        ),
        ("everywhere instead of at the label", "missing factor|mask", "at_label", lambda z: jnp.ones_like(z)),
        (
            "Huber's threshold at one half",
            "threshold|mask",
            "slope",
            lambda d: jnp.where(jnp.abs(d) < 0.5, d, 0.8 * jnp.sign(d)),
        ),
        (
            "Huber's slope of one",
            "factor|few elements|missing factor",
            "slope",
            lambda d: jnp.where(jnp.abs(d) < 0.8, d, jnp.sign(d)),
        ),
        (
            "Huber's sign forgotten",
            "missing factor|few elements|sign",
            "slope",
            lambda d: jnp.where(jnp.abs(d) < 0.8, d, 0.8),
        ),
        ("Huber without its cut", "mask|missing term|few elements|threshold", "slope", lambda d: d),
        ("Huber as an absolute value", "mask|few elements|threshold", "slope", lambda d: 0.8 * jnp.sign(d)),
        ("Huber's branches exchanged", "mask", "slope", lambda d: jnp.where(jnp.abs(d) < 0.8, 0.8 * jnp.sign(d), d)),
        ("the mean's count forgotten", "factor", "spread", lambda d_bar, z: jnp.broadcast_to(d_bar[:, None], z.shape)),
        (
            "the mean over the rows",
            "factor",
            "spread",
            lambda d_bar, z: jnp.broadcast_to(d_bar[:, None] / len(z), z.shape),
        ),
        ("the mean's path dropped", "missing term", "spread", lambda z: 0 * z),
        (
            "the mean at the first class only",
            "part",
            "spread",
            lambda d_bar, z: jnp.zeros_like(z).at[:, 0].set(d_bar / z.shape[1]),
        ),
        ("t̄ without its sign", "sign", "t_bar", lambda d_bar: d_bar),
        ("W̄ of the first row", "missing sum|first row", "W_bar", lambda x, z_bar: jnp.outer(x[0], z_bar[0])),
    ),
)
