"""Pooling over windows of the positions, "*batch … c" with the channels last."""

import math
from itertools import product
from typing import Any

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from functional_bp.jacobians import Jacobian, LinearMap, Selected, Shape, static
from functional_bp.jacobians.linear import linear_map

__all__ = ["Pooled", "adaptive_max_pool", "adaptive_mean_pool", "max_pool", "mean_pool"]

Window = tuple[int, ...]


class Pooled(Jacobian):
    """J of a maximum over windows that do not overlap: ȳ goes to each window's winner, of which it holds the number."""

    winner: Int[Array, "*batch_core"]
    window: Window = static()
    of_dtype: Any = static()

    @property
    def shape(self) -> Shape:
        k = len(self.window)
        *batch, c = self.winner.shape[: -k - 1] + self.winner.shape[-1:]
        outputs = self.winner.shape[-k - 1 :]
        inputs = (*(n * p for n, p in zip(outputs[:-1], self.window, strict=True)), c)
        return Shape(tuple(batch), outputs, inputs)

    @property
    def dtype(self) -> Any:
        return self.of_dtype

    def vjp(self, y_bar: Array) -> Array:
        y_bar = jnp.asarray(y_bar)
        k = len(self.window)
        places = jnp.arange(math.prod(self.window), dtype=self.winner.dtype).reshape(interleaved((1,) * k, self.window))
        places = places[..., None]
        at = [index for _ in self.window for index in (slice(None), None)]
        winner, bar = (a[(..., *at, slice(None))] for a in (self.winner, y_bar))
        places = places.reshape(*(1,) * (winner.ndim - places.ndim), *places.shape)
        shape = jnp.broadcast_shapes(winner.shape, places.shape)
        won = jnp.broadcast_to(winner, shape) == jnp.broadcast_to(places, shape)
        spread = jnp.where(won, jnp.broadcast_to(bar, shape), 0)
        return spread.reshape(*y_bar.shape[: -k - 1], *self.shape.inputs)

    def jvp(self, z_dot: Array) -> Array:
        z_dot = jnp.asarray(z_dot)
        y_dot = jnp.zeros(self.winner.shape, z_dot.dtype)
        for number, part in enumerate(parts_of(z_dot, self.window)):
            y_dot = jnp.where(self.winner == number, part, y_dot)
        return y_dot


def max_pool(x: Float[Array, "*batch_core"], window: Window = (2, 2)) -> tuple[Float[Array, "*batch_out"], Pooled]:
    """y = max of each window of the positions;  ∂y/∂x: ȳ goes to the window's maximum.

    The last axes of x are the positions, as many as the window has, and the channels. Windows do not overlap;
    ValueError where they do not fill x. At a tie the first takes all, which is one of the Clarke subgradients.
    """
    check_window("max_pool", x, window)
    first, *others = parts_of(x, window)
    best, winner = first, jnp.zeros(first.shape, jnp.int8 if math.prod(window) < 128 else jnp.int32)
    for number, part in enumerate(others, start=1):
        winner = jnp.where(part > best, jnp.asarray(number, winner.dtype), winner)
        best = jnp.maximum(best, part)
    return best, Pooled(winner, tuple(window), x.dtype)


def mean_pool(x: Float[Array, "*batch_core"], window: Window = (2, 2)) -> tuple[Float[Array, "*batch_out"], LinearMap]:
    """y = mean of each window of the positions;  ∂y/∂x: ȳ is shared evenly by the window. Axes as in `max_pool`."""
    check_window("mean_pool", x, window)
    k, share = len(window), 1 / math.prod(window)
    sizes = interleaved(tuple(n // p for n, p in zip(x.shape[-k - 1 : -1], window, strict=True)), window)
    axes = tuple(range(-2 * k, 0, 2))

    def mean(x: Array) -> Array:
        return x.reshape(*x.shape[: -k - 1], *sizes, x.shape[-1]).sum(tuple(a for a in axes)) * share

    def spread(bar: Array) -> Array:
        at = [index for _ in window for index in (slice(None), None)]
        whole = jnp.broadcast_to(bar[(..., *at, slice(None))], (*bar.shape[: -k - 1], *sizes, bar.shape[-1]))
        return whole.reshape(*bar.shape[: -k - 1], *x.shape[-k - 1 :]) * share

    return linear_map(mean, spread, x, k + 1)


def adaptive_mean_pool(x: Float[Array, "*batch_core"], sizes: Window) -> tuple[Float[Array, "*batch_out"], LinearMap]:
    """y_p = mean of x_q from ⌊p n/m⌋ to before ⌈(p + 1) n/m⌉;  ∂y/∂x: ȳ_p is shared evenly by its window.

    m are the `sizes` that come out, one an axis of positions; windows may overlap. Axes as in `max_pool`.
    """
    check_sizes("adaptive_mean_pool", x, sizes)
    k = len(sizes)
    shares = [evenly(n, m, x.dtype) for n, m in zip(x.shape[-k - 1 : -1], sizes, strict=True)]

    def along(x: Array, matrices: list[Array]) -> Array:
        for axis, matrix in enumerate(matrices):
            x = jnp.moveaxis(jnp.tensordot(matrix, x, (1, x.ndim - k - 1 + axis)), 0, x.ndim - k - 1 + axis)
        return x

    return linear_map(lambda x: along(x, shares), lambda bar: along(bar, [a.T for a in shares]), x, k + 1)


def adaptive_max_pool(x: Float[Array, "*batch_core"], sizes: Window) -> tuple[Float[Array, "*batch_out"], Selected]:
    """y_p = max of x_q from ⌊p n/m⌋ to before ⌈(p + 1) n/m⌉;  ∂y/∂x: ȳ_p goes to its window's maximum.

    As `adaptive_mean_pool`; at a tie the first takes all, which is one of the Clarke subgradients.
    """
    check_sizes("adaptive_max_pool", x, sizes)
    k = len(sizes)
    positions, (*batch, c) = x.shape[-k - 1 : -1], x.shape[: -k - 1] + x.shape[-1:]
    flat = x.reshape(*batch, math.prod(positions), c)
    places = jnp.asarray(window_places(positions, sizes))
    seen = flat[..., places, :]
    best = seen.argmax(-2)
    winner = jnp.take_along_axis(jnp.broadcast_to(places[..., None], seen.shape), best[..., None, :], -2)[..., 0, :]
    y = jnp.take_along_axis(flat, winner, -2)
    shape = Shape(tuple(batch), (*sizes, c), (*positions, c))
    return y.reshape(*batch, *sizes, c), Selected(winner, shape, x.dtype)


def evenly(n: int, m: int, dtype: Any) -> Array:
    """[m, n]: the share of each of n positions in each of m windows."""
    whole = np.zeros((m, n))
    for p, (begin, end) in enumerate(ends_of(n, m)):
        whole[p, begin:end] = 1 / (end - begin)
    return jnp.asarray(whole, dtype)


def ends_of(n: int, m: int) -> list[tuple[int, int]]:
    return [(p * n // m, -(-(p + 1) * n // m)) for p in range(m)]


def window_places(positions: Window, sizes: Window) -> np.ndarray:
    """[windows, most]: the positions of each window, numbered in a row; its first again where it has fewer."""
    along = [[range(*ends) for ends in ends_of(n, m)] for n, m in zip(positions, sizes, strict=True)]
    windows = [
        [int(np.ravel_multi_index(place, positions)) for place in product(*ranges)] for ranges in product(*along)
    ]
    most = max(map(len, windows))
    return np.array([[*window, *[window[0]] * (most - len(window))] for window in windows], np.int32)


def check_sizes(rule: str, x: Array, sizes: Window) -> None:
    positions = x.shape[-len(sizes) - 1 : -1]
    if x.ndim <= len(sizes) or min((*sizes, *positions), default=0) < 1:
        raise ValueError(f"{rule}: sizes {tuple(sizes)} must be at least 1, as many as positions of x {x.shape}")


def parts_of(x: Array, window: Window) -> list[Array]:
    """The first of every window, the second, …: views with strides."""
    corners = product(*(range(p) for p in window))
    strided = ((slice(a, None, p) for a, p in zip(corner, window, strict=True)) for corner in corners)
    return [x[(..., *positions, slice(None))] for positions in strided]


def interleaved(a: tuple[int, ...], b: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(n for pair in zip(a, b, strict=True) for n in pair)


def check_window(rule: str, x: Array, window: Window) -> None:
    sizes = x.shape[-len(window) - 1 : -1]
    if x.ndim <= len(window) or any(p < 1 or n % p for n, p in zip(sizes, window, strict=True)):
        raise ValueError(f"{rule}: windows {tuple(window)} must fill the positions of x {x.shape}, channels last")
