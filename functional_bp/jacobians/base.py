"""The Jacobian is a value: a linear map that knows its structure and holds what the backward pass needs."""

import dataclasses
import math
from abc import ABC, abstractmethod
from typing import Any, ClassVar, NamedTuple, dataclass_transform

import jax
import jax.numpy as jnp
import numpy as np

AnyArray = jax.Array | np.ndarray


class Size(tuple[int, ...]):
    """The shape of one array in a tree of shapes: a leaf there, where a bare tuple would be a branch."""


class Shape(NamedTuple):
    """`batch`: the leading axes of the data; `outputs`, `inputs`: the shapes of one example's y and x.

    Of several inputs (`BlockRow`, `Chain`) or outputs (`BlockColumn`) they are trees of `Size`.
    """

    batch: tuple[int, ...]
    outputs: Any
    inputs: Any


def static(default: Any = dataclasses.MISSING) -> Any:
    """A field of a Jacobian that is no array: part of the structure, constant under jit."""
    return dataclasses.field(default=default, metadata={"static": True})


@dataclass_transform(frozen_default=True, field_specifiers=(static, dataclasses.field))
class Jacobian(ABC):
    """J[out, in] = ∂y[out]/∂x[in], one matrix for each example of the batch.

    `y_bar @ J` is the vjp, `J @ z_dot` the jvp, `J2 @ J1` the chain rule, `J1 + J2` a fan-out, and
    `J.to_dense()` the array that a textbook prints, per example: "*batch *out *in".

    A subclass is by itself a frozen dataclass and a pytree. It names its arrays and writes two things: its
    `shape` and `vjp`, the product ȳ J. Everything else follows from linearity, and is written only where the
    structure knows a shorter way.
    """

    __array_ufunc__ = None  # a NumPy array on the left then defers to ours
    is_square: ClassVar[bool] = False  # the structure allows n×n alone: one size is printed

    def __init_subclass__(cls) -> None:
        register_pytree(dataclasses.dataclass(frozen=True, eq=False, repr=False)(cls))

    @property
    @abstractmethod
    def shape(self) -> Shape:
        """The batch axes of the data, and the shapes of one example's output and input."""

    @abstractmethod
    def vjp(self, y_bar: Any) -> Any:
        """x̄ = ȳ J, of the input's own shape; an input shared by the batch gets the sum over the batch."""

    def __rmatmul__(self, y_bar: Any) -> Any:
        """`y_bar @ J` is the cotangent x̄ = ȳ J; a ValueError if ȳ has not the shape of y."""
        outputs, shape = self.shape.outputs, jnp.shape(y_bar) if is_plain(self.shape.outputs) else None
        if shape is not None and shape[max(len(shape) - len(outputs), 0) :] != outputs:
            raise ValueError(f"y_bar @ {self}: y_bar must end in the shape {times(outputs)} of the output, got {shape}")
        return self.vjp(y_bar)

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
        n = math.prod(inputs)
        units = jnp.eye(n, dtype=self.dtype).reshape(n, *inputs)
        columns = jax.vmap(lambda e: self @ jnp.broadcast_to(e, (*batch, *inputs)), out_axes=-1)(units)
        return jax.tree.map(lambda column: column.reshape(*column.shape[:-1], *inputs), columns)

    def as_row(self) -> Any:
        """The same map as a `BlockRow`, for those of several inputs."""
        raise TypeError(f"{self} has one input, not a row of blocks")

    @property
    def shares_input(self) -> bool:
        """Whether the whole batch has one input (a weight), so that y_bar @ J sums over the batch."""
        batch, outputs, inputs = self.shape
        outputs = Size(outputs) if is_plain(outputs) else outputs
        y_bar = jax.tree.map(lambda size: jax.ShapeDtypeStruct((*batch, *size), self.dtype), outputs)
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


def register_pytree(cls: type) -> None:
    """Arrays are children, static fields are structure. Rebuilding skips the constructor and its shape checks: JAX
    puts what it likes (shapes, masks, bare objects) in the place of arrays."""
    fields = dataclasses.fields(cls)
    children = [field.name for field in fields if not field.metadata.get("static")]
    constants = [field.name for field in fields if field.metadata.get("static")]

    def flatten_with_keys(J: Any) -> tuple[list[Any], tuple[Any, ...]]:
        keyed = [(jax.tree_util.GetAttrKey(name), getattr(J, name)) for name in children]
        return keyed, tuple(getattr(J, name) for name in constants)

    def unflatten(values: tuple[Any, ...], arrays: Any) -> Any:
        J = object.__new__(cls)
        for name, value in zip(children + constants, (*arrays, *values), strict=True):
            object.__setattr__(J, name, value)
        return J

    jax.tree_util.register_pytree_with_keys(cls, flatten_with_keys, unflatten)


def times(shape: Any) -> str:
    """A shape as it is read: (3, 4) is "(3×4)", (10,) is "10", () is "1", a tree of shapes a list."""
    if is_plain(shape):
        sizes = "×".join(map(str, shape)) or "1"
        return f"({sizes})" if len(shape) > 1 else sizes
    return "[" + ", ".join(map(times, jax.tree.leaves(shape))) + "]"


def is_plain(shape: Any) -> bool:
    """Whether it is the shape of one array, not a tree of shapes."""
    return isinstance(shape, tuple) and all(isinstance(size, int) for size in shape)


def is_jacobian(node: Any) -> bool:
    return isinstance(node, Jacobian)
