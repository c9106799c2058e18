"""Several inputs stand beside each other, several outputs below each other."""

from functools import reduce
from typing import Any

import jax

from functional_bp.jacobians.base import Jacobian, X, add_trees, dense_blocks, is_jacobian, map_blocks
from functional_bp.jacobians.shape import Shape, axes_of, beside, core, leaf


def is_block(node: Any) -> bool:
    return node is None or isinstance(node, Jacobian)


class BlockRow(Jacobian[X]):
    """J = [J_1 J_2 …] of y = f(x_1, x_2, …): y_bar @ J is the tree of ȳ J_k; J @ z_dot = Σ_k J_k ż_k.

    `blocks` is any tree of Jacobians, and the cotangents come as that very tree. A None in the place of a
    block says that y does not depend on that input; its cotangent is None.
    """

    blocks: Any

    @property
    def shape(self) -> Shape:
        shapes = [block.shape for block in jax.tree.leaves(self.blocks, is_leaf=is_jacobian)]
        inputs = map_blocks(lambda block: leaf(block.shape.inputs), self.blocks)
        batch = beside(shapes)
        longest = max(shapes, key=lambda shape: axes_of(shape.outputs))
        return Shape(batch, core(longest.outputs, longest, batch), inputs)

    def vjp(self, y_bar: Any) -> Any:
        return map_blocks(lambda block: y_bar @ block, self.blocks)

    def jvp(self, z_dot: Any) -> Any:
        blocks, structure = jax.tree.flatten(self.blocks, is_leaf=is_block)
        pairs = zip(blocks, structure.flatten_up_to(z_dot), strict=True)
        return reduce(add_trees, [block @ part for block, part in pairs if block is not None])

    def to_dense(self) -> Any:
        return dense_blocks(self.blocks, self.dtype, self.shape.batch)

    def by_input(self) -> Any:
        return self.blocks

    def __repr__(self) -> str:
        return f"BlockRow({self.blocks!r})"


class BlockColumn(Jacobian[X]):
    """J = [J_1; J_2; …] of (f_1(x), f_2(x), …): y_bar @ J = Σ_k ȳ_k J_k; J @ z_dot is the tree of J_k ż."""

    blocks: Any

    @property
    def shape(self) -> Shape:
        shapes = [block.shape for block in jax.tree.leaves(self.blocks, is_leaf=is_jacobian)]
        outputs = map_blocks(lambda block: leaf(block.shape.outputs), self.blocks)
        return Shape(beside([Shape(s.batch, s.inputs, s.outputs) for s in shapes]), outputs, shapes[0].inputs)

    def vjp(self, y_bar: Any) -> Any:
        blocks, structure = jax.tree.flatten(self.blocks, is_leaf=is_jacobian)
        pairs = zip(structure.flatten_up_to(y_bar), blocks, strict=True)
        return reduce(add_trees, [part @ block for part, block in pairs if part is not None])

    def jvp(self, z_dot: Any) -> Any:
        return map_blocks(lambda block: block @ z_dot, self.blocks)

    def to_dense(self) -> Any:
        return dense_blocks(self.blocks, self.dtype, self.shape.batch)

    def __repr__(self) -> str:
        return f"BlockColumn({self.blocks!r})"
