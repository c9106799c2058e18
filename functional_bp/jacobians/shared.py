"""What a parameter shared by the whole batch has: its cotangent is a sum over the batch."""

import dataclasses
from typing import Any

import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from functional_bp.jacobians.base import AnyArray, Jacobian, Shape, static
from functional_bp.jacobians.rewriting import rewrite


class Shared(Jacobian[Array]):
    """The Jacobian with respect to what all examples share: y_bar @ J sums over them, in `sum_dtype` if it has one."""

    is_shared = True


class Broadcast(Shared):
    """J of b ↦ b repeated for every example: y_bar @ J = Σ_batch ȳ; for each example J = I.

    A parameter reaches each example through this map, and that is the reason why its cotangent sums over
    the batch: J_example @ Broadcast(…) is the Jacobian with respect to a shared parameter. Jacobians stacked by
    a scan or vmap sum over that axis too; hence a batch without axes is not simplified to `Identity`. The sum is in the
    dtype of ȳ, or in `sum_dtype`.
    """

    batch: tuple[int, ...] = static()
    core: tuple[int, ...] = static()
    sum_dtype: Any = static(default=None)
    is_square = True
    is_unit = True

    @property
    def shape(self) -> Shape:
        return Shape(self.batch, self.core, self.core)

    def vjp(self, y_bar: Float[AnyArray, "*batch_core"]) -> Float[Array, "*core"]:
        return y_bar.sum(tuple(range(y_bar.ndim - len(self.core))), dtype=self.sum_dtype)

    def jvp(self, b_dot: Float[AnyArray, "*core"]) -> Float[Array, "*batch_core"]:
        return jnp.broadcast_to(b_dot, (*self.batch, *self.core))


class Outer(Shared):
    """J of W ↦ W y, J_i,(kj) = δ_ik y_j: z_bar @ J = Σ_batch z̄ yᵀ, of W's shape, and one matrix product.

    It holds y alone. `m` is the number of rows of W; written dense it has m·m·n entries an example. The sum is rounded
    to the dtype of z̄ and y, or to `sum_dtype`: float32 keeps what bfloat16 products add up to.
    """

    y: Float[Array, "*batch n"]
    m: int = static()
    sum_dtype: Any = static(default=None)

    @property
    def shape(self) -> Shape:
        *batch, n = self.y.shape
        return Shape(tuple(batch), (self.m,), (self.m, n))

    def vjp(self, z_bar: Float[AnyArray, "*batch m"]) -> Float[Array, "m n"]:
        z_bar, y = (a.reshape(-1, a.shape[-1]) for a in (z_bar, self.y))
        return jnp.einsum("bm,bn->mn", z_bar, y, preferred_element_type=self.sum_dtype)

    def jvp(self, W_dot: Float[AnyArray, "m n"]) -> Float[Array, "*batch m"]:
        return jnp.einsum("mn,...n->...m", W_dot, self.y)

    def to_dense(self) -> Float[Array, "*batch m m n"]:
        return jnp.einsum("ik,...j->...ikj", jnp.eye(self.m, dtype=self.y.dtype), self.y)

    def square_norms(self, z_bar: Float[AnyArray, "b *t m"]) -> Float[Array, " b"]:
        """‖Σ_t z̄_t y_tᵀ‖² = Σ_ts (z̄_t·z̄_s)(y_t·y_s): through t·t numbers or through m·n, whichever are fewer."""
        z_bar, y = (a.reshape(a.shape[0], -1, a.shape[-1]) for a in (z_bar, self.y))
        t, m, n = *z_bar.shape[1:], y.shape[-1]
        if t == 1:
            return (z_bar**2).sum((1, 2)) * (y**2).sum((1, 2))
        if t * t <= m * n:
            return (jnp.einsum("etm,esm->ets", z_bar, z_bar) * jnp.einsum("etn,esn->ets", y, y)).sum((1, 2))
        return (jnp.einsum("etm,etn->emn", z_bar, y) ** 2).sum((1, 2))


class Rows(Shared):
    """J of E ↦ E[tokens], a row each: y_bar @ J adds each ȳ to the row of its token."""

    tokens: Int[Array, "*batch"]
    rows: int = static()
    n: int = static()
    sum_dtype: Any = static(default=None)

    @property
    def shape(self) -> Shape:
        return Shape(self.tokens.shape, (self.n,), (self.rows, self.n))

    @property
    def dtype(self) -> Any:
        return jnp.result_type(float)

    def vjp(self, y_bar: Float[AnyArray, "*batch n"]) -> Float[Array, "rows n"]:
        dtype = self.sum_dtype or y_bar.dtype
        return jnp.zeros((self.rows, self.n), dtype).at[self.tokens].add(y_bar.astype(dtype))

    def jvp(self, E_dot: Float[AnyArray, "rows n"]) -> Float[Array, "*batch n"]:
        return E_dot[self.tokens]

    def square_norms(self, y_bar: Float[AnyArray, "b *t n"]) -> Float[Array, " b"]:
        """Equal tokens fall on one row: Σ_ts [token_t = token_s] ȳ_t·ȳ_s."""
        y_bar, tokens = y_bar.reshape(len(y_bar), -1, self.n), self.tokens.reshape(len(y_bar), -1)
        same = tokens[:, :, None] == tokens[:, None, :]
        return jnp.where(same, jnp.einsum("etm,esm->ets", y_bar, y_bar), 0).sum((1, 2))


def summing_in(dtype: Any, J: Any) -> Any:
    """The same Jacobian with its sums over the batch, the cotangents of what the batch shares, in that dtype."""

    def has_sum(node: Any) -> bool:
        return isinstance(node, Shared)

    return rewrite(lambda node: dataclasses.replace(node, sum_dtype=dtype), J, has_sum)
