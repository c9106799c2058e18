"""J = I and J = diag(d): what an elementwise function has."""

from collections.abc import Callable
from typing import Any

import jax.numpy as jnp
from jaxtyping import Array, Float

from functional_bp.jacobians.base import AnyArray, Jacobian, Shape, static


class Identity(Jacobian[Array]):
    """J = I, of an input of shape `core`: y_bar @ J = y_bar. It is its own transpose.

    `batch` is only for `shape` and `to_dense()`.
    """

    core: tuple[int, ...] = static()
    batch: tuple[int, ...] = static(default=())
    is_square = True
    is_unit = True

    @property
    def shape(self) -> Shape:
        return Shape(self.batch, self.core, self.core)

    @property
    def T(self) -> "Identity":
        return self

    def absorbs(self, first: Jacobian) -> Jacobian | None:
        return first if first.shape.outputs == self.core else None

    def absorbed_by(self, second: Jacobian) -> Jacobian | None:
        return second if second.shape.inputs == self.core else None

    def vjp(self, y_bar: Float[AnyArray, "*batch_core"]) -> Float[Array, "*batch_core"]:
        return jnp.asarray(y_bar)

    def jvp(self, z_dot: Float[AnyArray, "*batch_core"]) -> Float[Array, "*batch_core"]:
        return jnp.asarray(z_dot)


class Diagonal(Jacobian[Array]):
    """J = diag(d), J_ij = δ_ij d_i: y_bar @ J = ȳ ⊙ d. It is its own transpose.

    Where all examples share d (a gain), `batch` names the axes that it lacks, for `shape` and `to_dense()` alone.
    """

    d: Float[Array, "*batch n"]
    batch: tuple[int, ...] = static(default=())
    is_square = True
    is_diagonal = True

    @property
    def shape(self) -> Shape:
        *batch, n = self.d.shape
        return Shape(tuple(batch) or self.batch, (n,), (n,))

    def vjp(self, y_bar: Float[AnyArray, "*#batch n"]) -> Float[Array, "*_ n"]:
        y_bar, d = jnp.broadcast_arrays(y_bar, self.d)
        return y_bar * d

    def jvp(self, z_dot: Float[AnyArray, "*#batch n"]) -> Float[Array, "*_ n"]:
        return z_dot @ self

    @property
    def T(self) -> "Diagonal":
        return self

    def absorbs(self, first: Jacobian) -> "Diagonal | None":
        return Diagonal(self.d @ first, self.batch or first.batch) if isinstance(first, Diagonal) else None

    def merged(self, other: Jacobian) -> "Diagonal | None":
        if isinstance(other, Diagonal) and self.d.shape == other.d.shape:
            return Diagonal(self.d + other.d, self.batch or other.batch)
        return None

    def to_dense(self) -> Float[Array, "*batch n n"]:
        n = self.d.shape[-1]
        d = jnp.broadcast_to(self.d, (*self.shape.batch, n))
        return jnp.einsum("...i,ij->...ij", d, jnp.eye(n, dtype=d.dtype))


class Elementwise(Jacobian[Array]):
    """J = diag(slope(at)): a diagonal as a formula of what is held anyway, the rule's input or output."""

    at: Float[Array, "*batch n"]
    slope: Callable[[Any], Any] = static()
    is_square = True
    is_diagonal = True

    @property
    def d(self) -> Float[Array, "*batch n"]:
        return self.slope(self.at)

    @property
    def shape(self) -> Shape:
        *batch, n = self.at.shape
        return Shape(tuple(batch), (n,), (n,))

    @property
    def T(self) -> "Elementwise":
        return self

    def vjp(self, y_bar: Float[AnyArray, "*#batch n"]) -> Float[Array, "*_ n"]:
        return y_bar @ Diagonal(self.d)

    def jvp(self, z_dot: Float[AnyArray, "*#batch n"]) -> Float[Array, "*_ n"]:
        return z_dot @ Diagonal(self.d)

    def to_dense(self) -> Float[Array, "*batch n n"]:
        return Diagonal(self.d).to_dense()
