"""An affine layer, batch norm with scale and shift, relu, another layer."""

import jax
import jax.numpy as jnp
from mistakes.network import Network, mistakes, normal


def forward(x, W, gamma, beta, V):
    z = x @ W
    n = (z - z.mean(0)) / jnp.sqrt(z.var(0) + 1e-3)
    return jax.nn.relu(n * gamma + beta) @ V


def zero(n):
    return 0 * n


NETWORK = Network(
    "batch norm",
    forward,
    normal((6, 3), (3, 4), (4,), (4,), (4, 4), seed=11),
    {
        "z": lambda x, W: x @ W,
        "sigma": lambda z: jnp.sqrt(((z - z.mean(0)) ** 2).mean(0) + 1e-3),
        "n": lambda z, sigma: (z - z.mean(0)) / sigma,
        "u": lambda n, gamma, beta: n * gamma + beta,
        "h": lambda u: jnp.maximum(u, 0),
        "h_bar": lambda y_bar, V: y_bar @ V.T,
        "u_bar": lambda u, h_bar: jnp.where(u > 0, h_bar, 0),
        "n_bar": lambda u_bar, gamma: u_bar * gamma,
        "mean": lambda n_bar: n_bar.mean(0, keepdims=True),
        "projection": lambda n, n_bar: n * (n_bar * n).mean(0, keepdims=True),
        "z_bar": lambda n_bar, mean, projection, sigma: (n_bar - mean - projection) / sigma,
        "x_bar": lambda z_bar, W: z_bar @ W.T,
        "W_bar": lambda x, z_bar: x.T @ z_bar,
        "gamma_bar": lambda u_bar, n: (u_bar * n).sum(0),
        "beta_bar": lambda u_bar: u_bar.sum(0),
        "V_bar": lambda h, y_bar: h.T @ y_bar,
    },
    mistakes(
        ("V not transposed", "transposed", "h_bar", lambda y_bar, V: y_bar @ V),
        ("no relu′", "missing factor", "u_bar", lambda h_bar: h_bar),
        ("relu′ at n", "wrong residual", "u_bar", lambda n, h_bar: jnp.where(n > 0, h_bar, 0)),
        ("no γ", "missing factor", "n_bar", lambda u_bar: u_bar),
        (
            "means over the features",
            "wrong axis",
            "mean",
            lambda n_bar: n_bar.mean(1, keepdims=True),
            "projection",
            lambda n, n_bar: n * (n_bar * n).mean(1, keepdims=True),
        ),
        ("mean constant", "missing term", "mean", zero),
        ("variance constant", "missing term", "projection", zero),
        ("statistics constant", "missing term", "mean", zero, "projection", zero),
        ("projection added", "sign", "projection", lambda n, n_bar: -n * (n_bar * n).mean(0, keepdims=True)),
        ("N − 1", "factor", "projection", lambda n, n_bar: n * (n_bar * n).sum(0, keepdims=True) / (len(n) - 1)),
        ("no 1/σ", "missing factor", "z_bar", lambda n_bar, mean, projection: n_bar - mean - projection),
        ("γ̄ at z", "wrong residual", "gamma_bar", lambda u_bar, z: (u_bar * z).sum(0)),
        ("β̄ averaged", "factor", "beta_bar", lambda u_bar: u_bar.mean(0)),
        ("V̄ at u", "wrong residual", "V_bar", lambda u, y_bar: u.T @ y_bar),
    ),
)
