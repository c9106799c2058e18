"""J = J_k … J_2 J_1: the chain rule, the outer function's derivative first."""

import math
import operator
from functools import cache, partial
from typing import Any

import jax
import jax.numpy as jnp

from functional_bp.jacobians.base import Jacobian, Shape, is_plain, times
from functional_bp.jacobians.blocks import BlockRow, common_batch, map_blocks
from functional_bp.jacobians.chain import Chain
from functional_bp.jacobians.diagonal import Diagonal, Identity
from functional_bp.jacobians.shared import Broadcast
from functional_bp.jacobians.sum import Sum


class Composed(Jacobian):
    """J of y = f_k(… f_1(x)): y_bar @ J multiplies from the left, J @ z_dot from the right.

    `factors` stand as they are written: the outermost function's first.
    """

    factors: tuple[Jacobian, ...]

    @property
    def shape(self) -> Shape:
        shapes = [factor.shape for factor in self.factors]
        return Shape(common_batch(shapes), shapes[0].outputs, shapes[-1].inputs)

    def vjp(self, y_bar: Any) -> Any:
        for factor in self.factors:
            y_bar = y_bar @ factor
        return y_bar

    def jvp(self, z_dot: Any) -> Any:
        for factor in reversed(self.factors):
            z_dot = factor @ z_dot
        return z_dot

    def to_dense(self) -> Any:
        """The product of all factors, multiplied in the order that costs least."""
        if not is_plain(self.shape.inputs):
            return self.as_row().to_dense()
        if all(is_plain(J.shape.inputs) and is_plain(J.shape.outputs) for J in self.factors):
            return cheapest_product(self.factors)
        return super().to_dense()

    def as_row(self) -> BlockRow:
        *outer, last = self.factors
        return BlockRow(map_blocks(partial(operator.matmul, Composed(tuple(outer))), last.as_row().blocks))

    def __repr__(self) -> str:
        return " @ ".join(f"({J!r})" if isinstance(J, Sum) else repr(J) for J in self.factors)


def compose(second: Jacobian, first: Jacobian) -> Jacobian:
    """J_2 @ J_1, simplified where it is plain: I vanishes, diagonal times diagonal is diagonal."""
    inner, outer = second.shape.inputs, first.shape.outputs
    if not fits(inner, outer):
        raise ValueError(
            f"cannot compose {second} @ {first}: the left takes an input of shape {times(inner)}, "
            f"the right gives an output of shape {times(outer)}"
        )
    if isinstance(first, Chain):
        return first.then(second)
    factors = [*factors_of(second)]
    for factor in factors_of(first):
        factors = [*factors[:-1], *product(factors[-1], factor)]
    return factors[0] if len(factors) == 1 else Composed(tuple(factors))


def fits(inner: Any, outer: Any) -> bool:
    """Whether two trees of shapes are one; None, an input that nothing depends on, fits any output."""
    if inner is None or inner == outer:
        return True
    parts, structure = jax.tree.flatten(inner, is_leaf=lambda node: node is not inner)
    if structure != jax.tree.structure(outer, is_leaf=lambda node: node is not outer) or is_plain(inner):
        return False
    return all(map(fits, parts, structure.flatten_up_to(outer)))


def product(second: Jacobian, first: Jacobian) -> tuple[Jacobian, ...]:
    """The factors that J_2 @ J_1 is written with: one where it simplifies, else both."""
    match second, first:
        case Identity(), _:
            return (first,)
        case _, Identity():
            return (second,)
        case Diagonal(), Diagonal():
            return (Diagonal(second.d @ first),)
        case _:
            return (second, first)


def factors_of(J: Jacobian) -> tuple[Jacobian, ...]:
    return J.factors if isinstance(J, Composed) else (J,)


def cheapest_product(factors: tuple[Jacobian, ...]) -> jax.Array:
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


def as_matrices(factors: tuple[Jacobian, ...]) -> list[jax.Array]:
    """The factors dense, "*batch rows columns" each, with the diagonals among them multiplied in."""
    matrices: list[jax.Array] = []
    scale: Jacobian = Identity(factors[0].shape.outputs)
    for J in factors:
        if isinstance(J, Diagonal):
            scale = J if isinstance(scale, Identity) else Diagonal(scale.d @ J)
        elif not isinstance(J, Broadcast):  # that one is I for each example
            outputs, inputs = J.shape[1:]
            dense = J.to_dense()
            batch = dense.shape[: dense.ndim - len(outputs) - len(inputs)]
            matrix = dense.reshape(*batch, math.prod(outputs), math.prod(inputs))
            if isinstance(scale, Diagonal):
                matrix = jnp.einsum("...i,...ij->...ij", scale.d, matrix)
            matrices.append(matrix)
            scale = Identity(inputs)
    if not matrices:
        return [scale.to_dense()]
    if isinstance(scale, Diagonal):
        matrices[-1] = jnp.einsum("...ij,...j->...ij", matrices[-1], scale.d)
    return matrices
