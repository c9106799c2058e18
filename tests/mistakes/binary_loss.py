"""Binary cross-entropy of logits with a weight for the positive class, focal: α (1 − pt)² log pt."""

import jax.numpy as jnp
from mistakes.network import Network, chance, mistakes, normal


def sigmoid(z):
    return 1 / (1 + jnp.exp(-z))


def forward(x, w, t):
    z = x @ w
    p = 1 / (1 + jnp.exp(-z))
    pt = t * p + (1 - t) * (1 - p)
    return -((1 - pt) ** 2 * jnp.log(pt)).mean()


NETWORK = Network(
    "focal loss",
    forward,
    (*normal((7, 4), (4,)), chance(0.5, 7).astype("float32")),
    {
        "p": lambda x, w: sigmoid(x @ w),
        "pt": lambda t, p: t * p + (1 - t) * (1 - p),
        "slope": lambda pt: 2 * (1 - pt) * jnp.log(pt) - (1 - pt) ** 2 / pt,
        "pt_bar": lambda slope, y_bar, t: slope * y_bar / len(t),
        "p_bar": lambda pt_bar, t: pt_bar * (2 * t - 1),
        "t_bar": lambda pt_bar, p: pt_bar * (2 * p - 1),
        "z_bar": lambda p_bar, p: p_bar * p * (1 - p),
        "x_bar": lambda z_bar, w: z_bar[:, None] * w,
        "w_bar": lambda x, z_bar: x.T @ z_bar,
    },
    mistakes(
        ("the path through the weight dropped", "missing term", "slope", lambda pt: -((1 - pt) ** 2) / pt),
        ("the path through the logarithm dropped", "missing term", "slope", lambda pt: 2 * (1 - pt) * jnp.log(pt)),
        ("the two added with one sign", "sign", "slope", lambda pt: 2 * (1 - pt) * jnp.log(pt) + (1 - pt) ** 2 / pt),
        ("the exponent's two forgotten", "factor", "slope", lambda pt: (1 - pt) * jnp.log(pt) - (1 - pt) ** 2 / pt),
        (
            "the exponent not lowered",
            "extra factor",
            "slope",
            lambda pt: 2 * (1 - pt) ** 2 * jnp.log(pt) - (1 - pt) ** 2 / pt,
        ),
        ("p for pt", "wrong residual", "slope", lambda p: 2 * (1 - p) * jnp.log(p) - (1 - p) ** 2 / p),
        (
            "the logarithm's derivative forgotten",
            "missing factor",
            "slope",
            lambda pt: 2 * (1 - pt) * jnp.log(pt) - (1 - pt) ** 2,
        ),
        ("negative targets with the wrong sign", "missing factor|sign|mask", "p_bar", lambda pt_bar: pt_bar),
        ("negative targets dropped", "missing term|mask|few elements", "p_bar", lambda pt_bar, t: pt_bar * t),
        ("sigmoid's derivative forgotten", "missing factor", "z_bar", lambda p_bar: p_bar),
        ("sigmoid's derivative twice", "extra factor|extra term", "z_bar", lambda p_bar, p: p_bar * (p * (1 - p)) ** 2),
        ("one factor of sigmoid's derivative", "missing factor|wrong residual", "z_bar", lambda p_bar, p: p_bar * p),
        ("tanh's derivative", "wrong residual|missing factor", "z_bar", lambda p_bar, p: p_bar * (1 - p**2)),
        ("sigmoid of sigmoid", "wrong residual", "z_bar", lambda p_bar, p: p_bar * sigmoid(p) * (1 - sigmoid(p))),
        ("a sum instead of a mean", "factor", "pt_bar", lambda slope, y_bar: slope * y_bar),
        ("the first row only", "missing sum|first row", "w_bar", lambda x, z_bar: x[0] * z_bar[0]),
        ("averaged once more", "factor", "w_bar", lambda x, z_bar: x.T @ z_bar / len(x)),
        ("the target's path dropped", "missing term", "t_bar", lambda pt_bar: 0 * pt_bar),
    ),
)
