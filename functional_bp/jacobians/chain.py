"""A network's Jacobian: its factors in the open, and the cotangent at every node between them."""

import operator
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from itertools import pairwise
from typing import Any

from functional_bp.jacobians.base import Jacobian, dense_blocks, map_blocks, static, terms
from functional_bp.jacobians.blocks import BlockRow
from functional_bp.jacobians.diagonal import Identity
from functional_bp.jacobians.shape import Shape, after_each_other, core, leaf


class Chain(Jacobian[tuple[tuple[Any, ...], Any]]):
    """J of y = f_K(θ_K, … f_1(θ_1, x)), with respect to (θ, x); θ is the tuple of all θ_k.

    y_bar @ J goes from the output back: (θ̄_k, ȳ_k−1) = ȳ_k @ J_k. That is back-propagation, line by line.

    `factors` stand in the order of the forward pass; each is the Jacobian of one layer with respect to
    (θ_k, y_k−1). `names` are the layers', `nodes` those of the input and of every layer's output.
    """

    factors: tuple[Jacobian, ...]
    names: tuple[str, ...] = static()
    nodes: tuple[str, ...] = static()

    @property
    def shape(self) -> Shape:
        shapes = [factor.shape for factor in self.factors]
        params = tuple(shape.inputs[0] for shape in shapes)
        batch = after_each_other(shapes, [shape.inputs[1] for shape in shapes])
        x = core(shapes[0].inputs[1], shapes[0], batch)
        return Shape(batch, core(shapes[-1].outputs, shapes[-1], batch), (params, leaf(x)))

    def vjp(self, y_bar: Any) -> tuple[tuple[Any, ...], Any]:
        params_bar = []
        for factor in reversed(self.factors):
            theta_bar, y_bar = y_bar @ factor
            params_bar.append(theta_bar)
        return tuple(reversed(params_bar)), y_bar

    def jvp(self, z_dot: tuple[tuple[Any, ...], Any]) -> Any:
        params_dot, y_dot = z_dot
        for factor, theta_dot in zip(self.factors, params_dot, strict=True):
            y_dot = factor @ (theta_dot, y_dot)
        return y_dot

    def to_dense(self) -> Any:
        """((∂y/∂θ_1, …, ∂y/∂θ_K), ∂y/∂x), each multiplied in its cheapest order."""
        return dense_blocks(self.by_input(), self.dtype, self.shape.batch)

    def by_input(self) -> Any:
        """((∂y/∂θ_1, …, ∂y/∂θ_K), ∂y/∂x) as products: ∂y/∂θ_k = J_K … J_k+1 ∂y_k/∂θ_k."""
        after: Jacobian = Identity(self.shape.outputs)
        params = []
        for factor in reversed(self.factors):
            theta, x = factor.by_input()
            params.append(map_blocks(partial(operator.matmul, after), theta))
            after = after @ x
        return tuple(reversed(params)), after

    @property
    def wrt_input(self) -> Jacobian:
        """∂y/∂x as the product of its factors, the outermost first."""
        return self.by_input()[1]

    def absorbed_by(self, second: Jacobian) -> "Chain":
        return self.then(second)

    def then(self, outer: Jacobian, name: str = "", node: str = "D") -> "Chain":
        """The chain with one more factor, of a function without parameters (a divergence) after the rest."""
        name = name or type(outer).__name__
        while node in self.nodes:
            node += "'"
        factor = BlockRow(((), outer))
        return Chain((*self.factors, factor), (*self.names, name), (*self.nodes, node))

    def replace(self, node: str, factor: Any) -> "Chain":
        first, _, inside = node.partition(".")
        if first not in self.nodes[1:]:
            raise KeyError(f"no node {first!r}: expected one of {', '.join(self.nodes[1:])}")
        k = self.nodes.index(first) - 1
        if inside:
            new = self.factors[k].replace(inside, factor)
        else:
            theta, old = self.factors[k].by_input()
            new = BlockRow((theta, factor if isinstance(factor, Jacobian) else factor(old)))
        return replace(self, factors=(*self.factors[:k], new, *self.factors[k + 1 :]))

    def cotangents(self, y_bar: Any) -> dict[str, Any]:
        """The cotangent at every node, from the output back to the input x, by the node's name."""
        return dict(self._walk(y_bar, ""))

    def _walk(self, y_bar: Any, prefix: str) -> Iterator[tuple[str, Any]]:
        for node, factor in zip(reversed(self.nodes[1:]), reversed(self.factors), strict=True):
            yield prefix + node, y_bar
            for part in terms(factor):  # of a residual block, what it goes around
                if isinstance(part, Chain):
                    inside = part._walk(y_bar, f"{prefix}{node}.")
                    yield from list(inside)[1:-1]  # its ends are this chain's own nodes
            _, y_bar = y_bar @ factor
        yield prefix + self.nodes[0], y_bar

    def __repr__(self) -> str:
        """One line a factor: the nodes it joins, the layer's name, and ∂(its output)/∂(its input)."""
        edges = [f"{a} → {b}" for a, b in pairwise(self.nodes)]
        width, name = max(map(len, edges)), max(map(len, self.names))
        lines = [
            f"  {edge:<{width}}  {layer:<{name}}  {factor.by_input()[1]!r}"
            for edge, layer, factor in zip(edges, self.names, self.factors, strict=True)
        ]
        return "\n".join([f"Chain of {len(edges)} factors", *lines])
