"""J = J_k … J_2 J_1: the chain rule, the outer function's derivative first."""

import operator
import string
from functools import partial
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

    def __rmatmul__(self, y_bar: Any) -> Any:
        for factor in self.factors:
            y_bar = y_bar @ factor
        return y_bar

    def jvp(self, z_dot: Any) -> Any:
        for factor in reversed(self.factors):
            z_dot = factor @ z_dot
        return z_dot

    def to_dense(self) -> Any:
        """The product of all factors, multiplied in the order that costs least."""
        return cheapest_product(self.factors) if is_plain(self.shape.inputs) else self.as_row().to_dense()

    def as_row(self) -> BlockRow:
        *outer, last = self.factors
        return BlockRow(map_blocks(partial(operator.matmul, Composed(tuple(outer))), last.as_row().blocks))

    def __repr__(self) -> str:
        return " @ ".join(f"({J!r})" if isinstance(J, Sum) else repr(J) for J in self.factors)


def compose(second: Jacobian, first: Jacobian) -> Jacobian:
    """J_2 @ J_1, simplified where it is plain: I vanishes, diagonal times diagonal is diagonal."""
    inner, outer = second.shape.inputs, first.shape.outputs
    if inner != outer:
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
    """The dense product, in the order of multiplication that costs least; diagonals stay vectors.

    One einsum is given all factors. Its optimiser knows the sizes, so that a bottleneck in the middle of
    the chain is multiplied from there outwards.
    """
    axis = iter(string.ascii_letters)
    rows = columns = "".join(next(axis) for _ in factors[0].shape.outputs)
    subscripts, arrays = [], []
    for J in factors:
        if isinstance(J, Broadcast):  # I for each example
            continue
        if isinstance(J, Diagonal):
            subscripts.append(f"...{columns}")
            arrays.append(J.d)
            continue
        into = "".join(next(axis) for _ in J.shape.inputs)
        subscripts.append(f"...{columns}{into}")
        arrays.append(J.to_dense())
        columns = into
    if rows and rows == columns:  # nothing but diagonals
        columns = next(axis)
        subscripts.append(f"{rows}{columns}")
        arrays.append(jnp.eye(arrays[0].shape[-1], dtype=arrays[0].dtype))
    return jnp.einsum(f"{','.join(subscripts)}->...{rows}{columns}", *arrays, optimize="dp")
