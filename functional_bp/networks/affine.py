"""z = W y + b as a layer."""

import math
from typing import Any, Literal

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from functional_bp.jacobians import BlockRow
from functional_bp.networks.layer import Layer
from functional_bp.rules import AffineParams, affine

Initializer = Literal["gaussian", "glorot", "he"]


def affine_layer(
    n_in: int, n_out: int, initializer: Initializer = "glorot", scale: float = 0.1, dtype: Any = None
) -> Layer[AffineParams, BlockRow[tuple[AffineParams, Array]]]:
    """z = W y + b with W[n_out, n_in] drawn from a Gaussian of standard deviation s, and b = 0.

    s = `scale` for "gaussian", √(2/(n_in + n_out)) for "glorot", √(2/n_in) for "he". Raises ValueError for
    another initializer or a size below 1. Source: lectures, claim G7 (equal weights would keep hidden units equal).
    """
    if min(n_in, n_out) < 1:
        raise ValueError(f"affine_layer: both sizes must be at least 1, got {n_in} and {n_out}")
    deviations = {"gaussian": scale, "glorot": math.sqrt(2 / (n_in + n_out)), "he": math.sqrt(2 / n_in)}
    if initializer not in deviations:
        raise ValueError(f"affine_layer: initializer must be one of {list(deviations)}, got {initializer!r}")

    def init(key: PRNGKeyArray) -> AffineParams:
        W = deviations[initializer] * jax.random.normal(key, (n_out, n_in), dtype)
        return AffineParams(W, jnp.zeros(n_out, W.dtype))

    def apply(params: AffineParams, y: Float[Array, "*batch n"], key: Any = None) -> tuple[Array, Any]:
        return affine(params, y)

    return Layer(init, apply, f"affine({n_in}→{n_out})", n_in)
