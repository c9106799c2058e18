"""Shapes of one example's output and input, and the batch axes in front of them."""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax import export


class Size(tuple[int, ...]):
    """The shape of one array in a tree of shapes: a leaf there, where a bare tuple would be a branch."""


class Shape(NamedTuple):
    """`batch`: the leading axes of the data; `outputs`, `inputs`: the shapes of one example's y and x.

    Of several inputs (`BlockRow`, `Chain`) or outputs (`BlockColumn`) they are trees of `Size`.
    """

    batch: tuple[int, ...]
    outputs: Any
    inputs: Any


def is_plain(shape: Any) -> bool:
    """Whether it is the shape of one array, not a tree of shapes; a size may be a symbol of `jax.export`."""
    return isinstance(shape, tuple) and all(isinstance(size, int) or export.is_symbolic_dim(size) for size in shape)


def is_size(node: Any) -> bool:
    return isinstance(node, Size)


def leaf(shape: Any) -> Any:
    """A shape as a node of a tree of shapes."""
    return Size(shape) if is_plain(shape) else shape


def times(shape: Any) -> str:
    """A shape as it is read: (3, 4) is "(3×4)", (10,) is "10", () is "1", a tree of shapes a list."""
    if is_plain(shape):
        sizes = "×".join(map(str, shape)) or "1"
        return f"({sizes})" if len(shape) > 1 else sizes
    return "[" + ", ".join(map(times, jax.tree.leaves(shape, is_leaf=is_size))) + "]"


# Time is one more batch axis to `affine` and a part of the core to `attention`. What is an axis of the batch to all
# factors of a product, or to all terms of a sum, is one of the whole; what is not belongs to the whole's core.


def axes_of(shape: Any) -> int:
    """How many axes an example has; of several arrays, the first."""
    return len(next(iter(jax.tree.leaves(leaf(shape), is_leaf=is_size)), ()))


def beside(shapes: list[Shape]) -> tuple[int, ...]:
    """The batch of what has one output: terms of a sum, blocks of a row. What all examples share has no batch."""
    axes = [axes_of(shape.outputs) for shape in shapes]
    return common_batch(shapes, [max(axes, default=0) - n for n in axes])


def after_each_other(shapes: list[Shape], inputs: list[Any]) -> tuple[int, ...]:
    """The batch of y = f_K(… f_1(x)), the shapes in the order of the forward pass; `inputs` are those of the x_k."""
    more = [0]
    for before, x in zip(shapes, inputs[1:], strict=False):
        more.append(more[-1] + axes_of(before.outputs) - axes_of(x))
    return common_batch(shapes, [n - min(more) for n in more])


def common_batch(shapes: list[Shape], more: list[int]) -> tuple[int, ...]:
    """The batches' common axes, where the last more[k] of shape k's batch belong to the core of another."""
    pairs = [(shape.batch, n) for shape, n in zip(shapes, more, strict=True) if shape.batch]
    return jnp.broadcast_shapes(*(batch[: max(len(batch) - n, 0)] for batch, n in pairs))


def core(sizes: Any, shape: Shape, batch: tuple[int, ...]) -> Any:
    """`sizes`, of one example of that shape, for one example of a shorter batch."""
    more = shape.batch[len(batch) :]
    if not more:
        return sizes
    extended = jax.tree.map(lambda size: Size((*more, *size)), leaf(sizes), is_leaf=is_size)
    return tuple(extended) if is_plain(extended) else extended


def fits(inner: Any, outer: Any, before: tuple[int, ...] = (), after: tuple[int, ...] = ()) -> bool:
    """Whether what one gives is what the other takes, where axes of either's batch may lie in the other's core.

    None, an input that nothing depends on, fits any output.
    """
    if inner is None or inner == outer:
        return True
    if is_plain(inner) and is_plain(outer):
        return extends(outer, before, inner) or extends(inner, after, outer)
    parts, structure = jax.tree.flatten(inner, is_leaf=lambda node: node is not inner)
    if structure != jax.tree.structure(outer, is_leaf=lambda node: node is not outer) or is_plain(inner):
        return False
    return all(fits(a, b, before, after) for a, b in zip(parts, structure.flatten_up_to(outer), strict=True))


def extends(core: tuple[int, ...], batch: tuple[int, ...], longer: tuple[int, ...]) -> bool:
    """Whether `longer` is the core with the last axes of its batch in front."""
    more = len(longer) - len(core)
    return 0 < more <= len(batch) and tuple(longer) == (*batch[len(batch) - more :], *core)
