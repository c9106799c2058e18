"""Mahalanobis lengths √(x S x + 1) with S = (A + Aᵀ) / 2, and log det S by its Cholesky factor."""

import jax.numpy as jnp
import numpy as np
from mistakes.network import Network, mistakes, normal


def forward(x, A):
    S = (A + A.T) / 2
    lengths = jnp.sqrt(jnp.einsum("ni,ij,nj->n", x, S, x) + 1)
    return lengths - jnp.log(jnp.diag(jnp.linalg.cholesky(S))).sum()


a = normal((4, 4), seed=3)[0]
NETWORK = Network(
    "symmetric form",
    forward,
    (*normal((5, 4)), a @ a.T + np.eye(4, dtype="float32") + np.triu(a, 1) - np.triu(a, 1).T),
    {
        "S": lambda A: (A + A.T) / 2,
        "length": lambda x, S: jnp.sqrt(jnp.einsum("ni,ij,nj->n", x, S, x) + 1),
        "q_bar": lambda y_bar, length: y_bar / (2 * length),
        "x_bar": lambda q_bar, x, S: 2 * q_bar[:, None] * (x @ S),
        "from_form": lambda q_bar, x: jnp.einsum("n,ni,nj->ij", q_bar, x, x),
        "from_log": lambda S, y_bar: -0.5 * jnp.linalg.inv(S) * y_bar.sum(),
        "A_bar": lambda from_form, from_log: from_form + from_log,
    },
    mistakes(
        ("the root's derivative forgotten", "missing factor", "q_bar", lambda y_bar: y_bar),
        ("the root's half forgotten", "factor", "q_bar", lambda y_bar, length: y_bar / length),
        (
            "the root's derivative at the square",
            "extra factor|wrong residual",
            "q_bar",
            lambda y_bar, length: y_bar / (2 * length**2),
        ),
        (
            "the root multiplied",
            "wrong residual|inverted|missing factor",
            "q_bar",
            lambda y_bar, length: y_bar * length / 2,
        ),
        ("one of two occurrences of x", "factor|missing term", "x_bar", lambda q_bar, x, S: q_bar[:, None] * (x @ S)),
        (
            "A for S in x̄",
            "symmetrised|transposed|wrong residual|missing term",
            "x_bar",
            lambda q_bar, x, A: 2 * q_bar[:, None] * (x @ A),
        ),
        ("A + Aᵀ twice", "factor", "x_bar", lambda q_bar, x, A: 2 * q_bar[:, None] * (x @ (A + A.T))),
        (
            "S⁻¹ for S",
            "wrong residual|inverted",
            "x_bar",
            lambda q_bar, x, S: 2 * q_bar[:, None] * (x @ jnp.linalg.inv(S)),
        ),
        ("the form's path dropped", "missing term", "from_form", lambda S: 0 * S),
        ("the logarithm's path dropped", "missing term", "from_log", lambda S: 0 * S),
        ("the logarithm's sign", "sign", "from_log", lambda S, y_bar: 0.5 * jnp.linalg.inv(S) * y_bar.sum()),
        ("the logarithm's half", "factor", "from_log", lambda S, y_bar: -jnp.linalg.inv(S) * y_bar.sum()),
        ("S for its inverse", "wrong residual|inverted", "from_log", lambda S, y_bar: -0.5 * S * y_bar.sum()),
        (
            "the first ȳ only",
            "missing sum",
            "from_log",
            lambda S, y_bar: -0.5 * jnp.linalg.inv(S) * y_bar[0],
        ),
        ("ȳ averaged", "factor", "from_log", lambda S, y_bar: -0.5 * jnp.linalg.inv(S) * y_bar.mean()),
        (
            "the form's first row only",
            "missing sum|first row",
            "from_form",
            lambda q_bar, x: q_bar[0] * jnp.outer(x[0], x[0]),
        ),
        (
            "the off-diagonal doubled",
            "factor|symmetrised|few elements",
            "A_bar",
            lambda from_form, from_log: (from_form + from_log) * (2 - jnp.eye(4)),
        ),
        (
            "the lower triangle only",
            "part",
            "A_bar",
            lambda from_form, from_log: jnp.tril(from_form + from_log),
        ),
    ),
)
