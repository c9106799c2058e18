"""Rank-one corrections: what softmax and log-softmax have."""

import jax.numpy as jnp
from jaxtyping import Array, Float

from functional_bp.jacobians.base import AnyArray, Jacobian, Shape


class DiagonalMinusOuter(Jacobian[Array]):
    """J = diag(y) − y yᵀ: y_bar @ J = y ⊙ (ȳ − Σ_j ȳ_j y_j). Symmetric; for Σ y = 1 its rows sum to 0."""

    y: Float[Array, "*batch n"]
    is_square = True

    @property
    def shape(self) -> Shape:
        *batch, n = self.y.shape
        return Shape(tuple(batch), (n,), (n,))

    def vjp(self, y_bar: Float[AnyArray, "*batch n"]) -> Float[Array, "*batch n"]:
        mean = jnp.einsum("...j,...j->...", y_bar, self.y)
        return self.y * (y_bar - mean[..., None])

    def jvp(self, z_dot: Float[AnyArray, "*batch n"]) -> Float[Array, "*batch n"]:
        return z_dot @ self


class IdentityMinusRows(Jacobian[Array]):
    """J = I − 1 yᵀ, J_ij = δ_ij − y_j: y_bar @ J = ȳ − (Σ_i ȳ_i) y."""

    y: Float[Array, "*batch n"]
    is_square = True

    @property
    def shape(self) -> Shape:
        *batch, n = self.y.shape
        return Shape(tuple(batch), (n,), (n,))

    def vjp(self, y_bar: Float[AnyArray, "*batch n"]) -> Float[Array, "*batch n"]:
        y_bar = jnp.asarray(y_bar)
        return y_bar - y_bar.sum(-1, keepdims=True) * self.y
