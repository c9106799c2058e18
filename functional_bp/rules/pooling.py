"""Pooling over windows of the positions, "*batch … c" with the channels last."""

import math
from itertools import product
from typing import Any

import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from functional_bp.jacobians import Jacobian, LinearMap, Shape, static
from functional_bp.jacobians.linear import linear_map

__all__ = ["Pooled", "max_pool", "mean_pool"]

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
