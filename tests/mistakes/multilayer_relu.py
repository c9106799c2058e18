"""Half the mean over the batch of |y − t|², y of three layers with relu."""

import jax
import jax.numpy as jnp
from mistakes.network import Network, mistakes, normal


def forward(params, x, t):
    (W1, b1), (W2, b2), (W3, b3) = params
    h1 = jax.nn.relu(x @ W1 + b1)
    h2 = jax.nn.relu(h1 @ W2 + b2)
    y = h2 @ W3 + b3
    return 0.5 * jnp.mean(jnp.sum((y - t) ** 2, axis=-1))


def positive(z):
    return (z > 0).astype(z.dtype)


W1, b1, W2, b2, W3, b3, x, t = normal((5, 5), (5,), (5, 5), (5,), (5, 3), (3,), (6, 5), (6, 3), seed=1)
PRIMALS = (((W1, b1), (W2, b2), (W3, b3)), x, t)
TABLE = {
    **{f"{name}{i + 1}": lambda params, i=i, j=j: params[i][j] for i in range(3) for j, name in enumerate("Wb")},
    "z1": lambda x, W1, b1: x @ W1 + b1,
    "h1": lambda z1: jnp.maximum(z1, 0),
    "z2": lambda h1, W2, b2: h1 @ W2 + b2,
    "h2": lambda z2: jnp.maximum(z2, 0),
    "y": lambda h2, W3, b3: h2 @ W3 + b3,
    "slope1": lambda z1: positive(z1),
    "slope2": lambda z2: positive(z2),
    "loss_bar": lambda y_bar, y, t: y_bar * (y - t) / len(y),
    "W3_bar": lambda h2, loss_bar: h2.T @ loss_bar,
    "z2_bar": lambda loss_bar, W3, slope2: loss_bar @ W3.T * slope2,
    "W2_bar": lambda h1, z2_bar: h1.T @ z2_bar,
    "h1_bar": lambda z2_bar, W2: z2_bar @ W2.T,
    "z1_bar": lambda h1_bar, slope1: h1_bar * slope1,
    "W1_bar": lambda x, z1_bar: x.T @ z1_bar,
    "b2_bar": lambda z2_bar: z2_bar.sum(0),
    "t_bar": lambda loss_bar: -loss_bar,
    "params_bar": lambda W1_bar, z1_bar, W2_bar, b2_bar, W3_bar, loss_bar: (
        (W1_bar, z1_bar.sum(0)),
        (W2_bar, b2_bar),
        (W3_bar, loss_bar.sum(0)),
    ),
    "x_bar": lambda z1_bar, W1: z1_bar @ W1.T,
}


def one(z1):
    return jnp.ones_like(z1)


NETWORK = Network(
    "MLP, relu",
    forward,
    PRIMALS,
    TABLE,
    mistakes(
        ("no derivative in layer 1", "missing factor", "slope1", lambda z1: jnp.ones_like(z1)),
        ("no derivative in layer 2", "missing factor", "slope2", lambda z2: jnp.ones_like(z2)),
        ("no derivative", "missing factor", "slope1", one, "slope2", one),
        ("derivative of the wrong layer", "wrong residual", "slope1", lambda z2: positive(z2)),
        ("no 1/N", "factor", "loss_bar", lambda y_bar, y, t: y_bar * (y - t)),
        ("W̄3 at z2", "wrong residual", "W3_bar", lambda z2, loss_bar: z2.T @ loss_bar),
        ("W̄2 at z1", "wrong residual", "W2_bar", lambda z1, z2_bar: z1.T @ z2_bar),
        ("W̄2 at x", "wrong residual", "W2_bar", lambda x, z2_bar: x.T @ z2_bar),
        ("W2 not transposed", "transposed", "h1_bar", lambda z2_bar, W2: z2_bar @ W2),
        ("W1 for W2", "wrong residual", "h1_bar", lambda z2_bar, W1: z2_bar @ W1.T),
        ("sign in layer 1", "sign", "z1_bar", lambda h1_bar, slope1: -h1_bar * slope1),
        (
            "W̄1 and W̄2 swapped",
            "swapped",
            "params_bar",
            lambda W1_bar, z1_bar, W2_bar, b2_bar, W3_bar, loss_bar: (
                (W2_bar, z1_bar.sum(0)),
                (W1_bar, b2_bar),
                (W3_bar, loss_bar.sum(0)),
            ),
        ),
        ("b̄2 averaged", "factor", "b2_bar", lambda z2_bar: z2_bar.mean(0)),
        ("t̄ forgotten", "missing term", "t_bar", lambda t: jnp.zeros_like(t)),
    ),
)
