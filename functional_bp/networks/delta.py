"""The gated delta rule as a layer: keys, values and gates of every head, each a product with the same x."""

from functools import partial
from typing import Any

import jax.numpy as jnp
from jaxtyping import Array, Float

from functional_bp.jacobians import DeltaInputs, LinearMap
from functional_bp.jacobians.linear import linear_map
from functional_bp.jacobians.scan import zeros_as
from functional_bp.networks.affine import affine_layer
from functional_bp.networks.chain import chain
from functional_bp.networks.layer import Layer, Rule
from functional_bp.networks.norm import layer_norm_layer
from functional_bp.networks.parallel import parallel
from functional_bp.networks.residual import residual
from functional_bp.networks.transformer import feed_forward, joined, merge_heads, parted
from functional_bp.rules import gated_delta_rule, l2_normalise, sigmoid, softplus

SLOWNESS = 16  # log α = −softplus(z)/16: at z = 0 a step keeps 0.96


def delta_layer(n: int, heads: int) -> Layer:
    """y = W_o gated_delta_rule(q, k, v, log α, β) + b_o after a layer norm, from a state of zeros. `heads` divides n.

    q and k have length 1 in each head, log α = −softplus(z)/16 and β = σ(z); all of them and v are affine in x.
    """
    if heads < 1 or n % heads:
        raise ValueError(f"delta_layer: {heads} heads do not divide a width of {n}")

    def vectors(*links: Layer | Rule) -> Layer:
        return chain(affine_layer(n, n), partial(split, d=n // heads), *links)

    def gate(*links: Layer | Rule) -> Layer:
        return chain(affine_layer(n, heads), *links, heads_first)

    inputs = parallel(vectors(l2_normalise), vectors(l2_normalise), vectors(), gate(softplus, slowly), gate(sigmoid))
    return chain(
        layer_norm_layer(n),
        inputs,
        from_zero,
        gated_delta_rule,
        steps_alone,
        merge_heads,
        affine_layer(n, n),
        name="delta",
    )


def delta_block(n: int, heads: int) -> Layer:
    """y = h + feed_forward(h), h = x + delta(x): a transformer's block with another memory."""
    return chain(residual(delta_layer(n, heads)), residual(feed_forward(n, 4 * n)), name="delta_block")


def split(z: Float[Array, "*batch t n"], d: int) -> tuple[Float[Array, "*batch heads t d"], LinearMap]:
    return linear_map(partial(parted, d), joined, z, 2)


def heads_first(z: Float[Array, "*batch t heads"]) -> tuple[Float[Array, "*batch heads t"], LinearMap]:
    return linear_map(exchanged, exchanged, z, 2)


def exchanged(z: Array) -> Array:
    return jnp.swapaxes(z, -1, -2)


def slowly(z: Array) -> tuple[Array, LinearMap]:
    return linear_map(slower, slower, z, 1)


def slower(z: Array) -> Array:
    return -z / SLOWNESS


def from_zero(parts: tuple[Array, ...]) -> tuple[DeltaInputs, LinearMap]:
    """(q, k, v, log α, β) with a state of zeros."""
    return linear_map(with_state, without_state, parts, None)


def with_state(parts: tuple[Array, ...]) -> DeltaInputs:
    q, k, v, log_decay, beta = parts
    zero = zeros_as(v[..., :1, :, None] * k[..., :1, None, :])[..., 0, :, :]
    return DeltaInputs(q, k, v, log_decay, beta, zero)


def without_state(bar: Any) -> tuple[Array, ...]:
    return tuple(bar[:5])


def steps_alone(y_state: tuple[Array, Array]) -> tuple[Array, LinearMap]:
    """What the steps gave, without the state after them."""
    S = y_state[1]
    return linear_map(lambda y_state: y_state[0], lambda bar: (bar, jnp.zeros(S.shape, bar.dtype)), y_state, None)
