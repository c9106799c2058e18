"""The Jacobian is a value: a linear map that knows its structure and holds what the backward pass needs."""

import dataclasses
import math
from abc import ABC, abstractmethod
from typing import Any, ClassVar, NamedTuple, dataclass_transform

import jax
import jax.numpy as jnp


class Shape(NamedTuple):
    """`batch`: the leading axes of the data; `outputs`, `inputs`: the shapes of one example's y and x.

    Of several inputs (`BlockRow`, `Chain`) or outputs (`BlockColumn`) they are the trees of those shapes.
    """

    batch: tuple[int, ...]
    outputs: Any
    inputs: Any


def static() -> Any:
    """A field of a Jacobian that is no array: part of the structure, constant under jit."""
    return dataclasses.field(metadata={"static": True})


@dataclass_transform(frozen_default=True, field_specifiers=(static, dataclasses.field))
class Jacobian(ABC):
    """J[out, in] = ∂y[out]/∂x[in], one matrix for each example of the batch.

    `y_bar @ J` is the vjp, `J @ z_dot` the jvp, `J2 @ J1` the chain rule, `J1 + J2` a fan-out, and
    `J.to_dense()` the array that a textbook prints, per example: "*batch *out *in".

    A subclass is by itself a frozen dataclass and a pytree. It names its arrays and writes two things: its
    `shape` and the product `y_bar @ J`. Everything else follows from linearity, and is written only where
    the structure knows a shorter way.
    """

    __array_ufunc__ = None  # a NumPy array on the left then defers to __rmatmul__
    is_square: ClassVar[bool] = False  # the structure allows n×n alone: one size is printed

    def __init_subclass__(cls) -> None:
        jax.tree_util.register_dataclass(dataclasses.dataclass(frozen=True, eq=False, repr=False)(cls))

    @property
    @abstractmethod
    def shape(self) -> Shape:
        """The batch axes of the data, and the shapes of one example's output and input."""

    @abstractmethod
    def __rmatmul__(self, y_bar: Any) -> Any:
        """x̄ = ȳ J, of the input's own shape; an input shared by the batch gets the sum over the batch."""

    def __matmul__(self, right: Any) -> Any:
        """`J2 @ J1` is the Jacobian of the composition, `J @ z_dot` the tangent ẏ = J ż."""
        if not isinstance(right, Jacobian):
            return self.jvp(right)
        from functional_bp.jacobians.composed import compose

        return compose(self, right)

    def __add__(self, other: "Jacobian") -> "Jacobian":
        """The Jacobian of y = f(x) + g(x)."""
        from functional_bp.jacobians.sum import add

        return add(self, other)

    def jvp(self, z_dot: Any) -> Any:
        """ẏ = J ż: the transpose of ȳ ↦ ȳ J."""
        batch, outputs, inputs = self.shape
        batch = jnp.shape(z_dot)[: jnp.ndim(z_dot) - len(inputs)] or batch
        y_bar = jax.ShapeDtypeStruct((*batch, *outputs), jnp.result_type(z_dot))
        (y_dot,) = jax.linear_transpose(lambda y_bar: y_bar @ self, y_bar)(z_dot)
        return y_dot

    def to_dense(self) -> Any:
        """The array "*batch *out *in", column by column: J e for every unit tangent e."""
        batch, _, inputs = self.shape
        batch = () if self.shares_input else batch
        units = jnp.eye(math.prod(inputs), dtype=self.dtype).reshape(-1, *inputs)
        columns = jax.vmap(lambda e: self @ jnp.broadcast_to(e, (*batch, *inputs)), out_axes=-1)(units)
        return columns.reshape(*columns.shape[:-1], *inputs)

    def as_row(self) -> Any:
        """The same map as a `BlockRow`, for those of several inputs."""
        raise TypeError(f"{self} has one input, not a row of blocks")

    @property
    def shares_input(self) -> bool:
        """Whether the whole batch has one input (a weight), so that y_bar @ J sums over the batch."""
        batch, outputs, inputs = self.shape
        y_bar = jax.ShapeDtypeStruct((*batch, *outputs), self.dtype)
        return bool(batch) and jax.eval_shape(lambda y_bar: y_bar @ self, y_bar).shape == inputs

    @property
    def dtype(self) -> Any:
        """The dtype of the data; of a structure without data, JAX's default float."""
        floats = [leaf for leaf in jax.tree.leaves(self) if jnp.issubdtype(leaf.dtype, jnp.inexact)]
        return jnp.result_type(*floats) if floats else jnp.result_type(float)

    def __repr__(self) -> str:
        _, outputs, inputs = self.shape
        size = times(outputs) if self.is_square else f"{times(outputs)}×{times(inputs)}"
        return f"{type(self).__name__}({size})"


def times(shape: Any) -> str:
    """A shape as it is read: (3, 4) is "(3×4)", (10,) is "10", () is "1", a tree of shapes a list."""
    if isinstance(shape, tuple) and all(isinstance(size, int) for size in shape):
        sizes = "×".join(map(str, shape)) or "1"
        return f"({sizes})" if len(shape) > 1 else sizes
    leaves = jax.tree.leaves(shape, is_leaf=is_shape)
    return "[" + ", ".join(map(times, leaves)) + "]"


def is_shape(node: Any) -> bool:
    """Whether a node of a tree of shapes is one shape (an empty tuple is the shape of a number)."""
    return isinstance(node, tuple) and all(isinstance(size, int) for size in node)


def is_jacobian(node: Any) -> bool:
    return isinstance(node, Jacobian)
