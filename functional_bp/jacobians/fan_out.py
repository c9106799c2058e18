"""One value used in several places: an input of several layers, a parameter in several of them."""

from collections.abc import Callable
from functools import reduce
from typing import Any

import jax

from functional_bp.jacobians.base import Jacobian, Shape, static
from functional_bp.jacobians.shape import beside, core, leaf
from functional_bp.jacobians.trees import add_trees


class Parallel(Jacobian):
    """J of x ↦ (f_1(θ_1, x), f_2(θ_2, x), …): y_bar @ J = ((θ̄_1, θ̄_2, …), Σ_k x̄_k)."""

    parts: tuple[Any, ...]

    @property
    def shape(self) -> Shape:
        shapes = [J.shape for J in self.parts]
        batch = beside([Shape(shape.batch, shape.inputs[1], ()) for shape in shapes])
        outputs = tuple(leaf(core(shape.outputs, shape, batch)) for shape in shapes)
        return Shape(batch, outputs, (tuple(shape.inputs[0] for shape in shapes), shapes[0].inputs[1]))

    def vjp(self, y_bar: Any) -> Any:
        bars = [bar @ J for bar, J in zip(y_bar, self.parts, strict=True)]
        return tuple(theta_bar for theta_bar, _ in bars), reduce(add_trees, [x_bar for _, x_bar in bars])

    def jvp(self, z_dot: Any) -> Any:
        params_dot, x_dot = z_dot
        return tuple(J @ (theta_dot, x_dot) for J, theta_dot in zip(self.parts, params_dot, strict=True))

    def __repr__(self) -> str:
        return f"Parallel of {len(self.parts)}"


class Tied(Jacobian):
    """J of y = f(spread(θ), x), where `spread` puts each parameter in its places: θ̄ is the sum over them.

    `spread` is linear and only copies, so its transpose adds. `places` is the tree of f's parameters, each the number
    of the θ that stands there; `structure` is that of θ.
    """

    J: Jacobian
    places: tuple[int, ...] = static()
    of_places: Any = static()
    structure: Any = static()

    @property
    def shape(self) -> Shape:
        batch, outputs, (sizes, x) = self.J.shape
        return Shape(batch, outputs, (self._gathered(sizes, lambda a, b: a), x))

    def _gathered(self, tree: Any, add: Callable[[Any, Any], Any]) -> Any:
        total: dict[int, Any] = {}
        for k, bar in zip(self.places, self.of_places.flatten_up_to(tree), strict=True):
            total[k] = add(total[k], bar) if k in total else bar
        return self.structure.unflatten([total.get(k) for k in range(self.structure.num_leaves)])

    def vjp(self, y_bar: Any) -> Any:
        params_bar, x_bar = y_bar @ self.J
        return self._gathered(params_bar, add_trees), x_bar

    def jvp(self, z_dot: Any) -> Any:
        params_dot, x_dot = z_dot
        leaves = jax.tree.leaves(params_dot)
        return self.J @ (self.of_places.unflatten([leaves[k] for k in self.places]), x_dot)

    def __repr__(self) -> str:
        return f"Tied({self.J!r})"
