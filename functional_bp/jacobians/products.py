"""What products have: of pairs, and of powers with respect to the exponents."""

import jax.numpy as jnp
from jaxtyping import Array, Float

from functional_bp.jacobians.base import AnyArray, Jacobian, Shape


class PairProduct(Jacobian[Array]):
    """J of y_i = u_i v_i, the input being u_1, v_1, u_2, v_2, …: y_bar @ J = (ȳ_1 v_1, ȳ_1 u_1, …).

    `partners` is the input with each pair exchanged: the derivative with respect to one is the other.
    """

    partners: Float[Array, "*batch m 2"]

    @property
    def shape(self) -> Shape:
        *batch, m, _ = self.partners.shape
        return Shape(tuple(batch), (m,), (2 * m,))

    def vjp(self, y_bar: Float[AnyArray, "*batch m"]) -> Float[Array, "*batch 2*m"]:
        z_bar = y_bar[..., None] * self.partners
        return jnp.reshape(z_bar, (*y_bar.shape[:-1], 2 * y_bar.shape[-1]))


class OwnColumn(Jacobian[Array]):
    """J_i,(ji′) = δ_ii′ L_ji: output i depends on column i of a matrix alone. y_bar @ J = L diag(ȳ)."""

    L: Float[Array, "*batch n m"]

    @property
    def shape(self) -> Shape:
        *batch, n, m = self.L.shape
        return Shape(tuple(batch), (m,), (n, m))

    def vjp(self, y_bar: Float[AnyArray, "*batch m"]) -> Float[Array, "*batch n m"]:
        return jnp.einsum("...i,...ji->...ji", y_bar, self.L)

    def jvp(self, z_dot: Float[AnyArray, "*batch n m"]) -> Float[Array, "*batch m"]:
        return jnp.einsum("...ji,...ji->...i", self.L, z_dot)
