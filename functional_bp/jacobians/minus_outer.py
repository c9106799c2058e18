"""Rank-one corrections: what softmax and log-softmax have."""

import jax.numpy as jnp
from jaxtyping import Array, Float

from functional_bp.jacobians.base import AnyArray, Jacobian, Shape


class DiagonalMinusOuter(Jacobian[Array]):
    """J = diag(y) − y yᵀ with Σ y = 1: y_bar @ J = y ⊙ (ȳ − Σ_j ȳ_j y_j). Symmetric; its rows sum to 0.

    So a number taken from all of ȳ changes nothing. That which stands where y is largest is taken: where y is nearly 1
    there, ȳ − Σ ȳ y is a small difference of large numbers, and 0 − Σ ȳ y of what is left is not.
    """

    y: Float[Array, "*batch n"]
    is_square = True

    @property
    def shape(self) -> Shape:
        *batch, n = self.y.shape
        return Shape(tuple(batch), (n,), (n,))

    def vjp(self, y_bar: Float[AnyArray, "*batch n"]) -> Float[Array, "*batch n"]:
        y_bar, y = jnp.broadcast_arrays(y_bar, self.y)
        if not y.shape[-1]:
            return y
        bar = y_bar - jnp.take_along_axis(y_bar, y.argmax(-1, keepdims=True), -1)
        return y * (bar - (bar * y).sum(-1, keepdims=True))

    def as_written(self, y_bar: Float[AnyArray, "*batch n"]) -> Float[Array, "*batch n"]:
        """y ⊙ (ȳ − Σ_j ȳ_j y_j) term by term, as books and most programs have it: less precise where y is nearly 1."""
        return self.y * (y_bar - (y_bar * self.y).sum(-1, keepdims=True))

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
