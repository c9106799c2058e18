"""x = A⁻¹ b, and half its weighted square."""

import jax.numpy as jnp
import numpy as np
from mistakes.network import Network, mistakes, normal


def forward(A, b, w):
    x = jnp.linalg.solve(A, b)
    return (w * x**2).sum(0) / 2


inverse = jnp.linalg.inv
A, b, w = normal((4, 4), (4, 3), (4, 3))
NETWORK = Network(
    "linear system",
    forward,
    (A + 4 * np.eye(4, dtype="float32"), b, w),
    {
        "x": lambda A, b: jnp.linalg.solve(A, b),
        "s_bar": lambda w, x, y_bar: w * x * y_bar,
        "b_bar": lambda A, s_bar: jnp.linalg.solve(A.T, s_bar),
        "A_bar": lambda b_bar, x: -b_bar @ x.T,
        "w_bar": lambda x, y_bar: x**2 * y_bar / 2,
    },
    mistakes(
        ("A not transposed", "transposed", "b_bar", lambda A, s_bar: jnp.linalg.solve(A, s_bar)),
        (
            "multiplied instead of solved",
            "wrong residual|inverted|missing factor",
            "b_bar",
            lambda A, s_bar: A.T @ s_bar,
        ),
        ("not solved", "missing factor", "b_bar", lambda s_bar: s_bar),
        ("solved twice", "extra factor", "b_bar", lambda A, s_bar: jnp.linalg.solve(A.T, jnp.linalg.solve(A.T, s_bar))),
        ("the sign forgotten", "sign", "A_bar", lambda b_bar, x: b_bar @ x.T),
        ("Ā transposed", "transposed", "A_bar", lambda b_bar, x: -x @ b_bar.T),
        (
            "Ā symmetrised",
            "symmetrised|extra term|transposed",
            "A_bar",
            lambda b_bar, x: -(b_bar @ x.T + x @ b_bar.T) / 2,
        ),
        ("Ā at the right side", "wrong residual", "A_bar", lambda b_bar, b: -b_bar @ b.T),
        ("Ā not solved", "missing factor|wrong residual", "A_bar", lambda s_bar, x: -s_bar @ x.T),
        ("Ā of the first column", "missing sum|first row", "A_bar", lambda b_bar, x: -jnp.outer(b_bar[:, 0], x[:, 0])),
        ("Ā averaged", "factor", "A_bar", lambda b_bar, x: -b_bar @ x.T / x.shape[1]),
        ("Ā's lower triangle", "part", "A_bar", lambda b_bar, x: -jnp.tril(b_bar @ x.T)),
        ("Ā's diagonal", "part", "A_bar", lambda b_bar, x: -b_bar @ x.T * jnp.eye(4)),
        ("Ā dropped", "missing term", "A_bar", lambda A: 0 * A),
        ("the weight forgotten", "missing factor", "s_bar", lambda x, y_bar: x * y_bar),
        ("the weight twice", "extra factor", "s_bar", lambda w, x, y_bar: w**2 * x * y_bar),
        ("the square's two", "factor", "s_bar", lambda w, x, y_bar: 2 * w * x * y_bar),
        ("at b", "wrong residual", "s_bar", lambda w, b, y_bar: w * b * y_bar),
        ("w̄ without a half", "factor", "w_bar", lambda x, y_bar: x**2 * y_bar),
        ("w̄ at b", "wrong residual", "w_bar", lambda b, y_bar: b**2 * y_bar / 2),
    ),
)
