"""What norms have: the directions that they take out are projected out of the cotangent."""

from typing import Any

import jax.numpy as jnp
from jaxtyping import Array, Float

from functional_bp.jacobians.base import AnyArray, Jacobian, Shape, static
from functional_bp.jacobians.shared import Shared


class Standardised(Jacobian[Array]):
    """J of y = g x̂ with x̂ = (x − mean)/s: y_bar @ J = (h̄ − mean h̄ − x̂ mean(h̄ x̂))/s with h̄ = ȳ g.

    The means are over the last `axes` axes of an example of as many, in each of `groups` equal parts of the last. It
    holds x, and of each group the mean and the rate 1/s; x̂ is found again. Without a mean, x is not centred.
    """

    x: Float[Array, "*batch_core"]
    mean: Float[Array, "..."] | None
    rate: Float[Array, "..."]
    gain: Float[Array, " n"]
    axes: int = static(default=1)
    is_square = True

    @property
    def shape(self) -> Shape:
        n = self.x.ndim - self.axes
        return Shape(self.x.shape[:n], self.x.shape[n:], self.x.shape[n:])

    @property
    def groups(self) -> int:
        return self.rate.shape[-1]

    @property
    def centred(self) -> Array:
        return self.x if self.mean is None else self.x - spread(self.mean, self.x)

    @property
    def x_hat(self) -> Array:
        return self.centred * spread(self.rate, self.x)

    def vjp(self, y_bar: Float[AnyArray, "*batch_core"]) -> Float[Array, "*batch_core"]:
        bar, x = jnp.asarray(y_bar), self.centred
        along = self.rate**2 * group_means(bar * x, self.groups, self.axes, self.gain)
        across = bar * jnp.broadcast_to(self.gain, bar.shape)
        if self.mean is not None:
            across = across - spread(group_means(bar, self.groups, self.axes, self.gain), x)
        return spread(self.rate, x) * (across - x * spread(along, x))

    def jvp(self, z_dot: Float[AnyArray, "*batch_core"]) -> Float[Array, "*batch_core"]:
        dot, x = jnp.asarray(z_dot), self.centred
        along = self.rate**2 * group_means(dot * x, self.groups, self.axes)
        across = dot if self.mean is None else dot - spread(group_means(dot, self.groups, self.axes), x)
        return jnp.broadcast_to(self.gain, dot.shape) * spread(self.rate, x) * (across - x * spread(along, x))


class ByGain(Shared):
    """J of g ↦ g x̂, shared by all examples: y_bar @ J = Σ_batch ȳ x̂, x̂ = (x − mean)/s. It holds what J of x does."""

    of_x: Standardised
    sum_dtype: Any = static(default=None)
    is_square = True

    @property
    def shape(self) -> Shape:
        *batch, n = self.of_x.x.shape
        return Shape(tuple(batch), (n,), (n,))

    def vjp(self, y_bar: Float[AnyArray, "*batch n"]) -> Float[Array, " n"]:
        products = jnp.asarray(y_bar) * self.of_x.x_hat
        return products.sum(tuple(range(products.ndim - 1)), dtype=self.sum_dtype)

    def jvp(self, z_dot: Float[AnyArray, " n"]) -> Float[Array, "*batch n"]:
        x_hat = self.of_x.x_hat
        return x_hat * jnp.broadcast_to(z_dot, x_hat.shape)


def group_means(a: Any, groups: int, axes: int, gain: Any = None) -> Any:
    """The means of g a over each group of channels and the axes before them: "*batch *1 groups".

    As a product with a matrix that has g of a group in each column: for a sum of products XLA would keep whole arrays.
    """
    n = a.shape[-1]
    weights = members(a, n, groups)
    weights = weights if gain is None else weights * jnp.broadcast_to(gain[:, None], weights.shape)
    means = jnp.einsum("...n,np->...p", a, weights, precision="highest") / max(n // groups, 1)
    return means.mean(tuple(range(-axes, -1)), keepdims=True)


def members(like: Any, n: int, groups: int) -> Any:
    """1 where the channel is of the group, else 0: "n groups"."""
    return jnp.repeat(jnp.eye(groups, dtype=like.dtype), n // groups, 0)


def spread(by_group: Any, x: Any) -> Any:
    """One number a group as one an entry of x."""
    return jnp.broadcast_to(jnp.repeat(by_group, x.shape[-1] // by_group.shape[-1], -1), x.shape)


class BatchNormalised(Jacobian):
    """J of y = g x̂ with x̂ standardised over the batch: x̄ = (h̄ − mean h̄ − x̂ mean(h̄ x̂))/s with h̄ = ȳ g.

    The means are over all axes but the last. No example stands alone, so the whole batch is one. It holds x̂, one number
    a channel, and the batch's mean and variance, which running statistics take from it.
    """

    y: Float[Array, "*positions n"]
    rate: Float[Array, " n"]
    gain: Float[Array, " n"]
    mean: Float[Array, " n"]
    variance: Float[Array, " n"]
    is_square = True

    @property
    def shape(self) -> Shape:
        return Shape((), self.y.shape, self.y.shape)

    def vjp(self, y_bar: Float[AnyArray, "*positions n"]) -> Float[Array, "*positions n"]:
        return self.projected(jnp.asarray(y_bar) * self.along(self.gain)) * self.along(self.rate)

    def jvp(self, z_dot: Float[AnyArray, "*positions n"]) -> Float[Array, "*positions n"]:
        return self.projected(jnp.asarray(z_dot) * self.along(self.rate)) * self.along(self.gain)

    def projected(self, bar: Array) -> Array:
        if not bar.size:
            return bar
        before = tuple(range(bar.ndim - 1))
        return bar - self.along(bar.mean(before)) - self.y * self.along((bar * self.y).mean(before))

    def along(self, shared: Array) -> Array:
        return jnp.broadcast_to(shared, self.y.shape)
