"""The two Jacobians of a convolution, one by its input and one by its kernel; both hold the other of the two."""

import math
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array

from functional_bp.jacobians.base import Jacobian, Shape, static
from functional_bp.jacobians.shared import Shared


class Taps(NamedTuple):
    """Where the taps of a kernel fall: y_p = Σ_k W_k x_(stride p + dilation k − low), 0 beyond the ends of x.

    `sizes` are the lengths of x along its spatial axes; `padding` the zeros (low, high) at the ends of each.
    """

    sizes: tuple[int, ...]
    kernel: tuple[int, ...]
    stride: tuple[int, ...]
    padding: tuple[tuple[int, int], ...]
    dilation: tuple[int, ...]
    groups: int

    @property
    def reach(self) -> tuple[int, ...]:
        """How many positions a kernel spans."""
        return tuple(d * (k - 1) + 1 for d, k in zip(self.dilation, self.kernel, strict=True))

    @property
    def outputs(self) -> tuple[int, ...]:
        whole = zip(self.sizes, self.padding, self.reach, self.stride, strict=True)
        return tuple(max(0, (n + sum(pad) - reach) // s + 1) for n, pad, reach, s in whole)

    def __call__(self, x: Array, W: Array, dtype: Any = None) -> Array:
        """y of x "batch … c" and W "taps … c/groups m"."""
        return convolved(x, W, self.stride, self.padding, (1,) * len(self.sizes), self.dilation, self.groups, dtype)

    def by_input(self, y_bar: Array, W: Array) -> Array:
        """x̄: ȳ spread out by the stride and convolved with W, turned round."""
        spatial = tuple(range(len(self.sizes)))
        *taps, c, m = W.shape
        W = jnp.flip(W, spatial).reshape(*taps, c, self.groups, m // self.groups)
        W = jnp.swapaxes(W, -3, -1).reshape(*taps, m // self.groups, self.groups * c)
        low = tuple(reach - 1 - a for reach, (a, _) in zip(self.reach, self.padding, strict=True))
        spread = tuple(s * (p - 1) + 1 for s, p in zip(self.stride, self.outputs, strict=True))
        more = zip(self.sizes, self.reach, spread, low, strict=True)
        high = tuple(n + reach - 1 - wide - a for n, reach, wide, a in more)
        ones, ends = (1,) * len(self.sizes), tuple(zip(low, high, strict=True))
        return convolved(y_bar, W, ones, ends, self.stride, self.dilation, self.groups)

    def by_kernel(self, y_bar: Array, x: Array, dtype: Any = None) -> Array:
        """W̄: x convolved with ȳ, stride and dilation exchanged, the batch in the place of the channels."""
        spread = tuple(s * (p - 1) + 1 for s, p in zip(self.stride, self.outputs, strict=True))
        ends = zip(self.padding, spread, self.reach, self.sizes, strict=True)
        padding = tuple((low, wide + reach - 1 - low - n) for (low, _), wide, reach, n in ends)
        last = len(self.sizes) + 1
        crosswise = (last, 0, *range(1, last))
        return jax.lax.conv_general_dilated(
            x,
            y_bar,
            self.dilation,
            padding,
            rhs_dilation=self.stride,
            dimension_numbers=jax.lax.ConvDimensionNumbers(crosswise, crosswise, (last - 1, last, *range(last - 1))),
            batch_group_count=self.groups,
            preferred_element_type=dtype,
        )


def convolved(
    x: Array,
    W: Array,
    stride: tuple[int, ...],
    padding: tuple[tuple[int, int], ...],
    spread: tuple[int, ...],
    dilation: tuple[int, ...],
    groups: int,
    dtype: Any = None,
) -> Array:
    n = len(stride)
    positions = (0, n + 1, *range(1, n + 1))
    axes = jax.lax.ConvDimensionNumbers(positions, (n + 1, n, *range(n)), positions)
    return jax.lax.conv_general_dilated(
        x, W, stride, padding, spread, dilation, axes, feature_group_count=groups, preferred_element_type=dtype
    )


def in_one_batch(a: Array, axes: int) -> tuple[Array, tuple[int, ...]]:
    """The array with one axis for all of its batch, and the batch."""
    batch = a.shape[: a.ndim - axes]
    return a.reshape(math.prod(batch), *a.shape[a.ndim - axes :]), batch


class Convolved(Jacobian):
    """J of x ↦ the convolution of x with W: it holds W."""

    W: Array
    taps: Taps = static()
    batch: tuple[int, ...] = static()

    @property
    def shape(self) -> Shape:
        *_, c, m = self.W.shape
        return Shape(self.batch, (*self.taps.outputs, m), (*self.taps.sizes, c * self.taps.groups))

    def vjp(self, y_bar: Array) -> Array:
        flat, batch = in_one_batch(jnp.asarray(y_bar), len(self.taps.sizes) + 1)
        x_bar = self.taps.by_input(flat, self.W)
        return x_bar.reshape(*batch, *x_bar.shape[1:])

    def jvp(self, z_dot: Array) -> Array:
        flat, batch = in_one_batch(jnp.asarray(z_dot), len(self.taps.sizes) + 1)
        y_dot = self.taps(flat, self.W)
        return y_dot.reshape(*batch, *y_dot.shape[1:])


class Correlated(Shared):
    """J of W ↦ the convolution of x with W, summed over the batch: it holds x.

    Of the transposed convolution, which takes `x` for ȳ and ȳ for x, with `swapped`.
    """

    x: Array
    taps: Taps = static()
    channels: int = static()  # those of the other
    swapped: bool = static(default=False)
    sum_dtype: Any = static(default=None)

    @property
    def shape(self) -> Shape:
        axes, groups = len(self.taps.sizes) + 1, self.taps.groups
        batch, own = self.x.shape[: self.x.ndim - axes], self.x.shape[-1]
        c, m = (self.channels, own) if self.swapped else (own, self.channels)
        outputs = (*(self.taps.sizes if self.swapped else self.taps.outputs), self.channels)
        return Shape(batch, outputs, (*self.taps.kernel, c // groups, m))

    def vjp(self, y_bar: Array) -> Array:
        axes = len(self.taps.sizes) + 1
        y_bar, x = (in_one_batch(jnp.asarray(a), axes)[0] for a in (y_bar, self.x))
        y_bar, x = (x, y_bar) if self.swapped else (y_bar, x)
        return self.taps.by_kernel(y_bar, x, self.sum_dtype)

    def jvp(self, W_dot: Array) -> Array:
        flat, batch = in_one_batch(self.x, len(self.taps.sizes) + 1)
        y_dot = self.taps.by_input(flat, W_dot) if self.swapped else self.taps(flat, W_dot)
        return y_dot.reshape(*batch, *y_dot.shape[1:])
