"""What a parameter shared by the whole batch has: its cotangent is a sum over the batch."""

import dataclasses
from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from functional_bp.jacobians.base import AnyArray, Jacobian, Shape, static


class Broadcast(Jacobian):
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


class Outer(Jacobian):
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
        return jnp.einsum("...m,...n->mn", z_bar, self.y, preferred_element_type=self.sum_dtype)

    def jvp(self, W_dot: Float[AnyArray, "m n"]) -> Float[Array, "*batch m"]:
        return jnp.einsum("mn,...n->...m", W_dot, self.y)

    def to_dense(self) -> Float[Array, "*batch m m n"]:
        return jnp.einsum("ik,...j->...ikj", jnp.eye(self.m, dtype=self.y.dtype), self.y)


def summing_in(dtype: Any, J: Any) -> Any:
    """The same Jacobians with their sums over the batch, the cotangents of what the batch shares, in that dtype."""

    def is_sum(node: Any) -> bool:
        return isinstance(node, Broadcast | Outer)

    def summing(node: Any) -> Any:
        return dataclasses.replace(node, sum_dtype=dtype) if is_sum(node) else node

    return jax.tree.map(summing, J, is_leaf=is_sum)
