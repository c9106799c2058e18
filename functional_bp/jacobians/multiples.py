"""Multiples, transposes, and one input out of several."""

from typing import Any

import jax
import jax.numpy as jnp

from functional_bp.jacobians.base import Jacobian, static
from functional_bp.jacobians.shape import Shape, is_plain, is_size
from functional_bp.jacobians.trees import map_blocks


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
