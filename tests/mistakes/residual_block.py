"""x + tanh(x W1 + b1) W2."""

import jax.numpy as jnp
from mistakes.network import Network, mistakes, normal


def forward(x, W1, b1, W2):
    h = jnp.tanh(x @ W1 + b1)
    return x + h @ W2


NETWORK = Network(
    "residual block",
    forward,
    normal((6, 4), (4, 4), (4,), (4, 4), seed=4),
    {
        "z": lambda x, W1, b1: x @ W1 + b1,
        "h": lambda z: jnp.tanh(z),
        "h_bar": lambda y_bar, W2: y_bar @ W2.T,
        "slope": lambda h: 1 - h**2,
        "z_bar": lambda h_bar, slope: h_bar * slope,
        "branch": lambda z_bar, W1: z_bar @ W1.T,
        "skip": lambda y_bar: y_bar,
        "x_bar": lambda skip, branch: skip + branch,
        "W1_bar": lambda x, z_bar: x.T @ z_bar,
        "b1_bar": lambda z_bar: z_bar.sum(0),
        "W2_bar": lambda h, y_bar: h.T @ y_bar,
    },
    mistakes(
        ("W2 not transposed", "transposed", "h_bar", lambda y_bar, W2: y_bar @ W2),
        ("W1 not transposed", "transposed", "branch", lambda z_bar, W1: z_bar @ W1),
        (
            "layers in the wrong order",
            "wrong residual",
            "h_bar",
            lambda y_bar, W1: y_bar @ W1.T,
            "branch",
            lambda z_bar, W2: z_bar @ W2.T,
        ),
        ("no derivative", "missing factor", "slope", lambda h: jnp.ones_like(h)),
        ("derivative at z", "wrong residual", "slope", lambda z: 1 - z**2),
        ("skip dropped", "missing term", "skip", lambda y_bar: 0 * y_bar),
        ("skip twice", "extra term", "skip", lambda y_bar: 2 * y_bar),
        ("skip's sign", "sign", "skip", lambda y_bar: -y_bar),
        ("skip halved", "factor", "skip", lambda y_bar: y_bar / 2),
        ("branch dropped", "missing term|missing factor", "x_bar", lambda skip: skip),
        ("W̄2 at z", "wrong residual", "W2_bar", lambda z, y_bar: z.T @ y_bar),
        ("W̄1 at h", "wrong residual", "W1_bar", lambda h, z_bar: h.T @ z_bar),
    ),
)
