"""J = I and J = diag(d): what an elementwise function has."""

import jax.numpy as jnp
from jaxtyping import Array, Float

from functional_bp.jacobians.base import AnyArray, Jacobian, Shape, static


class Identity(Jacobian):
    """J = I, of an input of shape `core`: y_bar @ J = y_bar."""

    core: tuple[int, ...] = static()
    is_square = True

    @property
    def shape(self) -> Shape:
        return Shape((), self.core, self.core)

    def vjp(self, y_bar: Float[AnyArray, "*batch_core"]) -> Float[Array, "*batch_core"]:
        return jnp.asarray(y_bar)

    def jvp(self, z_dot: Float[AnyArray, "*batch_core"]) -> Float[Array, "*batch_core"]:
        return jnp.asarray(z_dot)


class Diagonal(Jacobian):
    """J = diag(d), J_ij = δ_ij d_i: y_bar @ J = ȳ ⊙ d. It is its own transpose."""

    d: Float[Array, "*batch n"]
    is_square = True

    @property
    def shape(self) -> Shape:
        *batch, n = self.d.shape
        return Shape(tuple(batch), (n,), (n,))

    def vjp(self, y_bar: Float[AnyArray, "*#batch n"]) -> Float[Array, "*_ n"]:
        y_bar, d = jnp.broadcast_arrays(y_bar, self.d)
        return y_bar * d

    def jvp(self, z_dot: Float[AnyArray, "*#batch n"]) -> Float[Array, "*_ n"]:
        return z_dot @ self

    def to_dense(self) -> Float[Array, "*batch n n"]:
        unit = jnp.eye(self.d.shape[-1], dtype=self.d.dtype)
        return jnp.einsum("...i,ij->...ij", self.d, unit)
