"""The same three layers with gelu, whose slope is another at each place."""

import jax
import jax.numpy as jnp
import numpy as np
from mistakes.multilayer_relu import PRIMALS, TABLE
from mistakes.network import Network, mistakes


def forward(params, x, t):
    (W1, b1), (W2, b2), (W3, b3) = params
    h1 = jax.nn.gelu(x @ W1 + b1)
    h2 = jax.nn.gelu(h1 @ W2 + b2)
    y = h2 @ W3 + b3
    return 0.5 * jnp.mean(jnp.sum((y - t) ** 2, axis=-1))


def slope(z):
    inner = np.sqrt(2 / np.pi) * (z + 0.044715 * z**3)
    t = jnp.tanh(inner)
    return 0.5 * (1 + t) + 0.5 * z * (1 - t**2) * np.sqrt(2 / np.pi) * (1 + 3 * 0.044715 * z**2)


def one(z1):
    return jnp.ones_like(z1)


NETWORK = Network(
    "MLP, gelu",
    forward,
    PRIMALS,
    {
        **TABLE,
        "h1": lambda z1: jax.nn.gelu(z1),
        "h2": lambda z2: jax.nn.gelu(z2),
        "slope1": lambda z1: slope(z1),
        "slope2": lambda z2: slope(z2),
    },
    mistakes(
        ("no derivative in layer 1", "missing factor", "slope1", one),
        ("no derivative in layer 2", "missing factor", "slope2", one),
        ("no derivative", "missing factor", "slope1", one, "slope2", one),
        (
            "derivative twice",
            "extra factor|extra term",
            "slope1",
            lambda z1: slope(z1) ** 2,
            "slope2",
            lambda z2: slope(z2) ** 2,
        ),
        ("derivative twice in layer 2", "extra factor|extra term", "slope2", lambda z2: slope(z2) ** 2),
        ("derivative at the output", "wrong residual", "slope2", lambda h2: slope(h2)),
        ("derivative of the wrong layer", "wrong residual", "slope1", lambda z2: slope(z2)),
    ),
)
