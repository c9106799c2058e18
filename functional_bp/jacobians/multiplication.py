"""A product of Jacobians written dense, in the order of multiplication that costs least."""

import math
from functools import cache
from typing import Any

import jax
import jax.numpy as jnp


def cheapest_product(factors: tuple[Any, ...]) -> jax.Array:
    """The dense product, in the order of multiplication that costs least.

    Dynamic programming over the sizes, so that a bottleneck in the middle of the chain is multiplied from there
    outwards. Diagonals only scale the rows or columns of their neighbours.
    """
    outputs, inputs = factors[0].shape.outputs, factors[-1].shape.inputs
    matrices = as_matrices(factors)
    sizes = [matrices[0].shape[-2], *(matrix.shape[-1] for matrix in matrices)]

    @cache
    def cheapest(i: int, j: int) -> tuple[int, int]:
        """The fewest multiplications for matrices i to j, and the matrix after which to split."""
        splits = [
            (cheapest(i, k)[0] + cheapest(k + 1, j)[0] + sizes[i] * sizes[k + 1] * sizes[j + 1], k) for k in range(i, j)
        ]
        return min(splits, default=(0, i))

    def multiplied(i: int, j: int) -> jax.Array:
        if i == j:
            return matrices[i]
        k = cheapest(i, j)[1]
        return jnp.einsum("...ij,...jk->...ik", multiplied(i, k), multiplied(k + 1, j))

    product = multiplied(0, len(matrices) - 1)
    return product.reshape(*product.shape[:-2], *outputs, *inputs)


def as_matrices(factors: tuple[Any, ...]) -> list[jax.Array]:
    """The factors dense, "*batch rows columns" each, with the diagonals among them multiplied in."""
    matrices: list[jax.Array] = []
    scale = None  # the diagonal that waits for a matrix on its right
    for J in factors:
        if J.is_unit:
            continue
        if J.is_diagonal:
            scale = J.d if scale is None else jnp.multiply(*jnp.broadcast_arrays(J.d, scale))
            continue
        matrix = dense_matrix(J)
        matrices.append(matrix if scale is None else jnp.einsum("...i,...ij->...ij", scale, matrix))
        scale = None
    if not matrices:
        return [dense_matrix(factors[-1]) if scale is None else jnp.vectorize(jnp.diag, signature="(n)->(n,n)")(scale)]
    if scale is not None:
        matrices[-1] = jnp.einsum("...ij,...j->...ij", matrices[-1], scale)
    return matrices


def dense_matrix(J: Any) -> jax.Array:
    dense, (_, outputs, inputs) = J.to_dense(), J.shape
    batch = dense.shape[: dense.ndim - len(outputs) - len(inputs)]
    return dense.reshape(*batch, math.prod(outputs), math.prod(inputs))
