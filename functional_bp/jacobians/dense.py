"""The unstructured cases: a full matrix, and the row vector that a divergence has."""

from typing import Any

import jax.numpy as jnp
from jaxtyping import Array, Float

from functional_bp.jacobians.base import AnyArray, Jacobian, Shape, static


class Dense(Jacobian[Array]):
    """J = A, A_ij = ∂y_i/∂x_j; the matrix has no batch axes where all examples share it (weights).

    `batch` names those axes then; it is only for `shape` and `to_dense()`.
    """

    A: Float[Array, "*batch m n"]
    batch: tuple[int, ...] = static(default=())

    @property
    def shape(self) -> Shape:
        *batch, m, n = self.A.shape
        return Shape(tuple(batch) or self.batch, (m,), (n,))

    def vjp(self, y_bar: Float[AnyArray, "*batch m"]) -> Float[Array, "*batch n"]:
        return jnp.einsum("...m,...mn->...n", y_bar, self.A)

    def jvp(self, z_dot: Float[AnyArray, "*batch n"]) -> Float[Array, "*batch m"]:
        return jnp.einsum("...mn,...n->...m", self.A, z_dot)

    def to_dense(self) -> Float[Array, "*batch m n"]:
        *_, m, n = self.A.shape
        return jnp.broadcast_to(self.A, (*self.shape.batch, m, n))


class RowVector(Jacobian[Array]):
    """J = g, the row ∂D/∂y_j of a number D: D̄ @ J = D̄ g, so ȳ is a row as long as y."""

    g: Float[Array, "*batch n"]

    @property
    def shape(self) -> Shape:
        *batch, n = self.g.shape
        return Shape(tuple(batch), (), (n,))

    def vjp(self, D_bar: Float[AnyArray, "*batch"] | float) -> Float[Array, "*batch n"]:
        return jnp.einsum("...,...n->...n", jnp.asarray(D_bar, self.g.dtype), self.g)

    def jvp(self, y_dot: Float[AnyArray, "*batch n"]) -> Float[Array, "*batch"]:
        return jnp.einsum("...n,...n->...", self.g, y_dot)

    def to_dense(self) -> Float[Array, "*batch n"]:
        return self.g


class Gradient(Jacobian[Array]):
    """J = G of a number with respect to one array of any shape: D̄ @ J = D̄ G. (`RowVector` is its case a vector has.)"""

    G: Float[Array, "*core"]

    @property
    def shape(self) -> Shape:
        return Shape((), (), self.G.shape)

    def vjp(self, D_bar: Any) -> Float[Array, "*core"]:
        return jnp.asarray(D_bar, self.G.dtype) * self.G

    def jvp(self, z_dot: Float[AnyArray, "*core"]) -> Float[Array, ""]:
        return (self.G * z_dot).sum()

    def to_dense(self) -> Float[Array, "*core"]:
        return self.G
