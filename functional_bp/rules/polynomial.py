"""A polynomial activation with coefficients of its own."""

import jax.numpy as jnp
from jaxtyping import Array, Float

from functional_bp.jacobians import BlockRow, Broadcast, Dense, Diagonal

__all__ = ["polynomial"]


def polynomial(
    coefficients: Float[Array, " k"], z: Float[Array, "*batch n"]
) -> tuple[Float[Array, "*batch n"], BlockRow]:
    """y_i = Σ_k c_k z_i^k;  ∂y_i/∂z_i = Σ_k k c_k z_i^(k−1),  ∂y_i/∂c_k = z_i^k.

    The coefficients begin with c_0 and are shared by all components and the batch. Returns y and J with
    `y_bar @ J` = (c̄ "k", z̄ "*batch n"). Smooth everywhere. Source: lectures, claim D10 (and C12: z²).

    Raises ValueError unless coefficients is a vector with at least one entry.
    """
    if coefficients.ndim != 1 or not coefficients.size:
        raise ValueError(f"polynomial: coefficients must have shape (k,), k ≥ 1, got {coefficients.shape}")
    degree = jnp.arange(1, coefficients.size, dtype=z.dtype)
    y = horner(coefficients, z)
    slope = horner(degree * coefficients[1:], z)
    ones = jnp.ones_like(z)[..., None]
    repeated = jnp.broadcast_to(z[..., None], (*z.shape, coefficients.size - 1))
    powers = jnp.cumprod(jnp.concatenate([ones, repeated], -1), -1)
    J_c = Dense(powers) @ Broadcast(z.shape[:-1], coefficients.shape)
    return y, BlockRow((J_c, Diagonal(slope)))


def horner(coefficients: Float[Array, " k"], z: Float[Array, "*batch n"]) -> Float[Array, "*batch n"]:
    """c_0 + z (c_1 + z (c_2 + …)): a zero coefficient never meets an overflowing power."""
    y = jnp.zeros_like(z)
    for c in coefficients[::-1]:
        y = y * z + jnp.broadcast_to(c, z.shape)
    return y
