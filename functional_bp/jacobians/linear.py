"""Linear functions of the data that hold no array."""

from collections.abc import Callable
from typing import Any

import jax

from functional_bp.jacobians.base import Jacobian, Shape, static
from functional_bp.jacobians.shape import Size, leaf


class LinearMap(Jacobian):
    """J of a linear function, given with its transpose: y_bar @ J = transpose(ȳ), J @ x_dot = function(ẋ).

    Not by `jax.linear_transpose`: that insists on the dtype and on the mesh axes that the forward pass had, while ȳ may
    be summed in float32 or vary over devices.
    """

    function: Callable[[Any], Any] = static()
    transpose: Callable[[Any], Any] = static()
    sizes: Shape = static()

    @property
    def shape(self) -> Shape:
        return self.sizes

    def vjp(self, y_bar: Any) -> Any:
        return self.transpose(y_bar)

    def jvp(self, z_dot: Any) -> Any:
        return self.function(z_dot)


def linear_map(
    function: Callable[[Any], Any], transpose: Callable[[Any], Any], x: Any, axes: int | None = 1
) -> tuple[Any, LinearMap]:
    """y = function(x), linear in x, and its Jacobian.

    The last `axes` axes of x are one example's, those before them the batch's; None: there is no batch.
    """
    y = function(x)
    first = jax.tree.leaves(x)[0]
    batch = () if axes is None else first.shape[: first.ndim - axes]

    def sizes(tree: Any) -> Any:
        return jax.tree.map(lambda a: Size(a.shape[len(batch) :]), tree)

    return y, LinearMap(function, transpose, Shape(batch, leaf(sizes(y)), leaf(sizes(x))))
