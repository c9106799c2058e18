"""J = J_1 + J_2 + …: a value that is used in several places collects its cotangents."""

from functools import partial, reduce
from typing import Any

import jax

from functional_bp.jacobians.base import Jacobian, Shape, is_plain
from functional_bp.jacobians.blocks import BlockRow, add_trees, common_batch, sum_broadcast
from functional_bp.jacobians.diagonal import Diagonal


class Sum(Jacobian):
    """J of y = f_1(x) + f_2(x) + …: y_bar @ J = Σ_k ȳ J_k."""

    terms: tuple[Jacobian, ...]

    @property
    def shape(self) -> Shape:
        shapes = [term.shape for term in self.terms]
        inputs = reduce(partial(add_trees, add=lambda a, b: a), [shape.inputs for shape in shapes])
        return Shape(common_batch(shapes), shapes[0].outputs, inputs)

    def vjp(self, y_bar: Any) -> Any:
        return reduce(add_trees, [y_bar @ term for term in self.terms])

    def jvp(self, z_dot: Any) -> Any:
        return sum_broadcast([term @ z_dot for term in self.terms])

    def to_dense(self) -> Any:
        """The terms' sum; I, which has no dtype of its own, takes that of the others."""
        dense = [jax.tree.map(lambda leaf: leaf.astype(self.dtype), term.to_dense()) for term in self.terms]
        return reduce(add_trees, dense)

    def as_row(self) -> BlockRow:
        return BlockRow(reduce(add_trees, [term.as_row().blocks for term in self.terms]))

    def __repr__(self) -> str:
        return " + ".join(map(repr, self.terms))


def add(first: Jacobian, second: Jacobian) -> Jacobian:
    """J_1 + J_2; two diagonals of one shape are one diagonal."""
    if isinstance(first, Diagonal) and isinstance(second, Diagonal) and first.d.shape == second.d.shape:
        return Diagonal(first.d + second.d)
    for a, b in zip(first.shape[1:], second.shape[1:], strict=True):
        if is_plain(a) and is_plain(b) and a != b:
            raise ValueError(f"cannot add {first} and {second}: a sum needs equal shapes")
    return Sum((*terms(first), *terms(second)))


def terms(J: Jacobian) -> tuple[Jacobian, ...]:
    """What J is the sum of: itself, if it is none."""
    return J.terms if isinstance(J, Sum) else (J,)
