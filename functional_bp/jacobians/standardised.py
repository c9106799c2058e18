"""What norms have: the directions that they take out are projected out of the cotangent."""

from typing import Any

import jax.numpy as jnp
from jaxtyping import Array, Float

from functional_bp.jacobians.base import AnyArray, Jacobian, Shape, static


class Standardised(Jacobian[Array]):
    """J of x̂ = (x − mean)/s: y_bar @ J = (ȳ − mean ȳ − x̂ mean(ȳ x̂))/s; without `centred` there is no mean ȳ.

    The means are over the last `axes` axes of an example of as many, in each of `groups` equal parts of the last. It
    holds x̂ and the rate 1/s, one number a group. Symmetric.
    """

    y: Float[Array, "*batch_core"]
    rate: Float[Array, "..."]
    centred: bool = static(default=True)
    axes: int = static(default=1)
    groups: int = static(default=1)
    is_square = True

    @property
    def shape(self) -> Shape:
        n = self.y.ndim - self.axes
        return Shape(self.y.shape[:n], self.y.shape[n:], self.y.shape[n:])

    def vjp(self, y_bar: Float[AnyArray, "*batch_core"]) -> Float[Array, "*batch_core"]:
        y, bar = in_groups(self.y, self.groups), in_groups(jnp.asarray(y_bar), self.groups)
        along = y * mean(bar * y, self.axes)
        across = bar - mean(bar, self.axes) if self.centred else bar
        return (self.rate * (across - along)).reshape(y_bar.shape)

    def jvp(self, z_dot: Float[AnyArray, "*batch_core"]) -> Float[Array, "*batch_core"]:
        return self.vjp(z_dot)


def in_groups(a: Any, groups: int) -> Any:
    """ "*_ n" as "*_ groups n/groups"."""
    return a.reshape(*a.shape[:-1], groups, a.shape[-1] // groups)


def mean(a: Any, axes: int) -> Any:
    """Over the parts of each group and the axes before the groups: "*batch *1 groups 1"."""
    return a.mean((-1, *range(-axes - 1, -2)), keepdims=True)


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
