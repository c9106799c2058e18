"""Layer norm with scale and shift, an affine layer, tanh."""

import jax.numpy as jnp
from mistakes.network import Network, mistakes, normal


def forward(x, gamma, beta, W):
    mu = x.mean(-1, keepdims=True)
    var = ((x - mu) ** 2).mean(-1, keepdims=True)
    n = (x - mu) / jnp.sqrt(var + 1e-5)
    return jnp.tanh((n * gamma + beta) @ W)


def zero(n):
    return 0 * n


NETWORK = Network(
    "layer norm + affine",
    forward,
    normal((6, 5), (5,), (5,), (5, 5), seed=2),
    {
        "centred": lambda x: x - x.mean(-1, keepdims=True),
        "sigma": lambda centred: jnp.sqrt((centred**2).mean(-1, keepdims=True) + 1e-5),
        "n": lambda centred, sigma: centred / sigma,
        "h": lambda n, gamma, beta: n * gamma + beta,
        "y": lambda h, W: jnp.tanh(h @ W),
        "z_bar": lambda y_bar, y: y_bar * (1 - y**2),
        "h_bar": lambda z_bar, W: z_bar @ W.T,
        "n_bar": lambda h_bar, gamma: h_bar * gamma,
        "mean": lambda n_bar: n_bar.mean(-1, keepdims=True),
        "projection": lambda n, n_bar: n * (n_bar * n).mean(-1, keepdims=True),
        "x_bar": lambda n_bar, mean, projection, sigma: (n_bar - mean - projection) / sigma,
        "gamma_bar": lambda h_bar, n: (h_bar * n).sum(0),
        "beta_bar": lambda h_bar: h_bar.sum(0),
        "W_bar": lambda h, z_bar: h.T @ z_bar,
    },
    mistakes(
        ("no derivative", "missing factor", "z_bar", lambda y_bar: y_bar),
        ("W not transposed", "transposed", "h_bar", lambda z_bar, W: z_bar @ W),
        ("no γ", "missing factor", "n_bar", lambda h_bar: h_bar),
        (
            "means over the batch",
            "wrong axis",
            "mean",
            lambda n_bar: n_bar.mean(0, keepdims=True),
            "projection",
            lambda n, n_bar: n * (n_bar * n).mean(0, keepdims=True),
        ),
        ("no mean term", "missing term", "mean", zero),
        ("no projection", "missing term", "projection", zero),
        ("statistics constant", "missing term", "mean", zero, "projection", zero),
        ("projection added", "sign", "projection", lambda n, n_bar: -n * (n_bar * n).mean(-1, keepdims=True)),
        ("N − 1", "factor", "projection", lambda n, n_bar: n * (n_bar * n).sum(-1, keepdims=True) / 4),
        ("no 1/σ", "missing factor", "x_bar", lambda n_bar, mean, projection: n_bar - mean - projection),
        (
            "1/σ²",
            "extra factor",
            "x_bar",
            lambda n_bar, mean, projection, sigma: (n_bar - mean - projection) / sigma**2,
        ),
        ("γ̄ at x", "wrong residual", "gamma_bar", lambda h_bar, x: (h_bar * x).sum(0)),
        ("β̄ averaged", "factor", "beta_bar", lambda h_bar: h_bar.mean(0)),
        ("W̄ at n", "wrong residual", "W_bar", lambda n, z_bar: n.T @ z_bar),
    ),
)
