"""Normalisation of each example: y is x with its mean and length taken out, then scaled by a gain."""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from functional_bp.jacobians import BlockRow, Broadcast, Diagonal, Elementwise, Standardised
from functional_bp.jacobians.standardised import in_groups, mean

__all__ = ["GainParams", "group_norm", "l2_normalise", "layer_norm", "rms_norm"]

Vector = Float[Array, "*batch n"]


class GainParams(NamedTuple):
    """The gain g[n] and the bias b[n] of a norm."""

    gain: Float[Array, " n"]
    bias: Float[Array, " n"]


def layer_norm(params: GainParams, x: Vector, eps: float = 1e-5) -> tuple[Vector, BlockRow]:
    """y = g ⊙ x̂ + b with x̂ = (x − mean x)/√(var x + ε);  ∂y/∂g = diag(x̂), ∂y/∂b = I, ∂y/∂x = diag(g) ∂x̂/∂x.

    ∂x̂/∂x = (I − 1/n − x̂x̂ᵀ/n)/√(var x + ε). J holds x̂ and one number an example. A row of equal numbers gives b.
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
    x_hat, J = standardised(x, eps, True, axes, groups)
    by_gain, by_bias = Elementwise(x_hat, itself), Broadcast(x.shape[:-1], x.shape[-1:])
    J_params = GainParams(by_gain @ by_bias, by_bias)  # pyright: ignore[reportArgumentType]
    y = along(params.gain, x) * x_hat + along(params.bias, x)
    return y, BlockRow((J_params, Diagonal(params.gain, x.shape[:-1]) @ J))


def rms_norm(gain: Float[Array, " n"], x: Vector, eps: float = 1e-5) -> tuple[Vector, BlockRow]:
    """y = g ⊙ x̂ with x̂ = x/√(mean x² + ε);  ∂y/∂g = diag(x̂), ∂y/∂x = diag(g) (I − x̂x̂ᵀ/n)/√(mean x² + ε).

    J holds x̂ and one number an example. Raises ValueError if the gain does not fit. Smooth for ε > 0.
    Source: Zhang & Sennrich 2019, arXiv:1910.07467.
    """
    check_fit("rms_norm", x, gain)
    x_hat, J = standardised(x, eps, False, 1, 1)
    by_gain = Elementwise(x_hat, itself) @ Broadcast(x.shape[:-1], x.shape[-1:])
    return along(gain, x) * x_hat, BlockRow((by_gain, Diagonal(gain, x.shape[:-1]) @ J))


def l2_normalise(x: Vector, eps: float = 1e-12) -> tuple[Vector, Any]:
    """y = x/√(Σ x² + ε);  J = (I − y yᵀ)/√(Σ x² + ε).

    Smooth for ε > 0; 0 gives 0.
    """
    n = max(x.shape[-1], 1)
    x_hat, J = standardised(x, eps / n, False, 1, 1)
    return x_hat * n**-0.5, Diagonal(jnp.full(x.shape[-1:], n**-0.5, x.dtype), x.shape[:-1]) @ J


def standardised(x: Array, eps: float, centred: bool, axes: int, groups: int) -> tuple[Array, Standardised]:
    parts = in_groups(x, groups)
    parts = parts - mean(parts, axes) if centred else parts
    rate = jax.lax.rsqrt(mean(parts**2, axes) + eps)
    x_hat = (parts * rate).reshape(x.shape)
    return x_hat, Standardised(x_hat, rate, centred, axes, groups)


def along(shared: Float[Array, " n"], x: Vector) -> Vector:
    return jnp.broadcast_to(shared, x.shape)


def itself(x: Array) -> Array:
    return x


def check_fit(rule: str, x: Array, *shared: Array) -> None:
    for a in shared:
        if x.ndim == 0 or a.shape != x.shape[-1:]:
            raise ValueError(f"{rule}: gain and bias must have shape {x.shape[-1:]}, as x {x.shape}; got {a.shape}")
