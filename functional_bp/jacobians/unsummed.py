"""The cotangent of a shared parameter before its sum over the examples: the gradients of all of them, unformed."""

import dataclasses
from collections.abc import Callable
from functools import reduce
from typing import Any

import jax
import jax.numpy as jnp

from functional_bp.jacobians.base import Jacobian, Shape, register_pytree, static
from functional_bp.jacobians.composed import Composed
from functional_bp.jacobians.rewriting import rewrite
from functional_bp.jacobians.scan import is_once, stacked
from functional_bp.jacobians.shared import Broadcast, Outer, Shared


@dataclasses.dataclass(frozen=True, eq=False)
class Unsummed:
    """The formal sum θ̄ = Σ_k z̄_k @ J_k over the places k at which θ is used, each a sum over the examples.

    + puts places beside each other. Each statistic of the examples' own gradients is read off the factors z̄ and J,
    where their structure knows a way, and forms no gradient then. `stack` counts the leading axes that are the
    parameter's own (`repeat`), not the examples'.
    """

    places: tuple[tuple[Any, Any], ...]
    stack: int = static(default=0)
    is_formal_sum = True

    def __add__(self, other: "Unsummed") -> "Unsummed":
        return Unsummed(self.places + other.places, self.stack)

    def sum(self) -> Any:
        """θ̄, the gradient."""
        return self._over_stack(lambda bar: reduce(jnp.add, [z_bar @ J for z_bar, J in bar.places]))

    def each(self) -> Any:
        """The gradient of each example (the first axis of the batch), by linearity: for small parameters."""
        alone = jax.vmap(lambda places: Unsummed(places).sum())
        return self._over_stack(lambda bar: alone(alone_in_batch(bar.places)))

    def square_norms(self) -> Any:
        """‖θ̄_e‖² of each example e; with a stack, summed over it."""
        return self._over_stack(square_norms).sum(tuple(range(self.stack)))

    def square_sum(self) -> Any:
        """Σ_e θ̄_e², elementwise: the second moment."""
        return self._over_stack(square_sum)

    def scaled(self, weights: Any) -> "Unsummed":
        """Each example's cotangent times its weight: the clipped sum is `scaled(minimum(1, C/norm)).sum()`."""

        def times(z_bar: Any) -> Any:
            own = [len(weights) if k == self.stack else 1 for k in range(z_bar.ndim)]
            return z_bar * weights.reshape(own)

        return Unsummed(tuple((times(z_bar), J) for z_bar, J in self.places), self.stack)

    def of_stack(self, n: int) -> "Unsummed":
        """Of the ys of a scan of n steps."""
        return Unsummed(jax.tree.map(lambda x: stacked(x, n), self.places), self.stack)

    def _over_stack(self, method: Callable[["Unsummed"], Any]) -> Any:
        function = method
        for _ in range(self.stack):
            function = jax.vmap(function)
        return function(dataclasses.replace(self, stack=0))


register_pytree(Unsummed)


def is_unsummed(node: Any) -> bool:
    return isinstance(node, Unsummed)


def summed(tree: Any) -> Any:
    """The gradients of a tree in which some are unsummed."""
    return jax.tree.map(lambda bar: bar.sum() if is_unsummed(bar) else bar, tree, is_leaf=is_unsummed)


def of_layers(tree: Any, n: int) -> Any:
    """Cotangents of n layers as a scan stacked them."""

    def one(bar: Any) -> Any:
        return dataclasses.replace(bar.of_stack(n), stack=bar.stack + 1) if is_unsummed(bar) else stacked(bar, n)

    return jax.tree.map(one, tree, is_leaf=lambda node: is_unsummed(node) or is_once(node))


def alone_in_batch(places: Any) -> Any:
    """`Broadcast` names the whole batch; of one example it names an axis less."""

    def alone(J: Any) -> Any:
        return dataclasses.replace(J, batch=J.batch[1:]) if isinstance(J, Broadcast) else J

    return jax.tree.map(alone, places, is_leaf=lambda node: isinstance(node, Broadcast))


def square_norms(bar: Unsummed) -> Any:
    """Where the parameter is used once and its structure knows a way, that; else from the gradients themselves."""
    if len(bar.places) == 1 and (own := getattr(bar.places[0][1], "square_norms", None)):
        return own(bar.places[0][0])
    each = bar.each()
    return (each**2).sum(tuple(range(1, each.ndim)))


def square_sum(bar: Unsummed) -> Any:
    (z_bar, J), *others = bar.places
    if not others and isinstance(J, Outer) and z_bar.ndim == 2:
        return (z_bar**2).T @ J.y**2
    return (bar.each() ** 2).sum(0)


class Kept(Jacobian):
    """The same Jacobian, but y_bar @ J is not multiplied out: it is `Unsummed`."""

    J: Jacobian

    @property
    def shape(self) -> Shape:
        return self.J.shape

    def vjp(self, y_bar: Any) -> Any:
        return Unsummed(((y_bar, self.J),))

    def jvp(self, z_dot: Any) -> Any:
        return self.J @ z_dot

    def to_dense(self) -> Any:
        return self.J.to_dense()


def unsummed(J: Any) -> Any:
    """The same Jacobian, whose cotangents of shared parameters come `Unsummed`."""
    return rewrite(Kept, J, is_shared)


def is_shared(node: Any) -> bool:
    """Also a product that begins with what is shared: what follows it is done to the sum."""
    return isinstance(node, Shared) or (isinstance(node, Composed) and is_shared(node.factors[0]))
