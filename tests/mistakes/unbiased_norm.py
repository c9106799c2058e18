"""Batch norm with the variance over n − 1, a scale and a shift, and a gelu in its quick form x σ(1.702 x)."""

import jax
import jax.numpy as jnp
from mistakes.network import Network, mistakes, normal


def forward(x, gamma, beta):
    centred = x - x.mean(0)
    n = centred / jnp.sqrt((centred**2).sum(0) / (len(x) - 1) + 1e-5)
    h = n * gamma + beta
    return h * jax.nn.sigmoid(1.702 * h)


def slope(h, c=1.702):
    s = jax.nn.sigmoid(1.702 * h)
    return s + c * h * s * (1 - s)


NETWORK = Network(
    "batch norm over n − 1",
    forward,
    normal((6, 4), (4,), (4,)),
    {
        "centred": lambda x: x - x.mean(0),
        "count": lambda x: len(x) - 1,
        "sigma": lambda centred, x: jnp.sqrt((centred**2).sum(0) / (len(x) - 1) + 1e-5),
        "n": lambda centred, sigma: centred / sigma,
        "h": lambda n, gamma, beta: n * gamma + beta,
        "h_bar": lambda y_bar, h: y_bar * slope(h),
        "n_bar": lambda h_bar, gamma: h_bar * gamma,
        "mean": lambda n_bar: n_bar.mean(0),
        "projection": lambda n, n_bar, count: n * (n * n_bar).sum(0) / count,
        "x_bar": lambda n_bar, mean, projection, sigma: (n_bar - mean - projection) / sigma,
        "gamma_bar": lambda h_bar, n: (h_bar * n).sum(0),
        "beta_bar": lambda h_bar: h_bar.sum(0),
    },
    mistakes(
        ("n for n − 1", "factor", "count", lambda x: len(x)),
        ("n − 2 for n − 1", "factor", "count", lambda x: len(x) - 2),
        ("n − 1 in the mean too", "factor", "mean", lambda n_bar: n_bar.sum(0) / (len(n_bar) - 1)),
        ("the mean's path dropped", "missing term", "mean", lambda n_bar: 0 * n_bar[0]),
        ("the variance's path dropped", "missing term", "projection", lambda n: 0 * n),
        ("the variance's path added", "sign", "projection", lambda n, n_bar, count: -n * (n * n_bar).sum(0) / count),
        (
            "the variance's path twice",
            "factor|extra term",
            "projection",
            lambda n, n_bar, count: 2 * n * (n * n_bar).sum(0) / count,
        ),
        (
            "not projected on n",
            "missing factor|wrong residual",
            "projection",
            lambda n, n_bar, count: (n * n_bar).sum(0) / count,
        ),
        (
            "projected on the centred",
            "missing factor|wrong residual",
            "projection",
            lambda centred, n, n_bar, count: centred * (n * n_bar).sum(0) / count,
        ),
        ("over the features", "wrong axis", "mean", lambda n_bar: n_bar.mean(1, keepdims=True)),
        ("1/σ forgotten", "missing factor", "x_bar", lambda n_bar, mean, projection: n_bar - mean - projection),
        (
            "1/σ²",
            "extra factor",
            "x_bar",
            lambda n_bar, mean, projection, sigma: (n_bar - mean - projection) / sigma**2,
        ),
        (
            "σ multiplied",
            "inverted|wrong residual|missing factor",
            "x_bar",
            lambda n_bar, mean, projection, sigma: (n_bar - mean - projection) * sigma,
        ),
        ("γ forgotten", "missing factor", "n_bar", lambda h_bar: h_bar),
        ("γ twice", "extra factor", "n_bar", lambda h_bar, gamma: h_bar * gamma**2),
        ("β for γ", "wrong residual", "n_bar", lambda h_bar, beta: h_bar * beta),
        ("γ̄ at x", "wrong residual", "gamma_bar", lambda h_bar, x: (h_bar * x).sum(0)),
        (
            "γ̄ at the centred",
            "wrong residual|missing factor",
            "gamma_bar",
            lambda h_bar, centred: (h_bar * centred).sum(0),
        ),
        ("γ̄ averaged", "factor", "gamma_bar", lambda h_bar, n: (h_bar * n).mean(0)),
        ("β̄ of the first row", "missing sum|first row", "beta_bar", lambda h_bar: h_bar[0]),
        ("γ̄ of the first row", "missing sum|first row", "gamma_bar", lambda h_bar, n: (h_bar * n)[0]),
        ("the gate's path dropped", "missing term", "h_bar", lambda y_bar, h: y_bar * jax.nn.sigmoid(1.702 * h)),
        ("the gate's constant forgotten", "factor|missing factor", "h_bar", lambda y_bar, h: y_bar * slope(h, 1.0)),
        ("at n instead of h", "wrong residual", "h_bar", lambda y_bar, n: y_bar * slope(n)),
        ("gelu forgotten", "missing factor", "h_bar", lambda y_bar: y_bar),
    ),
)
