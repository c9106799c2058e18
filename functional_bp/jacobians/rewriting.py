"""Jacobians inside a Jacobian replaced by others, also in what is only computed later."""

import dataclasses
from collections.abc import Callable
from functools import partial
from typing import Any

import jax

from functional_bp.jacobians.base import Jacobian, Shape, static


class Recomputed(Jacobian):
    """The Jacobian of a layer that holds the layer's inputs alone, and is computed again when it is needed.

    `sizes` is its shape, known since the forward pass; `then` is done to it after each computation.
    """

    params: Any
    x: Any
    key: Any
    apply: Callable[..., Any] = static()
    sizes: Shape = static()
    then: tuple[Callable[[Any], Any], ...] = static(default=())

    @property
    def shape(self) -> Shape:
        return self.sizes

    def again(self, *beside: Any) -> tuple[Any, ...]:
        """J, and `beside`. The barrier keeps the compiler from finding that it has computed all this before."""
        x, *beside_it = jax.lax.optimization_barrier((self.x, *beside))
        _, J = self.apply(self.params, x, self.key)
        for function in self.then:
            J = function(J)
        return J, *beside_it

    def vjp(self, y_bar: Any) -> Any:
        J, y_bar = self.again(y_bar)
        return y_bar @ J

    def jvp(self, z_dot: Any) -> Any:
        return self.again()[0] @ z_dot

    def to_dense(self) -> Any:
        return self.again()[0].to_dense()

    def replace(self, node: str, factor: Any) -> "Recomputed":
        """Done after each computation; a node that is not there is only found missing then."""
        return dataclasses.replace(self, then=(*self.then, lambda J: J.replace(node, factor)))

    def by_input(self) -> Any:
        return self.again()[0].by_input()

    def __repr__(self) -> str:
        return "Recomputed"


def rewrite(function: Callable[[Any], Any], J: Any, is_target: Callable[[Any], bool]) -> Any:
    """J with function(part) for each part that is a target."""

    def at(node: Any) -> Any:
        if isinstance(node, Recomputed):
            return dataclasses.replace(node, then=(*node.then, partial(rewrite, function, is_target=is_target)))
        return function(node) if is_target(node) else node

    return jax.tree.map(at, J, is_leaf=lambda node: isinstance(node, Recomputed) or is_target(node))
