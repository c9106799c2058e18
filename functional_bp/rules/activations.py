"""Scalar activations y_i = f(z_i): the Jacobian is diag(f′(z_1), …, f′(z_n)).

At a kink `at_kink` chooses the value of f′; by default it is what JAX's own function of that name gives.
"""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from functional_bp.jacobians import Diagonal, Identity

__all__ = ["absolute", "identity", "leaky_relu", "randomised_leaky_relu", "relu", "sigmoid", "step", "tanh"]

Vector = Float[Array, "*batch n"]


def identity(z: Vector) -> tuple[Vector, Identity]:
    """y = z;  J = I. Source: lectures, claim C7."""
    return z, Identity(z.shape[-1:], z.shape[:-1])


def sigmoid(z: Vector) -> tuple[Vector, Diagonal]:
    """y = σ(z) = 1/(1 + e^−z);  J = diag(y (1 − y)).

    Written in e^−|z|, which never overflows: y keeps its relative precision at any z. J holds y alone, as JAX
    does, so that f′ is precise where y is small and 0 where y rounds to 1; `sigmoid_binary_nll` is precise at both.
    Smooth everywhere. Source: lectures, claim C6.
    """
    e = jnp.exp(-jnp.abs(z))
    y = jnp.where(z >= 0, jnp.ones_like(e), e) / (1 + e)
    return y, Diagonal(y * (1 - y))


def tanh(z: Vector) -> tuple[Vector, Diagonal]:
    """y = tanh z;  J = diag(1 − y²) = diag((1 − y)(1 + y)). Source: lectures, claim C8."""
    y = jnp.tanh(z)
    return y, Diagonal((1 - y) * (1 + y))


def step(z: Vector, at_kink: float = 0.0) -> tuple[Vector, Diagonal]:
    """y = 1 if z ≥ 0 else 0;  J = diag(0).

    At the jump z = 0 no subgradient exists (the Clarke interval is unbounded: [0, ∞)); `at_kink` is what
    is put there. Source: lectures, claim C1.
    """
    y = jnp.where(jnp.isnan(z), z, (z >= 0).astype(z.dtype))
    return y, Diagonal(slopes(z, 0.0, 0.0, at_kink))


def relu(z: Vector, at_kink: float = 0.0) -> tuple[Vector, Diagonal]:
    """y = max(z, 0);  J = diag(1 if z > 0 else 0).

    At z = 0 the Clarke interval is [0, 1]: JAX takes 0 (the default), the lectures 1.
    Source: lectures, claims C2-C5.
    """
    return jnp.maximum(z, 0), Diagonal(slopes(z, 0.0, 1.0, at_kink))


def leaky_relu(z: Vector, slope: float = 0.01, at_kink: float = 1.0) -> tuple[Vector, Diagonal]:
    """y = z if z ≥ 0 else αz;  J = diag(1 if z > 0 else α), α the slope.

    At z = 0 the Clarke interval is [α, 1] (for α ≤ 1); JAX takes 1. Source: lectures, claim C13.
    """
    return jnp.where(z >= 0, z, slope * z), Diagonal(slopes(z, slope, 1.0, at_kink))


def randomised_leaky_relu(
    z: Vector,
    key: PRNGKeyArray | None = None,
    lower: float = 1 / 8,
    upper: float = 1 / 3,
    at_kink: float = 1.0,
) -> tuple[Vector, Diagonal]:
    """y = z if z ≥ 0 else αz, α uniform on [lower, upper] for each component;  J = diag(1 if z > 0 else α).

    Without a key (evaluation) α is the mean of the two. At z = 0 the Clarke interval is [α, 1] (for α ≤ 1).
    Source: lectures, claim C13; the interval is that of Xu et al. 2015, arXiv:1505.00853.
    """
    if key is None:
        slope = jnp.full_like(z, (lower + upper) / 2)
    else:
        slope = jax.random.uniform(key, z.shape, z.dtype, lower, upper)
    return jnp.where(z >= 0, z, slope * z), Diagonal(slopes(z, slope, 1.0, at_kink))


def absolute(z: Vector, at_kink: float = 1.0) -> tuple[Vector, Diagonal]:
    """y = |z|;  J = diag(sign z).

    At z = 0 the Clarke interval is [−1, 1]; JAX and the lectures take 1. Source: lectures, claim C11.
    """
    return jnp.abs(z), Diagonal(slopes(z, -1.0, 1.0, at_kink))


def slopes(z: Vector, below: float | Vector, above: float, at_kink: float) -> Vector:
    """f′ of a function with one kink, at 0; NaN where z is NaN, so that a fault does not vanish here."""
    below = jnp.broadcast_to(jnp.asarray(below, z.dtype), z.shape)
    at_or_nan = jnp.where(jnp.isnan(z), z, jnp.full_like(z, at_kink))
    return jnp.where(z > 0, jnp.full_like(z, above), jnp.where(z < 0, below, at_or_nan))
