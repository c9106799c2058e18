"""The order of the rows: a pure function of (seed, step), found for any step at once, without a list of all rows."""

import math
from functools import partial

import jax
import jax.numpy as jnp
from jaxtyping import Array, Int, PRNGKeyArray, UInt32

ROUNDS = 8


@partial(jax.jit, static_argnames=("steps", "n", "batch"))
def batches(key: PRNGKeyArray, first: Int[Array, ""], steps: int, n: int, batch: int) -> Int[Array, "steps batch"]:
    """The rows of each step from `first` on: every epoch takes all n in a new order, less those that fill no batch."""
    epoch, place = jnp.divmod(first + jnp.arange(steps, dtype=jnp.int32), n // batch)
    keys = jax.vmap(lambda e: jax.random.bits(jax.random.fold_in(key, e), (ROUNDS,), jnp.uint32))(epoch)
    positions = place[:, None] * batch + jnp.broadcast_to(jnp.arange(batch, dtype=jnp.int32), (steps, batch))
    return permuted(keys, positions, n)


def permuted(
    keys: UInt32[Array, "steps rounds"], positions: Int[Array, "steps batch"], n: int
) -> Int[Array, "steps batch"]:
    """π(positions), where π is a permutation of 0 … n − 1 that depends on the row of keys.

    A Feistel network on the grid a × b, the smallest near-square one with at least n cells: (l, r) ↦ (r, l + F(r))
    permutes the cells whatever F is. A cell past n is sent on until it falls below (cycle walking), which keeps
    the map a permutation; fewer than a cells are past n. Source: Black and Rogaway 2002, "Ciphers with
    arbitrary finite domains".
    """
    a = math.isqrt(n - 1) + 1
    b = -(-n // a)

    def once(cell: Array) -> Array:
        left, right = jnp.divmod(cell, jnp.uint32(b))
        for k in range(0, ROUNDS, 2):
            left = shifted(left, right ^ keys[:, k, None], a)
            right = shifted(right, left ^ keys[:, k + 1, None], b)
        return left * jnp.uint32(b) + right

    def walk(cell: Array) -> Array:
        return jnp.where(cell < n, cell, once(cell))

    cells = jax.lax.while_loop(lambda cell: (cell >= n).any(), walk, once(positions.astype(jnp.uint32)))
    return cells.astype(jnp.int32)


def shifted(part: UInt32[Array, "*shape"], word: UInt32[Array, "*shape"], size: int) -> UInt32[Array, "*shape"]:
    """(part + F) mod size, for part < size ≤ 2¹⁶; F < size comes from the word, by the hash MurmurHash3 ends with."""
    word = (word ^ (word >> 16)) * jnp.uint32(0x85EBCA6B)
    word = (word ^ (word >> 13)) * jnp.uint32(0xC2B2AE35)
    moved = part + ((word >> 16) * jnp.uint32(size) >> 16)
    return jnp.where(moved < size, moved, moved - jnp.uint32(size))
