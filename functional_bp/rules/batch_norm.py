"""Batch normalisation: every example's output depends on all others, and the running statistics are read off J."""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from functional_bp.jacobians import BatchNormalised, BlockRow, Broadcast, Diagonal, Elementwise, Shape, Zero

__all__ = ["BatchNormParams", "batch_norm"]

Vector = Float[Array, "*batch n"]


class BatchNormParams(NamedTuple):
    """The gain g[n] and the bias b[n], and the running mean and variance, that no gradient changes."""

    gain: Float[Array, " n"]
    bias: Float[Array, " n"]
    mean: Float[Array, " n"]
    variance: Float[Array, " n"]


def batch_norm(params: BatchNormParams, x: Vector, eps: float = 1e-5, key: Any = None) -> tuple[Vector, BlockRow]:
    """y = g ⊙ x̂ + b, x̂ = (x − μ)/√(v + ε);  x̄ = (h̄ − mean h̄ − x̂ mean(h̄ x̂))/√(v + ε), h̄ = ȳ g.

    In training, when there is a key (which is not used), μ and v are the batch's: of each channel, the last axis, over
    all axes before it. J is then that of the whole batch, and holds μ and v for `refreshed`. In evaluation they are the
    running ones, and ∂y/∂x = diag(g/√(v + ε)). A channel of equal numbers gives b. Raises ValueError if the parameters
    do not fit. Smooth for ε > 0. Source: Ioffe & Szegedy 2015, arXiv:1502.03167.
    """
    if x.ndim == 0 or any(p.shape != x.shape[-1:] for p in params):
        raise ValueError(f"batch_norm: each parameter must have shape {x.shape[-1:]}, as x {x.shape}")
    return of_batch(params, x, eps) if key is not None else of_running(params, x, eps)


def of_batch(params: BatchNormParams, x: Vector, eps: float) -> tuple[Vector, BlockRow]:
    batch, core = x.shape[:-1], x.shape[-1:]
    before = tuple(range(len(batch)))
    mean = x.mean(before) if x.size else jnp.zeros(core, x.dtype)
    centred = x - along(mean, x)
    variance = (centred**2).mean(before) if x.size else jnp.zeros(core, x.dtype)
    rate = jax.lax.rsqrt(variance + eps)
    x_hat = centred * along(rate, x)
    by_bias, none = Broadcast(batch, core), Zero(Shape(batch, core, core), x.dtype)
    by_params = BatchNormParams(Elementwise(x_hat, itself) @ by_bias, by_bias, none, none)  # pyright: ignore[reportArgumentType]
    y = along(params.gain, x) * x_hat + along(params.bias, x)
    return y, BlockRow((by_params, BatchNormalised(x_hat, rate, params.gain, mean, variance)))


def of_running(params: BatchNormParams, x: Vector, eps: float) -> tuple[Vector, BlockRow]:
    gain, bias, mean, variance = params
    rate = jax.lax.rsqrt(variance + eps)
    x_hat = (x - along(mean, x)) * along(rate, x)
    shared = Broadcast(x.shape[:-1], x.shape[-1:])
    by_x = Diagonal(gain * rate, x.shape[:-1])
    by_variance = Diagonal(x_hat * along(-0.5 * gain * rate**2, x))
    by_params = BatchNormParams(Elementwise(x_hat, itself) @ shared, shared, -by_x @ shared, by_variance @ shared)  # pyright: ignore[reportArgumentType]
    return along(gain, x) * x_hat + along(bias, x), BlockRow((by_params, by_x))


def along(shared: Array, x: Array) -> Array:
    return jnp.broadcast_to(shared, x.shape)


def itself(x: Array) -> Array:
    return x
