"""Trees of Jacobians and of cotangents: mapped, written dense, added leaf by leaf."""

import operator
from collections.abc import Callable
from functools import partial, reduce
from typing import Any

import jax
import jax.numpy as jnp

from functional_bp.jacobians.base import AnyArray, Jacobian
from functional_bp.jacobians.shape import Shape, Size, axes_of, is_plain


def is_jacobian(node: Any) -> bool:
    return isinstance(node, Jacobian)


def map_blocks(function: Callable[[Jacobian], Any], blocks: Any) -> Any:
    """The tree of function(block)."""
    return jax.tree.map(function, blocks, is_leaf=is_jacobian)


def dense_blocks(blocks: Any, dtype: Any, batch: tuple[int, ...]) -> Any:
    """Each block dense: what is equal for every example has the batch's axes in front too."""

    def dense(block: Jacobian) -> Any:
        written = in_front(block.to_dense(), batch, block.shape)
        return jax.tree.map(lambda leaf: leaf.astype(dtype), written)

    return map_blocks(dense, blocks)


def in_front(dense: Any, batch: tuple[int, ...], shape: Shape) -> Any:
    """The dense array of a Jacobian of that shape with all axes of a batch in front."""
    if not is_plain(shape.inputs) or not is_plain(shape.outputs):
        return dense
    entries = dense.shape[len(dense.shape) - axes_of(shape.outputs) - axes_of(shape.inputs) :]
    own = dense.shape[: dense.ndim - len(entries)]
    if len(own) > len(batch):  # what follows the batch's own axes is the core's
        return dense
    return jnp.broadcast_to(dense, (*jnp.broadcast_shapes(batch, own), *entries))


def longer(a: Size, b: Size) -> Size:
    return max(a, b, key=len)


def sum_broadcast(arrays: list[Any]) -> Any:
    """Σ_k of arrays, some of which may lack the batch axes."""
    return reduce(operator.add, jnp.broadcast_arrays(*arrays))


def add_leaves(a: Any, b: Any) -> Any:
    return sum_broadcast([a, b]) if isinstance(a, AnyArray) else a + b


def add_trees(a: Any, b: Any, add: Callable[[Any, Any], Any] = add_leaves) -> Any:
    """Trees of cotangents (or of Jacobians, or of sizes) added leaf by leaf; None stands for no dependence."""
    if a is None or b is None:
        return b if a is None else a
    if isinstance(a, Jacobian | Size) or is_formal_sum(a) or jax.tree.structure(a) == jax.tree.structure(0):
        return add(a, b)
    parts, structure = jax.tree.flatten(a, is_leaf=lambda node: node is not a)
    return structure.unflatten(map(partial(add_trees, add=add), parts, structure.flatten_up_to(b)))


def is_formal_sum(node: Any) -> bool:
    """Of what is added by its own + though it is a tree: `Unsummed`."""
    return getattr(node, "is_formal_sum", False)
