"""A 3 × 3 convolution (as many channels out as in), relu, and the mean over all places."""

import jax
import jax.numpy as jnp
from mistakes.network import Network, mistakes, normal


def forward(x, K, b):
    z = jax.lax.conv_general_dilated(x, K, (1, 1), "SAME", dimension_numbers=("NHWC", "HWIO", "NHWC")) + b
    return jnp.maximum(z, 0).mean((1, 2))


def windows(x):
    padded = jnp.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)))
    return [[padded[:, i : i + x.shape[1], j : j + x.shape[2]] for j in range(3)] for i in range(3)]


def correlate(x, K):
    return sum(windows(x)[i][j] @ K[i, j] for i in range(3) for j in range(3))


NETWORK = Network(
    "convolution + relu",
    forward,
    normal((2, 4, 5, 3), (3, 3, 3, 3), (3,), seed=9),
    {
        "z": lambda x, K, b: correlate(x, K) + b,
        "a_bar": lambda y_bar, z: jnp.broadcast_to(y_bar[:, None, None], z.shape) / 20,
        "z_bar": lambda a_bar, z: jnp.where(z > 0, a_bar, 0),
        "K_bar": lambda x, z_bar: jnp.stack(
            [jnp.stack([jnp.einsum("nhwc,nhwf->cf", w, z_bar) for w in r]) for r in windows(x)]
        ),
        "flipped": lambda K: K[::-1, ::-1].swapaxes(2, 3),
        "x_bar": lambda z_bar, flipped: correlate(z_bar, flipped),
        "b_bar": lambda z_bar: z_bar.sum((0, 1, 2)),
    },
    mistakes(
        ("no mean", "factor", "a_bar", lambda y_bar, z: jnp.broadcast_to(y_bar[:, None, None], z.shape)),
        ("no derivative", "missing factor|mask", "z_bar", lambda a_bar: a_bar),
        ("relu inverted", "mask|wrong residual", "z_bar", lambda a_bar, z: jnp.where(z < 0, a_bar, 0)),
        (
            "K̄ flipped",
            "permuted",
            "K_bar",
            lambda x, z_bar: jnp.stack(
                [jnp.stack([jnp.einsum("nhwc,nhwf->cf", w, z_bar) for w in r]) for r in windows(x)]
            )[::-1, ::-1],
        ),
        ("kernel not flipped", "permuted", "flipped", lambda K: K.swapaxes(2, 3)),
        ("channels not exchanged", "transposed", "flipped", lambda K: K[::-1, ::-1]),
        ("b̄ averaged", "factor", "b_bar", lambda z_bar: z_bar.mean((0, 1, 2))),
        ("sign", "sign", "x_bar", lambda z_bar, flipped: -correlate(z_bar, flipped)),
    ),
)
