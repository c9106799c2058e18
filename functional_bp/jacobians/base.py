"""The Jacobian is a value: a linear map that knows its structure and holds what the backward pass needs."""

import dataclasses
import math
import operator
from abc import ABC, abstractmethod
from collections.abc import Callable
from functools import partial, reduce
from itertools import pairwise
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar, dataclass_transform, overload

import jax
import jax.numpy as jnp
import numpy as np

from functional_bp.jacobians.multiplication import cheapest_product
from functional_bp.jacobians.shape import (
    Shape,
    Size,
    after_each_other,
    axes_of,
    beside,
    core,
    is_plain,
    is_size,
    leaf,
    times,
)

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
        return compose(self, right) if isinstance(right, Jacobian) else self.jvp(right)

    def __add__(self, other: "Jacobian") -> "Jacobian[X]":
        """The Jacobian of y = f(x) + g(x)."""
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
        return Transposed(self)

    def scaled(self, c: Any) -> "Jacobian[X]":
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
    return jnp.broadcast_to(dense, (*jnp.broadcast_shapes(batch, dense.shape[: dense.ndim - len(entries)]), *entries))


# --- products -------------------------------------------------------------------------------------------------------


class Composed(Jacobian):
    """J of y = f_k(… f_1(x)): y_bar @ J multiplies from the left, J @ z_dot from the right.

    `factors` stand as they are written: the outermost function's first.
    """

    factors: tuple[Jacobian, ...]

    @property
    def shape(self) -> Shape:
        shapes = [factor.shape for factor in reversed(self.factors)]
        batch = after_each_other(shapes, [shape.inputs for shape in shapes])
        first, last = shapes[0], shapes[-1]
        inputs = first.inputs if first.inputs is None else core_unless_shared(self.factors[-1], first, batch)
        return Shape(batch, core(last.outputs, last, batch), inputs)

    def vjp(self, y_bar: Any) -> Any:
        for factor in self.factors:
            y_bar = y_bar @ factor
        return y_bar

    def jvp(self, z_dot: Any) -> Any:
        for factor in reversed(self.factors):
            z_dot = factor @ z_dot
        return z_dot

    def to_dense(self) -> Any:
        """The product of all factors, multiplied in the order that costs least."""
        shape = self.shape
        if not is_plain(shape.inputs):
            return dense_blocks(self.by_input(), self.dtype, shape.batch)
        if self.multiplies_as_matrices:
            return in_front(cheapest_product(self.factors), shape.batch, shape)
        return super().to_dense()

    @property
    def multiplies_as_matrices(self) -> bool:
        """Whether each factor is an array and takes what the next one gives; else axes of the batch lie in a core."""
        shapes = [factor.shape for factor in self.factors]
        plain = all(is_plain(shape.inputs) and is_plain(shape.outputs) for shape in shapes)
        return plain and all(a.inputs == b.outputs for a, b in pairwise(shapes))

    def by_input(self) -> Any:
        *outer, last = self.factors
        return map_blocks(partial(operator.matmul, Composed(tuple(outer))), last.by_input())

    def __repr__(self) -> str:
        return " @ ".join(f"({J!r})" if isinstance(J, Sum) else repr(J) for J in self.factors)


def core_unless_shared(J: Jacobian, shape: Shape, batch: tuple[int, ...]) -> Any:
    return shape.inputs if J.is_shared or not is_plain(shape.inputs) else core(shape.inputs, shape, batch)


def compose(second: Jacobian, first: Jacobian) -> Jacobian:
    """J_2 @ J_1, simplified where one of them knows how: I vanishes, diagonal times diagonal is diagonal."""
    inner, outer = second.shape, first.shape
    if not fits(inner.inputs, outer.outputs, outer.batch, inner.batch):
        raise ValueError(
            f"cannot compose {second} @ {first}: the left takes an input of shape {times(inner.inputs)}, "
            f"the right gives an output of shape {times(outer.outputs)}"
        )
    *outer_factors, last = factors_of(second)
    whole = last.absorbs(first) if last.absorbs(first) is not None else first.absorbed_by(second)
    if whole is not None and not outer_factors:
        return whole
    factors = [*outer_factors, last]
    for factor in factors_of(first):
        factors = [*factors[:-1], *product(factors[-1], factor)]
    return factors[0] if len(factors) == 1 else Composed(tuple(factors))


def product(second: Jacobian, first: Jacobian) -> tuple[Jacobian, ...]:
    """The factors that J_2 @ J_1 is written with: one where it simplifies, else both."""
    whole = second.absorbs(first)
    whole = first.absorbed_by(second) if whole is None else whole
    return (second, first) if whole is None else (whole,)


def factors_of(J: Jacobian) -> tuple[Jacobian, ...]:
    return J.factors if isinstance(J, Composed) else (J,)


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


# --- sums -----------------------------------------------------------------------------------------------------------


class Sum(Jacobian):
    """J of y = f_1(x) + f_2(x) + …: y_bar @ J = Σ_k ȳ J_k."""

    terms: tuple[Jacobian, ...]

    @property
    def shape(self) -> Shape:
        shapes = [term.shape for term in self.terms]
        batch = beside(shapes)
        longest = max(shapes, key=lambda shape: axes_of(shape.outputs))
        inputs = reduce(partial(add_trees, add=longer), [leaf(shape.inputs) for shape in shapes])
        return Shape(batch, core(longest.outputs, longest, batch), inputs)

    def vjp(self, y_bar: Any) -> Any:
        return reduce(add_trees, [y_bar @ term for term in self.terms])

    def jvp(self, z_dot: Any) -> Any:
        return reduce(add_trees, [term @ z_dot for term in self.terms])

    def to_dense(self) -> Any:
        """The terms' sum; I, which has no dtype of its own, takes that of the others."""
        if not is_plain(self.shape.inputs):
            return dense_blocks(self.by_input(), self.dtype, self.shape.batch)
        if len({term.shape[1:] for term in self.terms}) > 1:
            return super().to_dense()
        dense = [jax.tree.map(lambda leaf: leaf.astype(self.dtype), term.to_dense()) for term in self.terms]
        return reduce(add_trees, dense)

    def by_input(self) -> Any:
        return reduce(add_trees, [term.by_input() for term in self.terms])

    def replace(self, node: str, factor: Any) -> "Sum":
        """In the last term that is no row: of a residual block, what it goes around."""
        return Sum((*self.terms[:-1], self.terms[-1].replace(node, factor)))

    def __repr__(self) -> str:
        return " + ".join(map(repr, self.terms))


def longer(a: Size, b: Size) -> Size:
    return max(a, b, key=len)


def add(first: Jacobian, second: Jacobian) -> Jacobian:
    """J_1 + J_2, simplified where the first knows how: two diagonals of one shape are one diagonal."""
    for a, b in zip(first.shape[1:], second.shape[1:], strict=True):
        if is_plain(a) and is_plain(b) and not fits(a, b, second.shape.batch, first.shape.batch):
            raise ValueError(f"cannot add {first} and {second}: a sum needs equal shapes")
    whole = first.merged(second)
    return Sum((*terms(first), *terms(second))) if whole is None else whole


def terms(J: Jacobian) -> tuple[Jacobian, ...]:
    """What J is the sum of: itself, if it is none."""
    return J.terms if isinstance(J, Sum) else (J,)


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


class Part(Jacobian):
    """J of several inputs with respect to one of them, the k-th leaf: y_bar @ Part(J) is that leaf of ȳ J."""

    J: Jacobian
    k: int = static()

    @property
    def shape(self) -> Shape:
        batch, outputs, inputs = self.J.shape
        return Shape(batch, outputs, jax.tree.leaves(inputs, is_leaf=is_size)[self.k])

    def vjp(self, y_bar: Any) -> Any:
        structure = jax.tree.structure(self.J.shape.inputs, is_leaf=is_size)
        return structure.flatten_up_to(y_bar @ self.J)[self.k]

    def jvp(self, z_dot: Any) -> Any:
        structure = jax.tree.structure(self.J.shape.inputs, is_leaf=is_size)
        zeros = [jnp.zeros(x.shape, x.dtype) for x in structure.flatten_up_to(self.J.input_types())]
        return self.J @ structure.unflatten([*zeros[: self.k], z_dot, *zeros[self.k + 1 :]])

    def __repr__(self) -> str:
        return f"Part({self.J!r})"


# --- multiples and transposes ---------------------------------------------------------------------------------------


class Scaled(Jacobian):
    """J of c f(x): y_bar @ J = c (ȳ J_f)."""

    c: Any
    J: Jacobian

    @property
    def shape(self) -> Shape:
        return self.J.shape

    def times(self, tree: Any) -> Any:
        return jax.tree.map(lambda leaf: self.c.astype(leaf.dtype) * leaf, tree)

    def vjp(self, y_bar: Any) -> Any:
        return self.times(y_bar @ self.J)

    def jvp(self, z_dot: Any) -> Any:
        return self.times(self.J @ z_dot)

    def to_dense(self) -> Any:
        return self.times(self.J.to_dense())

    def by_input(self) -> Any:
        return map_blocks(lambda block: self.c * block, self.J.by_input())

    def scaled(self, c: Any) -> Jacobian:
        return Scaled(c * self.c, self.J)

    def __repr__(self) -> str:
        return f"Scaled({self.J!r})"


class Transposed(Jacobian):
    """Jᵀ: x_dot @ Jᵀ is J x_dot, and Jᵀ @ y_bar is ȳ J."""

    J: Jacobian

    @property
    def shape(self) -> Shape:
        batch, outputs, inputs = self.J.shape
        return Shape(batch, inputs, outputs)

    @property
    def T(self) -> Jacobian:
        return self.J

    def vjp(self, y_bar: Any) -> Any:
        return self.J @ y_bar

    def jvp(self, z_dot: Any) -> Any:
        return z_dot @ self.J

    def to_dense(self) -> Any:
        """The dense array of J with the output's and the input's axes exchanged."""
        if not (is_plain(self.J.shape.outputs) and is_plain(self.J.shape.inputs)):
            raise TypeError(f"{self}: only what has one input and one output is written dense")
        dense, (_, outputs, inputs) = self.J.to_dense(), self.J.shape
        m, n = len(outputs), len(inputs)
        front = dense.ndim - m - n
        axes = (*range(front), *range(front + m, front + m + n), *range(front, front + m))
        return dense.transpose(axes)

    def __repr__(self) -> str:
        return f"Transposed({self.J!r})"
