"""The inverse of a matrix, that is never written down: a product with it solves a system."""

from typing import Any

import jax.numpy as jnp
from jax.scipy.linalg import cho_solve, lu_solve
from jaxtyping import Array, Float

from functional_bp.jacobians.base import AnyArray, Jacobian, Shape, static


class Inverse(Jacobian):
    """J = A⁻¹ by the factors of A: P L U with the pivots of `lu_factor`, or without pivots Cholesky's L Lᵀ.

    The factors are in float32 at least, whatever ȳ is in.
    """

    factor: Float[Array, "*batch n n"]
    pivots: Any
    of_dtype: Any = static()
    is_square = True

    @property
    def dtype(self) -> Any:
        return self.of_dtype

    @property
    def shape(self) -> Shape:
        *batch, n, _ = self.factor.shape
        return Shape(tuple(batch), (n,), (n,))

    def vjp(self, y_bar: Float[AnyArray, "*batch n"]) -> Float[Array, "*batch n"]:
        return self.solved(y_bar, 1)

    def jvp(self, z_dot: Float[AnyArray, "*batch n"]) -> Float[Array, "*batch n"]:
        return self.solved(z_dot, 0)

    def solved(self, rhs: Any, transposed: int) -> Array:
        rhs = jnp.asarray(rhs)
        column = rhs.astype(self.factor.dtype)[..., None]
        if self.pivots is None:
            found = cho_solve((self.factor, True), column)
        else:
            found = lu_solve((self.factor, self.pivots), column, trans=transposed)
        return found[..., 0].astype(rhs.dtype)
