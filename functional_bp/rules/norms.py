"""Normalisation of each example: y is x with its mean and length taken out, then scaled by a gain."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from functional_bp.jacobians import BlockRow, Broadcast, ByGain, Standardised
from functional_bp.jacobians.standardised import group_means, spread

__all__ = ["GainParams", "group_norm", "l2_normalise", "layer_norm", "rms_norm"]

Vector = Float[Array, "*batch n"]


class GainParams(NamedTuple):
    """The gain g[n] and the bias b[n] of a norm."""

    gain: Float[Array, " n"]
    bias: Float[Array, " n"]


def layer_norm(params: GainParams, x: Vector, eps: float = 1e-5) -> tuple[Vector, BlockRow]:
    """y = g ⊙ x̂ + b with x̂ = (x − mean x)/√(var x + ε);  ∂y/∂g = diag(x̂), ∂y/∂b = I, ∂y/∂x = diag(g) ∂x̂/∂x.

    ∂x̂/∂x = (I − 1/n − x̂x̂ᵀ/n)/√(var x + ε). J holds x and two numbers an example. A row of equal numbers gives b.
    Raises ValueError if the parameters do not fit. Smooth for ε > 0. Source: Ba et al. 2016, arXiv:1607.06450.
    """
    return group_norm(params, x, 1, eps=eps)


def group_norm(params: GainParams, x: Vector, groups: int, axes: int = 1, eps: float = 1e-5) -> tuple[Vector, BlockRow]:
    """y = g ⊙ x̂ + b, x̂ standardised in each of `groups` parts of the channels;  ∂y/∂x = diag(g) ∂x̂/∂x.

    The channels come last; an example has `axes` axes (3 for an image), and the mean and variance are over all but
    the groups. Raises ValueError if the groups do not divide the channels. Source: Wu & He 2018, arXiv:1803.08494.
    """
    check_fit("group_norm" if groups > 1 else "layer_norm", x, *params)
    if groups < 1 or x.shape[-1] % groups:
        raise ValueError(f"group_norm: {groups} groups do not divide {x.shape[-1]} channels")
    y, J = standardised(params.gain, x, eps, True, axes, groups)
    by_params = GainParams(ByGain(J), Broadcast(x.shape[:-1], x.shape[-1:]))  # pyright: ignore[reportArgumentType]
    return y + along(params.bias, x), BlockRow((by_params, J))


def rms_norm(gain: Float[Array, " n"], x: Vector, eps: float = 1e-5) -> tuple[Vector, BlockRow]:
    """y = g ⊙ x̂ with x̂ = x/√(mean x² + ε);  ∂y/∂g = diag(x̂), ∂y/∂x = diag(g) (I − x̂x̂ᵀ/n)/√(mean x² + ε).

    J holds x and one number an example. Raises ValueError if the gain does not fit. Smooth for ε > 0.
    Source: Zhang & Sennrich 2019, arXiv:1910.07467.
    """
    check_fit("rms_norm", x, gain)
    y, J = standardised(gain, x, eps, False)
    return y, BlockRow((ByGain(J), J))


def l2_normalise(x: Vector, eps: float = 1e-12) -> tuple[Vector, Standardised]:
    """y = x/√(Σ x² + ε);  J = (I − y yᵀ)/√(Σ x² + ε).

    Smooth for ε > 0; 0 gives 0.
    """
    n = max(x.shape[-1], 1)
    return standardised(jnp.full(x.shape[-1:], n**-0.5, x.dtype), x, eps / n, False)


def standardised(
    gain: Array, x: Array, eps: float, centred: bool, axes: int = 1, groups: int = 1
) -> tuple[Array, Standardised]:
    """g ⊙ x̂."""
    middle = group_means(x, groups, axes) if centred else None
    parts = x if middle is None else x - spread(middle, x)
    rate = jax.lax.rsqrt(group_means(parts**2, groups, axes) + eps)
    return along(gain, x) * (parts * spread(rate, x)), Standardised(x, middle, rate, gain, axes)


def along(shared: Float[Array, " n"], x: Vector) -> Vector:
    return jnp.broadcast_to(shared, x.shape)


def check_fit(rule: str, x: Array, *shared: Array) -> None:
    for a in shared:
        if x.ndim == 0 or a.shape != x.shape[-1:]:
            raise ValueError(f"{rule}: gain and bias must have shape {x.shape[-1:]}, as x {x.shape}; got {a.shape}")
