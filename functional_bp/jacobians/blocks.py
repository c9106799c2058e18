"""Several inputs stand beside each other, several outputs below each other."""

import operator
from collections.abc import Callable
from functools import partial, reduce
from typing import Any

import jax
import jax.numpy as jnp

from functional_bp.jacobians.base import Jacobian, Shape, Size, is_jacobian, is_plain


def is_block(node: Any) -> bool:
    return node is None or isinstance(node, Jacobian)


class BlockRow(Jacobian):
    """J = [J_1 J_2 …] of y = f(x_1, x_2, …): y_bar @ J is the tree of ȳ J_k; J @ z_dot = Σ_k J_k ż_k.

    `blocks` is any tree of Jacobians, and the cotangents come as that very tree. A None in the place of a
    block says that y does not depend on that input; its cotangent is None.
    """

    blocks: Any

    @property
    def shape(self) -> Shape:
        shapes = [block.shape for block in jax.tree.leaves(self.blocks, is_leaf=is_jacobian)]
        inputs = map_blocks(lambda block: leaf(block.shape.inputs), self.blocks)
        return Shape(common_batch(shapes), shapes[0].outputs, inputs)

    def vjp(self, y_bar: Any) -> Any:
        return map_blocks(lambda block: y_bar @ block, self.blocks)

    def jvp(self, z_dot: Any) -> Any:
        blocks, structure = jax.tree.flatten(self.blocks, is_leaf=is_block)
        pairs = zip(blocks, structure.flatten_up_to(z_dot), strict=True)
        return sum_broadcast([block @ part for block, part in pairs if block is not None])

    def to_dense(self) -> Any:
        dense = map_blocks(lambda block: block.to_dense(), self.blocks)
        return jax.tree.map(lambda leaf: leaf.astype(self.dtype), dense)

    def as_row(self) -> "BlockRow":
        return self

    def __repr__(self) -> str:
        return f"BlockRow({self.blocks!r})"


class BlockColumn(Jacobian):
    """J = [J_1; J_2; …] of (f_1(x), f_2(x), …): y_bar @ J = Σ_k ȳ_k J_k; J @ z_dot is the tree of J_k ż."""

    blocks: Any

    @property
    def shape(self) -> Shape:
        shapes = [block.shape for block in jax.tree.leaves(self.blocks, is_leaf=is_jacobian)]
        outputs = map_blocks(lambda block: leaf(block.shape.outputs), self.blocks)
        return Shape(common_batch(shapes), outputs, shapes[0].inputs)

    def vjp(self, y_bar: Any) -> Any:
        blocks, structure = jax.tree.flatten(self.blocks, is_leaf=is_jacobian)
        pairs = zip(structure.flatten_up_to(y_bar), blocks, strict=True)
        return reduce(add_trees, [part @ block for part, block in pairs if part is not None])

    def jvp(self, z_dot: Any) -> Any:
        return map_blocks(lambda block: block @ z_dot, self.blocks)

    def to_dense(self) -> Any:
        return map_blocks(lambda block: block.to_dense(), self.blocks)

    def __repr__(self) -> str:
        return f"BlockColumn({self.blocks!r})"


def leaf(shape: Any) -> Any:
    return Size(shape) if is_plain(shape) else shape


def map_blocks(function: Callable[[Jacobian], Any], blocks: Any) -> Any:
    """The tree of function(block)."""
    return jax.tree.map(function, blocks, is_leaf=is_jacobian)


def common_batch(shapes: list[Shape]) -> tuple[int, ...]:
    """The batch axes of data that belong together; shared data (weights) have none."""
    return jnp.broadcast_shapes(*(shape.batch for shape in shapes))


def sum_broadcast(arrays: list[Any]) -> Any:
    """Σ_k of arrays, some of which may lack the batch axes."""
    return reduce(operator.add, jnp.broadcast_arrays(*arrays))


def add_leaves(a: Any, b: Any) -> Any:
    return a + b if isinstance(a, Jacobian) else sum_broadcast([a, b])


def add_trees(a: Any, b: Any, add: Callable[[Any, Any], Any] = add_leaves) -> Any:
    """Trees of cotangents (or of Jacobians) added leaf by leaf; None stands for no dependence."""
    if a is None or b is None:
        return b if a is None else a
    if isinstance(a, Jacobian) or jax.tree.structure(a) == jax.tree.structure(0):
        return add(a, b)
    parts, structure = jax.tree.flatten(a, is_leaf=lambda node: node is not a)
    return structure.unflatten(map(partial(add_trees, add=add), parts, structure.flatten_up_to(b)))
