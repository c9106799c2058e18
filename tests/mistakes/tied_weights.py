"""An embedding that is read in and, transposed, written out: two paths to one matrix, and indices that repeat."""

import jax
import jax.numpy as jnp
import numpy as np
from mistakes.network import Network, mistakes, normal


def forward(E, W, ids):
    h = jnp.tanh(E[ids] @ W)
    return jax.nn.log_softmax(h @ E.T)[:, 0]


NETWORK = Network(
    "tied weights",
    forward,
    (*normal((5, 4), (4, 4)), np.array([1, 3, 1, 0, 4, 3])),
    {
        "e": lambda E, ids: E[ids],
        "h": lambda e, W: jnp.tanh(e @ W),
        "p": lambda h, E: jax.nn.softmax(h @ E.T),
        "d": lambda p: jnp.zeros_like(p).at[:, 0].set(1),
        "z_bar": lambda d, p, y_bar: (d - p) * y_bar[:, None],
        "h_bar": lambda z_bar, E: z_bar @ E,
        "a_bar": lambda h_bar, h: h_bar * (1 - h**2),
        "W_bar": lambda e, a_bar: e.T @ a_bar,
        "e_bar": lambda a_bar, W: a_bar @ W.T,
        "read": lambda E, ids, e_bar: jnp.zeros_like(E).at[ids].add(e_bar),
        "written": lambda z_bar, h: z_bar.T @ h,
        "E_bar": lambda read, written: read + written,
    },
    mistakes(
        ("the reading's path dropped", "missing term", "E_bar", lambda written: written),
        ("the writing's path dropped", "missing term", "E_bar", lambda read: read),
        ("the reading's path twice", "extra term|factor", "E_bar", lambda read, written: 2 * read + written),
        ("the two subtracted", "sign", "E_bar", lambda read, written: written - read),
        ("the two averaged", "factor", "E_bar", lambda read, written: (written + read) / 2),
        (
            "set instead of add",
            "overwritten|missing sum|missing term|few elements|repeated indices",
            "read",
            lambda E, ids, e_bar: jnp.zeros_like(E).at[ids].set(e_bar),
        ),
        (
            "indices too high by one",
            "permuted|wrong residual|index",
            "read",
            lambda E, ids, e_bar: jnp.zeros_like(E).at[(ids + 1) % 5].add(e_bar),
        ),
        (
            "rows in order instead of by index",
            "permuted|wrong residual|index",
            "read",
            lambda E, ids, e_bar: jnp.zeros_like(E).at[jnp.arange(len(ids)) % 5].add(e_bar),
        ),
        (
            "divided by how often",
            "factor|missing sum|few elements|extra factor",
            "read",
            lambda E, ids, e_bar: jnp.zeros_like(E).at[ids].add(e_bar / jnp.bincount(ids, length=5)[ids][:, None]),
        ),
        ("written at e", "wrong residual", "written", lambda z_bar, e: z_bar.T @ e),
        (
            "written at p",
            "wrong residual|missing term|missing factor",
            "written",
            lambda p, h, y_bar: (p * y_bar[:, None]).T @ h,
        ),
        ("the derivative forgotten", "missing factor", "a_bar", lambda h_bar: h_bar),
        ("the derivative twice", "extra factor|extra term", "a_bar", lambda h_bar, h: h_bar * (1 - h**2) ** 2),
        ("the derivative at e", "wrong residual", "a_bar", lambda h_bar, e: h_bar * (1 - e**2)),
        ("1 − h", "wrong residual|missing factor", "a_bar", lambda h_bar, h: h_bar * (1 - h)),
        ("W not transposed", "transposed", "e_bar", lambda a_bar, W: a_bar @ W),
        ("the softmax forgotten", "missing term", "z_bar", lambda d, y_bar: d * y_bar[:, None]),
        ("the one-hot forgotten", "missing term", "z_bar", lambda p, y_bar: -p * y_bar[:, None]),
        (
            "the target's column shifted",
            "permuted|wrong residual|index",
            "d",
            lambda p: jnp.zeros_like(p).at[:, 1].set(1),
        ),
        (
            "an extra Jacobian of softmax",
            "extra factor|extra term",
            "z_bar",
            lambda d, p, y_bar: p * ((d - p) - (p * (d - p)).sum(1, keepdims=True)) * y_bar[:, None],
        ),
        (
            "the first ȳ for all",
            "one cotangent",
            "z_bar",
            lambda d, p, y_bar: (d - p) * y_bar[0],
        ),
        ("W̄ of the first row", "missing sum|first row", "W_bar", lambda e, a_bar: jnp.outer(e[0], a_bar[0])),
        ("W̄ transposed", "transposed", "W_bar", lambda e, a_bar: a_bar.T @ e),
    ),
)
