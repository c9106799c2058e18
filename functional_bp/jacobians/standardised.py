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
