"""Convolution along one, two or three axes, "*batch … c" with the channels last, and its transpose."""

from typing import NamedTuple

import jax.numpy as jnp
from jaxtyping import Array, Float

from functional_bp.jacobians import BlockRow, Broadcast, Convolved, Correlated
from functional_bp.jacobians.convolution import Taps, in_one_batch

__all__ = ["ConvParams", "convolution", "transposed_convolution"]

Positions = Float[Array, "*batch_positions c"]
Outputs = Float[Array, "*batch_outputs m"]


class ConvParams(NamedTuple):
    """W[k_1, …, c/groups, m] and b[m]: a kernel of k_1 × … taps, each a matrix from c channels to m."""

    W: Float[Array, "*taps c m"]
    b: Float[Array, " m"]


def convolution(
    params: ConvParams,
    x: Positions,
    stride: int | tuple[int, ...] = 1,
    padding: int | tuple[int, ...] | str = 0,
    dilation: int | tuple[int, ...] = 1,
    groups: int = 1,
) -> tuple[Outputs, BlockRow]:
    """y_p = Σ_k W_k x_q + b, q = s p + d k − l;  W̄_k = Σ_p ȳ_p x_q, x̄_q = Σ_p ȳ_p W_k, b̄ = Σ_p ȳ_p.

    The kernel has as many axes as W has in front of its channels: 1, 2 or 3. s, l, d are `stride`, `padding` and
    `dilation`, one number or one an axis; beyond its ends x is 0, and "same" padding gives ⌈n/s⌉ positions. With
    `groups`, channels and outputs are cut into as many parts, each part by itself; as many groups as channels is a
    depthwise convolution. J holds x and W. (As in most libraries the kernel is not turned round.)

    Raises ValueError where shapes do not fit. Linear in x and in W. Source: LeCun et al. 1989.
    """
    W, b = params
    taps = taps_of("convolution", W.shape, x, stride, padding, dilation, groups)
    check("convolution", params, x, W.shape[-2] * groups, W.shape[-1], groups)
    flat, batch = in_one_batch(x, len(taps.sizes) + 1)
    y = taps(flat, W)
    y = y.reshape(*batch, *y.shape[1:])
    J = ConvParams(Correlated(x, taps, W.shape[-1]), Broadcast(y.shape[:-1], b.shape))  # pyright: ignore[reportArgumentType]
    return y + jnp.broadcast_to(b, y.shape), BlockRow((J, Convolved(W, taps, batch)))


def transposed_convolution(
    params: ConvParams,
    x: Positions,
    stride: int | tuple[int, ...] = 1,
    padding: int | tuple[int, ...] = 0,
    dilation: int | tuple[int, ...] = 1,
    groups: int = 1,
    extra: int | tuple[int, ...] = 0,
) -> tuple[Outputs, BlockRow]:
    """y_q = Σ_p W_k x_p + b, q = s p + d k − l;  W̄_k = Σ_p ȳ_q x_p, x̄_p = Σ_k W_kᵀ ȳ_q, b̄ = Σ_q ȳ_q.

    What `convolution` does to a cotangent: W[k_1, …, m/groups, c] is the kernel from m channels to the c of x, b has m.
    n positions become s (n − 1) + d (k − 1) + 1 − 2 l, and `extra` ones more at the end, fewer than s: those that the
    convolution's stride had left over.

    Raises ValueError where shapes do not fit. Linear in x and in W. Source: Zeiler et al. 2010.
    """
    W, b = params
    taps = transposed_taps(W.shape, x, stride, padding, dilation, groups, extra)
    check("transposed_convolution", params, x, W.shape[-1], W.shape[-2] * groups, groups)
    flat, batch = in_one_batch(x, len(taps.sizes) + 1)
    y = taps.by_input(flat, W)
    y = y.reshape(*batch, *y.shape[1:])
    J = ConvParams(Correlated(x, taps, y.shape[-1], True), Broadcast(y.shape[:-1], b.shape))  # pyright: ignore[reportArgumentType]
    return y + jnp.broadcast_to(b, y.shape), BlockRow((J, Convolved(W, taps, batch).T))


def taps_of(
    rule: str,
    W: tuple[int, ...],
    x: Array,
    stride: object,
    padding: object,
    dilation: object,
    groups: int,
) -> Taps:
    n = len(W) - 2
    check_axes(rule, W, x)
    sizes, kernel = x.shape[-n - 1 : -1], W[:n]
    s, d = along(rule, "stride", stride, n), along(rule, "dilation", dilation, n)
    if padding == "same":
        whole = zip(sizes, kernel, s, d, strict=True)
        more = [max(0, (-(-size // step) - 1) * step + by * (k - 1) + 1 - size) for size, k, step, by in whole]
        ends = tuple((total // 2, total - total // 2) for total in more)
    else:
        ends = tuple((p, p) for p in along(rule, "padding", padding, n, 0))
    taps = Taps(sizes, kernel, s, ends, d, groups)
    if min(taps.outputs) < 1:
        raise ValueError(f"{rule}: a kernel that spans {taps.reach} does not fit into {sizes} with padding {ends}")
    return taps


def transposed_taps(
    W: tuple[int, ...], x: Array, stride: object, padding: object, dilation: object, groups: int, extra: object
) -> Taps:
    """Those of the convolution whose output has the shape of x."""
    rule, n = "transposed_convolution", len(W) - 2
    check_axes(rule, W, x)
    s, d = along(rule, "stride", stride, n), along(rule, "dilation", dilation, n)
    p, more = along(rule, "padding", padding, n, 0), along(rule, "extra", extra, n, 0)
    if any(a >= step for a, step in zip(more, s, strict=True)):
        raise ValueError(f"{rule}: extra {more} must be less than the stride {s}")
    whole = zip(x.shape[-n - 1 : -1], W[:n], s, d, p, more, strict=True)
    sizes = tuple(step * (size - 1) + by * (k - 1) + 1 - 2 * pad + a for size, k, step, by, pad, a in whole)
    if min(sizes) < 1:
        raise ValueError(f"{rule}: a padding of {p} leaves nothing of {x.shape}")
    return Taps(sizes, W[:n], s, tuple((a, a) for a in p), d, groups)


def check_axes(rule: str, W: tuple[int, ...], x: Array) -> None:
    if len(W) < 3 or x.ndim < len(W) - 1:
        raise ValueError(
            f"{rule}: W must be (*taps, c, m) and x have as many positions, then channels; got {W}, {x.shape}"
        )


def along(rule: str, name: str, value: object, n: int, least: int = 1) -> tuple[int, ...]:
    """One number for each axis."""
    values = value if isinstance(value, tuple) else (value,) * n
    if len(values) != n or not all(isinstance(v, int) and v >= least for v in values):
        raise ValueError(f"{rule}: {name} must be a whole number from {least} on, or {n} of them, got {value!r}")
    return tuple(v for v in values if isinstance(v, int))


def check(rule: str, params: ConvParams, x: Array, channels: int, outputs: int, groups: int) -> None:
    fits = groups >= 1 and x.shape[-1] == channels and channels % groups == 0 == outputs % groups
    if not fits or params.b.shape != (outputs,):
        raise ValueError(
            f"{rule}: W {params.W.shape}, b {params.b.shape} in {groups} groups do not fit x {x.shape}, channels last"
        )
