"""Softmax and its logarithm, over the last axis."""

import jax.numpy as jnp
from jaxtyping import Array, Float

from functional_bp.jacobians import DiagonalMinusOuter, IdentityMinusRows, RowVector

__all__ = ["log_softmax", "logsumexp", "softmax"]

Vector = Float[Array, "*batch n"]


def softmax(z: Vector) -> tuple[Vector, DiagonalMinusOuter]:
    """y_j = e^z_j / Σ_k e^z_k;  J = diag(y) − y yᵀ.

    Shifted by the maximum, which changes nothing (softmax is invariant under shifts) and never overflows.
    Smooth everywhere. Source: lectures, claims D2-D4.
    """
    e = jnp.exp(z - z.max(-1, keepdims=True, initial=-jnp.inf))
    y = e / e.sum(-1, keepdims=True)
    return y, DiagonalMinusOuter(y)


def log_softmax(z: Vector) -> tuple[Vector, IdentityMinusRows]:
    """y_j = z_j − log Σ_k e^z_k;  J = I − 1 softmax(z)ᵀ.

    Shifted by the maximum: finite wherever z is. Smooth everywhere.
    """
    shifted = z - z.max(-1, keepdims=True, initial=-jnp.inf)
    e = jnp.exp(shifted)
    total = e.sum(-1, keepdims=True)
    return shifted - jnp.log(total), IdentityMinusRows(e / total)


def logsumexp(z: Vector) -> tuple[Float[Array, "*batch"], RowVector]:
    """y = log Σ_k e^z_k;  J = softmax(z), a row.

    Shifted by the maximum: finite wherever z is; −∞ of no numbers. Smooth everywhere.
    """
    top = z.max(-1, keepdims=True, initial=-jnp.inf)
    e = jnp.exp(z - top)
    total = e.sum(-1, keepdims=True)
    return (top + jnp.log(total))[..., 0], RowVector(e / total)
