"""Few nonzeros in every row, in known columns: what a maximum over subsets has."""

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from functional_bp.jacobians.base import AnyArray, Jacobian, Shape, static


class Selection(Jacobian[Array]):
    """J_j,columns[j,k] = weights_jk, else 0: y_bar @ J scatters ȳ_j weights_jk; `n` is the length of the input.

    Output j depends only on the inputs that `columns[j]` lists (a maximum: on its subset), each by its own weight. A
    column that stands twice in a row counts twice.
    """

    weights: Float[Array, "*batch m k"]
    columns: tuple[tuple[int, ...], ...] = static()
    n: int = static()

    @property
    def shape(self) -> Shape:
        *batch, m, _ = self.weights.shape
        return Shape(tuple(batch), (m,), (self.n,))

    def vjp(self, y_bar: Float[AnyArray, "*batch m"]) -> Float[Array, "*batch n"]:
        scattered = y_bar[..., None] * self.weights
        zeros = jnp.zeros((*y_bar.shape[:-1], self.n), scattered.dtype)
        return zeros.at[..., np.array(self.columns)].add(scattered)

    def jvp(self, z_dot: Float[AnyArray, "*batch n"]) -> Float[Array, "*batch m"]:
        return (self.weights * z_dot[..., np.array(self.columns)]).sum(-1)
