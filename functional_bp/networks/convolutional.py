"""Convolutional networks: images "*batch side side channels", halved by pooling."""

import math
from collections.abc import Sequence
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array, PRNGKeyArray

from functional_bp.jacobians import LinearMap
from functional_bp.jacobians.linear import linear_map
from functional_bp.networks.affine import affine_layer
from functional_bp.networks.chain import chain
from functional_bp.networks.layer import Layer, Rule, with_params
from functional_bp.rules import ConvParams, convolution, max_pool


def conv_layer(n_in: int, n_out: int, taps: Sequence[int] = (3, 3), **options: Any) -> Layer:
    """`convolution` from n_in channels to n_out by a kernel of `taps`; W by He, b = 0; options as the rule's."""

    def init(key: PRNGKeyArray) -> ConvParams:
        inputs = n_in // options.get("groups", 1)
        W = math.sqrt(2 / (inputs * math.prod(taps))) * jax.random.normal(key, (*taps, inputs, n_out))
        return ConvParams(W, jnp.zeros(n_out, W.dtype))

    name = f"conv {'×'.join(map(str, taps))}({n_in}→{n_out})"
    return with_params(partial(convolution, **options), init, name)


def image_of(x: Array, shape: tuple[int, ...]) -> tuple[Array, LinearMap]:
    """The numbers of a row as an image."""
    return linear_map(partial(last_axes, 1, shape), partial(last_axes, len(shape), (math.prod(shape),)), x, 1)


def flattened(x: Array) -> tuple[Array, LinearMap]:
    """The numbers of an image in a row."""
    shape = x.shape[-3:]
    return linear_map(partial(last_axes, 3, (math.prod(shape),)), partial(last_axes, 1, shape), x, 3)


def last_axes(axes: int, shape: tuple[int, ...], x: Array) -> Array:
    return x.reshape(*x.shape[: x.ndim - axes], *shape)


def convolutional(
    side: int, channels: int, widths: Sequence[int], classes: int, activation: Rule, *before_last: Layer | Rule
) -> Layer:
    """For each width a convolution with 3×3 taps, the activation and, while the side is even, a maximum over 2×2; then
    `before_last` and an affine layer. It takes the numbers of an image in a row."""
    links: list[Layer | Rule] = [partial(image_of, shape=(side, side, channels))]
    for width in widths:
        links += [conv_layer(channels, width, padding="same"), activation]
        channels = width
        if side % 2 == 0:
            links.append(max_pool)
            side //= 2
    last = affine_layer(side * side * channels, classes, "he")
    return chain(*links, flattened, *before_last, last, name="convolutional")
