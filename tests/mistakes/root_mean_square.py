"""RMS norm of each row, rotary turn of its halves, and the inner product with a second input."""

import jax.numpy as jnp
import numpy as np
from mistakes.network import Network, mistakes, normal


def half_turn(x):
    a, b = jnp.split(x, 2, axis=-1)
    return jnp.concatenate([-b, a], -1)


def forward(x, g, k, angle):
    r = jnp.sqrt((x**2).mean(-1, keepdims=True) + 1e-6)
    q = x / r * g
    turned = q * jnp.cos(angle) + half_turn(q) * jnp.sin(angle)
    return (turned * k).sum(-1) / np.sqrt(6)


angles = np.concatenate([normal((5, 3), seed=7)[0]] * 2, axis=1)
NETWORK = Network(
    "RMS norm and rotary turn",
    forward,
    (*normal((5, 6), (6,), (5, 6)), angles),
    {
        "r": lambda x: jnp.sqrt((x**2).mean(-1, keepdims=True) + 1e-6),
        "n": lambda x, r: x / r,
        "q": lambda n, g: n * g,
        "turned": lambda q, angle: q * jnp.cos(angle) + half_turn(q) * jnp.sin(angle),
        "s": lambda y_bar: y_bar[:, None] / np.sqrt(6).astype("float32"),
        "k_bar": lambda s, turned: s * turned,
        "t_bar": lambda s, k: s * k,
        "q_bar": lambda t_bar, angle: t_bar * jnp.cos(angle) - half_turn(t_bar * jnp.sin(angle)),
        "angle_bar": lambda t_bar, q, angle: t_bar * (half_turn(q) * jnp.cos(angle) - q * jnp.sin(angle)),
        "n_bar": lambda q_bar, g: q_bar * g,
        "g_bar": lambda q_bar, n: (q_bar * n).sum(0),
        "projection": lambda n, n_bar: n * (n * n_bar).mean(-1, keepdims=True),
        "x_bar": lambda n_bar, projection, r: (n_bar - projection) / r,
    },
    mistakes(
        (
            "turned forwards",
            "sign|transposed|permuted",
            "q_bar",
            lambda t_bar, angle: t_bar * jnp.cos(angle) + half_turn(t_bar * jnp.sin(angle)),
        ),
        ("the sine's path dropped", "missing term", "q_bar", lambda t_bar, angle: t_bar * jnp.cos(angle)),
        ("the cosine's path dropped", "missing term", "q_bar", lambda t_bar, angle: -half_turn(t_bar * jnp.sin(angle))),
        (
            "sine and cosine exchanged",
            "swapped|wrong residual",
            "q_bar",
            lambda t_bar, angle: t_bar * jnp.sin(angle) - half_turn(t_bar * jnp.cos(angle)),
        ),
        (
            "halves exchanged without a sign",
            "sign|permuted|rotation",
            "q_bar",
            lambda t_bar, angle: t_bar * jnp.cos(angle) + jnp.roll(t_bar * jnp.sin(angle), 3, -1),
        ),
        ("not turned back", "missing factor|missing term", "q_bar", lambda t_bar: t_bar),
        (
            "the angle's first path",
            "missing term",
            "angle_bar",
            lambda t_bar, q, angle: t_bar * half_turn(q) * jnp.cos(angle),
        ),
        (
            "the angle's sign",
            "sign",
            "angle_bar",
            lambda t_bar, q, angle: t_bar * (half_turn(q) * jnp.cos(angle) + q * jnp.sin(angle)),
        ),
        ("√d forgotten", "factor|missing factor", "s", lambda y_bar: y_bar[:, None]),
        ("d for √d", "factor|extra factor", "s", lambda y_bar: y_bar[:, None] / 6),
        ("√d multiplied", "factor|inverted", "s", lambda y_bar: y_bar[:, None] * np.sqrt(6).astype("float32")),
        ("k̄ before the turn", "wrong residual|missing factor", "k_bar", lambda s, q: s * q),
        ("t̄ at the turned", "wrong residual", "t_bar", lambda s, turned: s * turned),
        ("the projection dropped", "missing term", "projection", lambda n: 0 * n),
        ("the projection summed", "factor", "projection", lambda n, n_bar: n * (n * n_bar).sum(-1, keepdims=True)),
        ("the projection added", "sign", "projection", lambda n, n_bar: -n * (n * n_bar).mean(-1, keepdims=True)),
        (
            "the projection over the batch",
            "wrong axis",
            "projection",
            lambda n, n_bar: n * (n * n_bar).mean(0, keepdims=True),
        ),
        (
            "projected on x",
            "wrong residual|missing factor",
            "projection",
            lambda x, n, n_bar: x * (n * n_bar).mean(-1, keepdims=True),
        ),
        (
            "a mean too, as in layer norm",
            "extra term",
            "projection",
            lambda n, n_bar: n * (n * n_bar).mean(-1, keepdims=True) + n_bar.mean(-1, keepdims=True),
        ),
        ("1/r forgotten", "missing factor", "x_bar", lambda n_bar, projection: n_bar - projection),
        ("1/r²", "extra factor", "x_bar", lambda n_bar, projection, r: (n_bar - projection) / r**2),
        ("the scale forgotten", "missing factor", "n_bar", lambda q_bar: q_bar),
        ("ḡ at x", "wrong residual|missing factor", "g_bar", lambda q_bar, x: (q_bar * x).sum(0)),
        ("ḡ of the first row", "missing sum|first row", "g_bar", lambda q_bar, n: (q_bar * n)[0]),
        (
            "ḡ before the turn back",
            "missing factor|wrong residual|missing term",
            "g_bar",
            lambda t_bar, n: (t_bar * n).sum(0),
        ),
    ),
)
