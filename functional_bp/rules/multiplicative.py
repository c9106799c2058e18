"""Multiplicative layers: products of pairs, and products of powers."""

import jax.numpy as jnp
from jaxtyping import Array, Float

from functional_bp.jacobians import BlockRow, Broadcast, Dense, OwnColumn, PairProduct

__all__ = ["pair_product", "power_product"]


def pair_product(z: Float[Array, "*batch n"]) -> tuple[Float[Array, "*batch n//2"], PairProduct]:
    """y_i = z_2i−1 z_2i;  ∂y_i/∂z_2i−1 = z_2i,  ∂y_i/∂z_2i = z_2i−1, every other derivative 0.

    Raises ValueError for an odd number of inputs. Smooth everywhere. Source: lectures, claims D5 and D6.
    """
    if z.ndim == 0 or z.shape[-1] % 2:
        raise ValueError(f"pair_product: z must have shape (*batch, 2m), an even number, got {z.shape}")
    pairs = z.reshape(*z.shape[:-1], z.shape[-1] // 2, 2)
    return pairs[..., 0] * pairs[..., 1], PairProduct(pairs[..., ::-1])


def power_product(alpha: Float[Array, "n m"], z: Float[Array, "*batch n"]) -> tuple[Float[Array, "*batch m"], BlockRow]:
    """y_i = Π_l z_l^α_li;  ∂y_i/∂z_j = α_ji z_j^(α_ji − 1) Π_l≠j z_l^α_li,  ∂y_i/∂α_ji = y_i log z_j.

    Returns y and J with `y_bar @ J` = (ᾱ "n m" summed over the batch, z̄ "*batch n"). The products over l ≠ j
    are formed without division, so a zero base is exact, and a negative one is at integer exponents.

    Where the real function does not exist, neither does a number: y and its derivatives are NaN for z_l < 0 and
    a fractional exponent; so is ∂y/∂α_ji for z_j < 0 (z^α is real at isolated α only) and for z_j = 0 with
    α_ji ≤ 0; with α_ji > 0 it is 0 there, the limit of z^α log z.

    Raises ValueError if alpha and z do not fit. Source: lectures, claim D8.
    """
    if alpha.ndim != 2 or z.ndim == 0 or z.shape[-1] != alpha.shape[0]:
        raise ValueError(f"power_product: alpha (n, m) and z (*batch, n) do not fit: {alpha.shape}, {z.shape}")
    shape = (*z.shape, alpha.shape[1])
    base = jnp.broadcast_to(z[..., None], shape)
    exponent = jnp.broadcast_to(alpha, shape)
    power = base**exponent
    others = product_of_others(power)
    # a zero exponent gives a constant, whatever the base: no 0 · 0⁻¹
    slope = jnp.where(exponent == 0, jnp.zeros_like(base), exponent * base ** (exponent - 1))
    log_of_zero = jnp.where(exponent > 0, jnp.zeros_like(base), jnp.full_like(base, jnp.nan))
    log_base = jnp.where(base == 0, log_of_zero, jnp.log(base))
    J_z = Dense(jnp.swapaxes(slope * others, -1, -2))
    J_alpha = OwnColumn(power * log_base * others) @ Broadcast(z.shape[:-1], alpha.shape)
    return power.prod(-2), BlockRow((J_alpha, J_z))


def product_of_others(factors: Float[Array, "*batch n m"]) -> Float[Array, "*batch n m"]:
    """Π_l≠j factors_l along the n-axis for each j: the product before j times the product after it."""
    one = jnp.ones_like(factors[..., :1, :])
    before = jnp.cumprod(jnp.concatenate([one, factors[..., :-1, :]], -2), -2)
    after = jnp.cumprod(jnp.concatenate([one, factors[..., :0:-1, :]], -2), -2)
    return before * after[..., ::-1, :]
