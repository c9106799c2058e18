"""Cross-entropy with integer labels, its softmax written out: the mean over the rows that are not masked."""

import jax.numpy as jnp
from mistakes.network import Network, chance, integers, mistakes, normal


def forward(x, W, b, labels, kept):
    z = x @ W + b
    log_p = z - jnp.log(jnp.exp(z).sum(1, keepdims=True))
    rows = -log_p[jnp.arange(len(labels)), labels]
    return (rows * kept).sum() / kept.sum()


def softmax(z, axis=1):
    e = jnp.exp(z - z.max(axis, keepdims=True))
    return e / e.sum(axis, keepdims=True)


def onehot(labels, n):
    return (labels[:, None] == jnp.arange(n)).astype("float32")


NETWORK = Network(
    "cross-entropy with labels and mask",
    forward,
    (*normal((6, 4), (4, 5), (5,)), integers(5, 6), chance(0.6, 6, seed=1).astype("float32")),
    {
        "z": lambda x, W, b: x @ W + b,
        "p": lambda z: softmax(z),
        "d": lambda labels, z: onehot(labels, z.shape[1]),
        "difference": lambda p, d: p - d,
        "weight": lambda kept, y_bar: y_bar * kept / kept.sum(),
        "z_bar": lambda difference, weight: difference * weight[:, None],
        "x_bar": lambda z_bar, W: z_bar @ W.T,
        "W_bar": lambda x, z_bar: x.T @ z_bar,
        "b_bar": lambda z_bar: z_bar.sum(0),
        "log_p": lambda z: z - jnp.log(jnp.exp(z).sum(1, keepdims=True)),
        "kept_bar": lambda log_p, labels, kept, y_bar: (
            (
                -log_p[jnp.arange(len(labels)), labels]
                + (log_p[jnp.arange(len(labels)), labels] * kept).sum() / kept.sum()
            )
            * y_bar
            / kept.sum()
        ),
    },
    mistakes(
        ("logits for probabilities", "wrong residual", "p", lambda z: z),
        (
            "log-probabilities for probabilities",
            "wrong residual",
            "p",
            lambda z: z - jnp.log(jnp.exp(z).sum(1, keepdims=True)),
        ),
        ("exponentials for probabilities", "missing factor|wrong residual|missing term", "p", lambda z: jnp.exp(z)),
        ("softmax over the batch", "wrong axis", "p", lambda z: softmax(z, 0)),
        ("softmax over both axes", "wrong axis|extra sum", "p", lambda z: softmax(z, (0, 1))),
        ("one-hot forgotten", "missing term", "difference", lambda p: p),
        ("softmax forgotten", "missing term", "difference", lambda d: -d),
        ("one-hot added", "sign", "difference", lambda p, d: p + d),
        ("the other way round", "sign", "difference", lambda p, d: d - p),
        (
            "label too high by one",
            "permuted|wrong residual|index",
            "d",
            lambda labels, z: onehot((labels + 1) % 5, z.shape[1]),
        ),
        (
            "label too low by one",
            "permuted|wrong residual|index",
            "d",
            lambda labels, z: onehot((labels - 1) % 5, z.shape[1]),
        ),
        (
            "the next row's label",
            "permuted|wrong residual|index",
            "d",
            lambda labels, z: onehot(jnp.roll(labels, -1), z.shape[1]),
        ),
        (
            "the last row's label",
            "permuted|wrong residual|index",
            "d",
            lambda labels, z: onehot(jnp.roll(labels, 1), z.shape[1]),
        ),
        (
            "an extra Jacobian of softmax",
            "extra factor|extra term",
            "z_bar",
            lambda p, difference, weight: p * (difference - (p * difference).sum(1, keepdims=True)) * weight[:, None],
        ),
        (
            "an extra p (1 − p)",
            "extra factor",
            "z_bar",
            lambda p, difference, weight: difference * p * (1 - p) * weight[:, None],
        ),
        ("an extra p", "extra factor", "z_bar", lambda p, difference, weight: difference * p * weight[:, None]),
        ("a sum instead of a mean", "factor|missing factor", "weight", lambda kept, y_bar: y_bar * kept),
        ("a mean over all rows", "factor|wrong residual", "weight", lambda kept, y_bar: y_bar * kept / len(kept)),
        ("a mean over the classes too", "factor", "weight", lambda kept, y_bar: y_bar * kept / kept.sum() / 5),
        (
            "the mask forgotten",
            "mask|missing factor",
            "weight",
            lambda kept, y_bar: y_bar / kept.sum() * jnp.ones_like(kept),
        ),
        ("the mask inverted", "mask|wrong residual", "weight", lambda kept, y_bar: y_bar * (1 - kept) / kept.sum()),
        (
            "the mask shifted",
            "mask|permuted|wrong residual",
            "weight",
            lambda kept, y_bar: y_bar * jnp.roll(kept, 1) / kept.sum(),
        ),
        ("the first row only", "missing sum|first row", "b_bar", lambda z_bar: z_bar[0]),
        ("the bias averaged", "factor", "b_bar", lambda z_bar: z_bar.mean(0)),
        ("W not transposed by chance", "sign", "x_bar", lambda z_bar, W: -z_bar @ W.T),
        ("W̄ from the logits", "wrong residual", "W_bar", lambda x, z: x.T @ z),
        (
            "W̄ from the probabilities",
            "missing term|missing factor|wrong residual",
            "W_bar",
            lambda x, p, weight: x.T @ (p * weight[:, None]),
        ),
    ),
)
