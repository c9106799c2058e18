"""silu(yₖ) with yₖ = Σ aᵢ Aᵢⱼₖ bⱼ, for each row."""

import jax
import jax.numpy as jnp
from mistakes.network import Network, mistakes, normal


def forward(a, A, b):
    y = jnp.einsum("ni,ijk,nj->nk", a, A, b)
    return jax.nn.silu(y)


def sigmoid(z):
    return 1 / (1 + jnp.exp(-z))


def silu_slope(z):
    return sigmoid(z) * (1 + z * (1 - sigmoid(z)))


NETWORK = Network(
    "bilinear form + silu",
    forward,
    normal((5, 4), (4, 4, 3), (5, 4), seed=10),
    {
        "y": lambda a, A, b: jnp.einsum("ni,ijk,nj->nk", a, A, b),
        "slope": lambda y: silu_slope(y),
        "g": lambda y_bar, slope: y_bar * slope,
        "a_bar": lambda g, A, b: jnp.einsum("nk,ijk,nj->ni", g, A, b),
        "A_bar": lambda g, a, b: jnp.einsum("nk,ni,nj->ijk", g, a, b),
        "b_bar": lambda g, A, a: jnp.einsum("nk,ijk,ni->nj", g, A, a),
    },
    mistakes(
        ("no derivative", "missing factor", "slope", lambda y: jnp.ones_like(y)),
        ("sigmoid alone", "missing term", "slope", lambda y: sigmoid(y)),
        ("derivative twice", "extra factor", "slope", lambda y: silu_slope(y) ** 2),
        ("sign", "sign", "slope", lambda y: -silu_slope(y)),
        ("A transposed for ā", "transposed", "a_bar", lambda g, A, b: jnp.einsum("nk,jik,nj->ni", g, A, b)),
        ("A transposed for b̄", "transposed", "b_bar", lambda g, A, a: jnp.einsum("nk,jik,ni->nj", g, A, a)),
        ("ā at a", "wrong residual", "a_bar", lambda g, A, a: jnp.einsum("nk,ijk,nj->ni", g, A, a)),
        ("Ā at a twice", "wrong residual", "A_bar", lambda g, a: jnp.einsum("nk,ni,nj->ijk", g, a, a)),
        ("Ā averaged", "factor", "A_bar", lambda g, a, b: jnp.einsum("nk,ni,nj->ijk", g, a, b) / len(a)),
    ),
)
