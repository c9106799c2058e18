"""Transformer blocks: attention over positions and a perceptron at each, both beside the identity."""

from functools import partial

import jax.numpy as jnp
from jaxtyping import Array, Float

from functional_bp.jacobians import LinearMap
from functional_bp.jacobians.linear import linear_map
from functional_bp.networks.affine import affine_layer
from functional_bp.networks.chain import chain
from functional_bp.networks.layer import Layer
from functional_bp.networks.norm import layer_norm_layer
from functional_bp.networks.recompute import recompute
from functional_bp.networks.residual import residual
from functional_bp.rules import QKV, attention, gelu


def split_heads(z: Float[Array, "*batch t n"], heads: int, groups: int | None = None) -> tuple[QKV, LinearMap]:
    """q, k, v of every head out of one vector a position: n = (heads + 2 groups) d. Raises ValueError for another n."""
    groups = heads if groups is None else groups
    d, rest = divmod(z.shape[-1], heads + 2 * groups)
    if rest or z.ndim < 2:
        raise ValueError(f"split_heads: {z.shape} cannot be split into q of {heads} heads, k and v of {groups}")
    ends = (heads * d, (heads + groups) * d)
    return linear_map(partial(to_heads, ends, d), from_heads, z, 2)


def merge_heads(y: Float[Array, "*batch heads t c"]) -> tuple[Float[Array, "*batch t n"], LinearMap]:
    """The heads' outputs beside each other, one vector a position."""
    return linear_map(joined, partial(parted, y.shape[-1]), y, 3)


def attention_layer(n: int, heads: int, causal: bool = True) -> Layer:
    """y = W_o attention(q, k, v) + b_o with (q, k, v) = W x + b, after a layer norm. `heads` divides n."""
    if heads < 1 or n % heads:
        raise ValueError(f"attention_layer: {heads} heads do not divide a width of {n}")
    return chain(
        recompute(chain(layer_norm_layer(n), affine_layer(n, 3 * n))),
        partial(split_heads, heads=heads),
        partial(attention, causal=causal),
        recompute(chain(merge_heads, affine_layer(n, n))),
        name="attention",
    )


def feed_forward(n: int, hidden: int) -> Layer:
    """y = W_2 gelu(W_1 x̂ + b_1) + b_2 at each position, after a layer norm; it holds x and the pre-activation alone."""
    return chain(
        recompute(chain(layer_norm_layer(n), affine_layer(n, hidden))),
        recompute(chain(gelu, affine_layer(hidden, n))),
        name="feed_forward",
    )


def transformer_block(n: int, heads: int, causal: bool = True) -> Layer:
    """y = h + feed_forward(h), h = x + attention(x).

    Source: Vaswani et al. 2017, arXiv:1706.03762, with the norms first as in Radford et al. 2019.
    """
    return chain(
        residual(attention_layer(n, heads, causal)), residual(feed_forward(n, 4 * n)), name="transformer_block"
    )


def to_heads(ends: tuple[int, int], d: int, z: Array) -> QKV:
    return QKV(*(parted(d, part) for part in jnp.split(z, ends, -1)))


def from_heads(bar: QKV) -> Array:
    return jnp.concatenate([joined(part) for part in bar[:3]], -1)


def parted(d: int, z: Array) -> Array:
    return jnp.swapaxes(z.reshape(*z.shape[:-1], -1, d), -2, -3)


def joined(y: Array) -> Array:
    y = jnp.swapaxes(y, -2, -3)
    return y.reshape(*y.shape[:-2], y.shape[-2] * y.shape[-1])
