"""Each example's product with the matrix of its own expert."""

from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from functional_bp.jacobians.base import AnyArray, Jacobian, Shape, static
from functional_bp.jacobians.scan import zeros_as
from functional_bp.jacobians.shared import Shared


class OfExperts(Jacobian):
    """J of x ↦ W_e x: y_bar @ J = ȳ W_e."""

    W: Float[Array, "e m n"]
    expert: Int[Array, "*batch"]

    @property
    def shape(self) -> Shape:
        return Shape(self.expert.shape, self.W.shape[1:2], self.W.shape[2:])

    def vjp(self, y_bar: Float[AnyArray, "*batch m"]) -> Float[Array, "*batch n"]:
        return grouped(jnp.asarray(y_bar), self.W, self.expert)

    def jvp(self, z_dot: Float[AnyArray, "*batch n"]) -> Float[Array, "*batch m"]:
        return grouped(jnp.asarray(z_dot), jnp.swapaxes(self.W, 1, 2), self.expert)

    def to_dense(self) -> Float[Array, "*batch m n"]:
        return own_of(self.W, self.expert)


class RowsOfExperts(Shared):
    """J of W ↦ W_e x: y_bar @ J adds ȳ xᵀ of each example to its expert's matrix."""

    x: Float[Array, "*batch n"]
    expert: Int[Array, "*batch"]
    experts: int = static()
    m: int = static()
    sum_dtype: Any = static(default=None)

    @property
    def shape(self) -> Shape:
        return Shape(self.expert.shape, (self.m,), (self.experts, self.m, self.x.shape[-1]))

    def vjp(self, y_bar: Float[AnyArray, "*batch m"]) -> Float[Array, "e m n"]:
        """One product for each expert, of which only its own examples' rows are not 0."""
        y_bar, x = (jnp.asarray(a).reshape(-1, a.shape[-1]) for a in (y_bar, self.x))
        experts = jnp.arange(self.experts, dtype=self.expert.dtype)

        def of_one(e: Array) -> Array:
            own = jnp.where((self.expert.reshape(-1) == e)[:, None], y_bar, 0)
            return jnp.einsum("bm,bn->mn", own, x, preferred_element_type=self.sum_dtype)

        return jax.lax.map(of_one, experts)

    def jvp(self, z_dot: Float[AnyArray, "e m n"]) -> Float[Array, "*batch m"]:
        return grouped(self.x, jnp.swapaxes(jnp.asarray(z_dot), 1, 2), self.expert)

    def to_dense(self) -> Float[Array, "*batch m e m n"]:
        is_own = jax.nn.one_hot(self.expert, self.experts, dtype=self.x.dtype)
        return jnp.einsum("...e,ik,...j->...iekj", is_own, jnp.eye(self.m, dtype=self.x.dtype), self.x)


def own_of(W: Float[Array, "e m n"], expert: Int[Array, "*batch"]) -> Float[Array, "*batch m n"]:
    """Each example's own matrix; 0 where there is no such expert."""
    return W.at[jnp.where(expert < 0, W.shape[0], expert)].get(mode="fill", fill_value=0)


def grouped(x: Float[Array, "*batch n"], W: Float[Array, "e n m"], expert: Int[Array, "*batch"]) -> Any:
    """x W_e of every example: one product an expert, without the rows of others; 0 where there is none."""

    def add(y: Array, at: tuple[Array, Array]) -> tuple[Array, None]:
        W_e, e = at
        own = jnp.einsum("...n,nm->...m", x, W_e)
        return y + jnp.where((expert == e)[..., None], own, 0), None

    zeros = jnp.broadcast_to(zeros_as(x[..., :1]), (*x.shape[:-1], W.shape[2]))
    y, _ = jax.lax.scan(add, zeros, (W, jnp.arange(W.shape[0], dtype=expert.dtype)))
    return y
