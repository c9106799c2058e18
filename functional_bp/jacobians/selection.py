"""Few nonzeros in every row: what maxima over subsets and windows have."""

import math
from typing import Any

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

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


class Selected(Jacobian):
    """J of y_p = x_winner(p), each channel by itself: y_bar @ J adds ȳ_p to the winner's place.

    `winner` numbers the positions of x in a row, "*batch windows c"; the channels are the last axis of x and y.
    """

    winner: Int[Array, "*batch windows c"]
    sizes: Shape = static()
    of_dtype: Any = static()

    @property
    def shape(self) -> Shape:
        return self.sizes._replace(batch=self.winner.shape[:-2])

    @property
    def dtype(self) -> Any:
        return self.of_dtype

    def vjp(self, y_bar: Array) -> Array:
        bar = jnp.asarray(y_bar).reshape(self.winner.shape)
        *batch, _, c = self.winner.shape
        positions = math.prod(self.sizes.inputs[:-1])
        at = jnp.indices(self.winner.shape, sparse=True)
        x_bar = jnp.zeros((*batch, positions, c), bar.dtype).at[(*at[:-2], self.winner, at[-1])].add(bar)
        return x_bar.reshape(*batch, *self.sizes.inputs)

    def jvp(self, z_dot: Array) -> Array:
        *batch, _, c = self.winner.shape
        flat = jnp.asarray(z_dot).reshape(*batch, math.prod(self.sizes.inputs[:-1]), c)
        return jnp.take_along_axis(flat, self.winner, -2).reshape(*batch, *self.sizes.outputs)
