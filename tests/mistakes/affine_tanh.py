"""An affine layer and tanh."""

import jax.numpy as jnp
from mistakes.network import Network, mistakes, normal


def forward(W, b, x):
    z = x @ W + b
    return jnp.tanh(z)


NETWORK = Network(
    "affine + tanh",
    forward,
    normal((5, 5), (5,), (6, 5)),
    {
        "z": lambda W, b, x: x @ W + b,
        "y": lambda z: jnp.tanh(z),
        "slope": lambda y: 1 - y**2,
        "z_bar": lambda y_bar, slope: y_bar * slope,
        "W_bar": lambda x, z_bar: x.T @ z_bar,
        "b_bar": lambda z_bar: z_bar.sum(0),
        "x_bar": lambda z_bar, W: z_bar @ W.T,
    },
    mistakes(
        ("no derivative", "missing factor", "slope", lambda y: jnp.ones_like(y)),
        ("derivative twice", "extra factor|extra term", "slope", lambda y: (1 - y**2) ** 2),
        ("derivative at z", "wrong residual", "slope", lambda z: 1 - z**2),
        ("sigmoid's derivative", "wrong residual", "slope", lambda y: y * (1 - y)),
        ("1 − y", "wrong residual", "slope", lambda y: 1 - y),
        ("derivative at y", "wrong residual", "slope", lambda y: 1 - jnp.tanh(y) ** 2),
        ("sign", "sign", "slope", lambda y: y**2 - 1),
        ("W̄ at y", "wrong residual", "W_bar", lambda y, z_bar: y.T @ z_bar),
        ("W̄ without it", "missing factor", "W_bar", lambda x, y_bar: x.T @ y_bar),
        ("b̄ averaged", "factor", "b_bar", lambda z_bar: z_bar.mean(0)),
        ("b̄ of one row", "missing sum", "b_bar", lambda z_bar: z_bar[0]),
        ("W not transposed", "transposed", "x_bar", lambda z_bar, W: z_bar @ W),
    ),
)
