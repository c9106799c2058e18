"""z = W y + b."""

from typing import NamedTuple

import jax.numpy as jnp
from jaxtyping import Array, Float

from functional_bp.jacobians import BlockRow, Broadcast, Dense, Outer

__all__ = ["AffineParams", "affine"]


class AffineParams(NamedTuple):
    """W[out, in] and b[out]; also the shape in which their Jacobians, tangents and cotangents come."""

    W: Float[Array, "m n"]
    b: Float[Array, " m"]


def affine(params: AffineParams, y: Float[Array, "*batch n"]) -> tuple[Float[Array, "*batch m"], BlockRow]:
    """z = W y + b;  ∂z/∂W: z̄ ↦ z̄ᵀ yᵀ,  ∂z/∂b = I,  ∂z/∂y = W.

    Returns z "*batch m" and J with `z_bar @ J` = (AffineParams(W̄ "m n", b̄ "m"), ȳ "*batch n"). The parameters
    are shared by the batch, so W̄ = Σ z̄ yᵀ and b̄ = Σ z̄ sum over it, each in one operation.

    Raises ValueError if W, b and y do not fit. Smooth everywhere. Source: lectures, claims B1-B12.
    """
    W, b = params
    m, _ = check_shapes(W, b, y)
    z = jnp.einsum("mn,...n->...m", W, y)
    z = z + jnp.broadcast_to(b, z.shape)
    J_params = AffineParams(Outer(y, m), Broadcast(y.shape[:-1], (m,)))  # pyright: ignore[reportArgumentType]
    return z, BlockRow((J_params, Dense(W, y.shape[:-1])))


def check_shapes(W: Array, b: Array, y: Array) -> tuple[int, int]:
    """(m, n), or a ValueError that names the part that does not fit."""
    if W.ndim != 2:
        raise ValueError(f"affine: W must have shape (out, in), got {W.shape}")
    m, n = W.shape
    if b.shape != (m,):
        raise ValueError(f"affine: b must have shape ({m},), one number a row of W {W.shape}, got {b.shape}")
    if y.ndim == 0 or y.shape[-1] != n:
        raise ValueError(f"affine: y must have shape (*batch, {n}) for W {W.shape}, got {y.shape}")
    return m, n
