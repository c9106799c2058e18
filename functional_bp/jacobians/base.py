"""The Jacobian is a value: a linear map that knows its structure and holds what the backward pass needs."""

import dataclasses
import math
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar, dataclass_transform, overload

import jax
import jax.numpy as jnp
import numpy as np

from functional_bp.jacobians.shape import Shape, Size, is_plain, is_size, leaf, times

if TYPE_CHECKING:
    from typing_extensions import TypeVar

    from functional_bp.jacobians.chain import Chain

    X = TypeVar("X", default=Any, covariant=True)  # what y_bar @ J is: a cotangent of the input's own tree
    Y = TypeVar("Y", default=Any)
else:
    X, Y = TypeVar("X", covariant=True), TypeVar("Y")

AnyArray = jax.Array | np.ndarray


def static(default: Any = dataclasses.MISSING) -> Any:
    """A field of a Jacobian that is no array: part of the structure, constant under jit."""
    return dataclasses.field(default=default, metadata={"static": True})


@dataclass_transform(frozen_default=True, field_specifiers=(static, dataclasses.field))
class Jacobian(ABC, Generic[X]):
    """J[out, in] = ∂y[out]/∂x[in], one matrix for each example of the batch.

    `y_bar @ J` is the vjp, `J @ z_dot` the jvp, `J2 @ J1` the chain rule, `J1 + J2` a fan-out, and
    `J.to_dense()` the array that a textbook prints, per example: "*batch *out *in".

    A subclass is by itself a frozen dataclass and a pytree. It names its arrays and writes two things: its
    `shape` and `vjp`, the product ȳ J. Everything else follows from linearity, and is written only where the
    structure knows a shorter way.
    """

    # The methods that make a Jacobian of another class import it: it is a subclass.

    __array_ufunc__ = None  # a NumPy array on the left then defers to ours
    is_square: ClassVar[bool] = False  # the structure allows n×n alone: one size is printed
    is_shared: ClassVar[bool] = False  # the whole batch has one input, and y_bar @ J sums over it
    is_unit: ClassVar[bool] = False  # for each example J = I
    is_diagonal: ClassVar[bool] = False  # J = diag(d), and J.d is at hand

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        register_pytree(dataclasses.dataclass(frozen=True, eq=False, repr=False)(cls))

    @property
    @abstractmethod
    def shape(self) -> Shape:
        """The batch axes of the data, and the shapes of one example's output and input."""

    @abstractmethod
    def vjp(self, y_bar: Any) -> X:
        """x̄ = ȳ J, of the input's own shape; an input shared by the batch gets the sum over the batch."""

    def __rmatmul__(self, y_bar: Any) -> X:
        """`y_bar @ J` is the cotangent x̄ = ȳ J; a ValueError if ȳ has not the shape of y."""
        outputs, shape = self.shape.outputs, jnp.shape(y_bar) if is_plain(self.shape.outputs) else None
        if shape is not None and shape[max(len(shape) - len(outputs), 0) :] != outputs:
            raise ValueError(f"y_bar @ {self}: y_bar must end in the shape {times(outputs)} of the output, got {shape}")
        return self.vjp(y_bar)

    @overload
    def __matmul__(self, right: "Chain") -> "Chain": ...

    @overload
    def __matmul__(self, right: "Jacobian[Y]") -> "Jacobian[Y]": ...

    @overload
    def __matmul__(self, right: Any) -> jax.Array: ...

    def __matmul__(self, right: Any) -> Any:
        """`J2 @ J1` is the Jacobian of the composition, `J @ z_dot` the tangent ẏ = J ż."""
        from functional_bp.jacobians.composed import compose

        return compose(self, right) if isinstance(right, Jacobian) else self.jvp(right)

    def __add__(self, other: "Jacobian") -> "Jacobian[X]":
        """The Jacobian of y = f(x) + g(x)."""
        from functional_bp.jacobians.sums import add

        return add(self, other) if isinstance(other, Jacobian) else NotImplemented

    def __sub__(self, other: "Jacobian") -> "Jacobian[X]":
        return self + -other if isinstance(other, Jacobian) else NotImplemented

    def __neg__(self) -> "Jacobian[X]":
        return -1.0 * self

    def __rmul__(self, c: Any) -> "Jacobian[X]":
        """`c * J` is the Jacobian of c f(x), for a number c."""
        if jnp.ndim(c) != 0:
            raise ValueError(f"c * {self}: c must be a number, got an array of shape {jnp.shape(c)}")
        return self.scaled(c)

    __mul__ = __rmul__

    @property
    def T(self) -> "Jacobian":
        """The transpose: `x_dot @ J.T` is `J @ x_dot`, and `J.T @ y_bar` is `y_bar @ J`."""
        from functional_bp.jacobians.multiples import Transposed

        return Transposed(self)

    def scaled(self, c: Any) -> "Jacobian[X]":
        from functional_bp.jacobians.multiples import Scaled

        return Scaled(jnp.asarray(c, self.dtype), self)

    def replace(self, node: str, factor: Any) -> "Jacobian[X]":
        """The same Jacobian with another ∂(node)/∂(the node before it); the parameters' part stays.

        `J.replace("z2", Dense(B))` is feedback alignment, `J.replace("y1", Identity((n,)))` a straight-through
        estimator, `J.replace("y1", lambda old: …)` a function of the old one. A dotted name goes into nested chains,
        residual blocks, `repeat` (where the factor's arrays are stacked, or `Once`) and `recompute`. KeyError for
        another node.
        """
        raise KeyError(f"no node {node!r} in {self}")

    def absorbs(self, first: "Jacobian") -> "Jacobian | None":
        """What `self @ first` simplifies to, or None."""
        return None

    def absorbed_by(self, second: "Jacobian") -> "Jacobian | None":
        """What `second @ self` simplifies to, or None."""
        return None

    def merged(self, other: "Jacobian") -> "Jacobian | None":
        """What `self + other` simplifies to, or None."""
        return None

    def jvp(self, z_dot: Any) -> Any:
        """ẏ = J ż: the transpose of ȳ ↦ ȳ J."""
        batch, outputs, inputs = self.shape
        if is_plain(inputs):
            batch = jnp.shape(z_dot)[: jnp.ndim(z_dot) - len(inputs)] or batch
        dtype = jnp.result_type(*jax.tree.leaves(z_dot))
        y_bar = jax.tree.map(lambda size: jax.ShapeDtypeStruct((*batch, *size), dtype), leaf(outputs), is_leaf=is_size)
        (y_dot,) = jax.linear_transpose(lambda y_bar: y_bar @ self, y_bar)(z_dot)
        return y_dot

    def to_dense(self) -> Any:
        """The array "*batch *out *in", column by column: J e for every unit tangent e; of several outputs a tree of
        trees, one an input."""
        inputs = self.input_types()
        sizes, structure = jax.tree.flatten(leaf(self.shape.inputs), is_leaf=is_size)
        types = structure.flatten_up_to(inputs)

        def columns(k: int) -> Any:
            n = math.prod(sizes[k])
            units = jnp.eye(n, dtype=types[k].dtype).reshape(n, *sizes[k])
            zeros = [jnp.zeros(x.shape, x.dtype) for x in types]

            def column(unit: Any) -> Any:
                at = [*zeros[:k], jnp.broadcast_to(unit, types[k].shape), *zeros[k + 1 :]]
                return self @ structure.unflatten(at)

            dense = jax.vmap(column, out_axes=-1)(units)
            return jax.tree.map(lambda column: column.reshape(*column.shape[:-1], *sizes[k]), dense)

        by_input = [columns(k) for k in range(len(sizes))]
        outputs = jax.tree.structure(leaf(self.shape.outputs), is_leaf=is_size)
        rows = zip(*map(outputs.flatten_up_to, by_input), strict=True)
        return outputs.unflatten([structure.unflatten(row) for row in rows])

    def by_input(self) -> Any:
        """The same map as a tree of Jacobians, one an input, for those of several inputs."""
        sizes, structure = jax.tree.flatten(leaf(self.shape.inputs), is_leaf=is_size)
        from functional_bp.jacobians.multiples import Part

        if isinstance(leaf(self.shape.inputs), Size):
            raise TypeError(f"{self} has one input, not a row of blocks")
        return structure.unflatten([Part(self, k) for k in range(len(sizes))])

    def input_types(self) -> Any:
        """The types of x̄ = ȳ J: what the whole batch shares has no axes of the batch."""
        batch, outputs, _ = self.shape
        like = jax.tree.map(
            lambda size: jax.ShapeDtypeStruct((*batch, *size), self.dtype), leaf(outputs), is_leaf=is_size
        )
        return jax.eval_shape(lambda y_bar: y_bar @ self, like)

    @property
    def shares_input(self) -> bool:
        """Whether the whole batch has one input (a weight), so that y_bar @ J sums over the batch."""
        return bool(self.shape.batch) and self.input_types().shape == self.shape.inputs

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
