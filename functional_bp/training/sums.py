"""Sums in an order of our own, the same in every program: a compiler may add the numbers of `x.sum()` as it likes."""

import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, Float


def sum_in_order(x: Float[Array, "*batch n"]) -> Float[Array, "*batch"]:
    """Σ over the last axis, in a tree of its halves: no addition depends on the device or the program."""
    while (n := x.shape[-1]) > 1:
        half = n // 2
        pairs = x[..., :half] + x[..., half : 2 * half]
        x = jnp.concatenate([pairs, x[..., 2 * half :]], -1) if n % 2 else pairs
    return x.sum(-1)


def norm_in_order(x: Float[Array, "*batch n"]) -> Float[Array, "*batch"]:
    """‖x‖ over the last axis."""
    return jnp.sqrt(sum_in_order(x * x))


def clip_in_order(most: float) -> optax.GradientTransformation:
    """`optax.clip_by_global_norm`, the norm summed in order: g ← g · min(1, most/‖g‖)."""

    def update(updates: optax.Updates, state: optax.OptState, params: optax.Params | None = None):
        of_leaves = [norm_in_order(leaf.reshape(-1)) for leaf in jax.tree.leaves(updates)]
        norm = norm_in_order(jnp.stack(of_leaves))
        factor = most / jnp.maximum(norm, most)
        return jax.tree.map(lambda leaf: leaf * factor.astype(leaf.dtype), updates), state

    return optax.GradientTransformation(lambda params: optax.EmptyState(), update)
