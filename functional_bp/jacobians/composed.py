"""Products: the Jacobian of functions one after another."""

import operator
from functools import partial
from itertools import pairwise
from typing import Any

from functional_bp.jacobians.base import Jacobian
from functional_bp.jacobians.multiplication import cheapest_product
from functional_bp.jacobians.shape import Shape, after_each_other, core, fits, is_plain, times
from functional_bp.jacobians.sums import Sum
from functional_bp.jacobians.trees import dense_blocks, in_front, map_blocks


class Composed(Jacobian):
    """J of y = f_k(… f_1(x)): y_bar @ J multiplies from the left, J @ z_dot from the right.

    `factors` stand as they are written: the outermost function's first.
    """

    factors: tuple[Jacobian, ...]

    @property
    def shape(self) -> Shape:
        shapes = [factor.shape for factor in reversed(self.factors)]
        batch = after_each_other(shapes, [shape.inputs for shape in shapes])
        first, last = shapes[0], shapes[-1]
        inputs = first.inputs if first.inputs is None else core_unless_shared(self.factors[-1], first, batch)
        return Shape(batch, core(last.outputs, last, batch), inputs)

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
        shape = self.shape
        if not is_plain(shape.inputs):
            return dense_blocks(self.by_input(), self.dtype, shape.batch)
        if self.multiplies_as_matrices:
            return in_front(cheapest_product(self.factors), shape.batch, shape)
        return super().to_dense()

    @property
    def multiplies_as_matrices(self) -> bool:
        """Whether each factor is an array and takes what the next one gives; else axes of the batch lie in a core."""
        shapes = [factor.shape for factor in self.factors]
        plain = all(is_plain(shape.inputs) and is_plain(shape.outputs) for shape in shapes)
        return plain and all(a.inputs == b.outputs for a, b in pairwise(shapes))

    def by_input(self) -> Any:
        *outer, last = self.factors
        return map_blocks(partial(operator.matmul, Composed(tuple(outer))), last.by_input())

    def __repr__(self) -> str:
        return " @ ".join(f"({J!r})" if isinstance(J, Sum) else repr(J) for J in self.factors)


def core_unless_shared(J: Jacobian, shape: Shape, batch: tuple[int, ...]) -> Any:
    return shape.inputs if J.is_shared or not is_plain(shape.inputs) else core(shape.inputs, shape, batch)


def compose(second: Jacobian, first: Jacobian) -> Jacobian:
    """J_2 @ J_1, simplified where one of them knows how: I vanishes, diagonal times diagonal is diagonal."""
    inner, outer = second.shape, first.shape
    if not fits(inner.inputs, outer.outputs, outer.batch, inner.batch):
        raise ValueError(
            f"cannot compose {second} @ {first}: the left takes an input of shape {times(inner.inputs)}, "
            f"the right gives an output of shape {times(outer.outputs)}"
        )
    *outer_factors, last = factors_of(second)
    whole = last.absorbs(first) if last.absorbs(first) is not None else first.absorbed_by(second)
    if whole is not None and not outer_factors:
        return whole
    factors = [*outer_factors, last]
    for factor in factors_of(first):
        factors = [*factors[:-1], *product(factors[-1], factor)]
    return factors[0] if len(factors) == 1 else Composed(tuple(factors))


def product(second: Jacobian, first: Jacobian) -> tuple[Jacobian, ...]:
    """The factors that J_2 @ J_1 is written with: one where it simplifies, else both."""
    whole = second.absorbs(first)
    whole = first.absorbed_by(second) if whole is None else whole
    return (second, first) if whole is None else (whole,)


def factors_of(J: Jacobian) -> tuple[Jacobian, ...]:
    return J.factors if isinstance(J, Composed) else (J,)
