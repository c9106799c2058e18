"""Sums: the Jacobian of functions beside each other, whose outputs are added."""

from functools import partial, reduce
from typing import Any

import jax

from functional_bp.jacobians.base import Jacobian
from functional_bp.jacobians.shape import Shape, axes_of, beside, core, fits, is_plain, leaf
from functional_bp.jacobians.trees import add_trees, dense_blocks, longer


class Sum(Jacobian):
    """J of y = f_1(x) + f_2(x) + …: y_bar @ J = Σ_k ȳ J_k."""

    terms: tuple[Jacobian, ...]

    @property
    def shape(self) -> Shape:
        shapes = [term.shape for term in self.terms]
        batch = beside(shapes)
        longest = max(shapes, key=lambda shape: axes_of(shape.outputs))
        inputs = reduce(partial(add_trees, add=longer), [leaf(shape.inputs) for shape in shapes])
        return Shape(batch, core(longest.outputs, longest, batch), inputs)

    def vjp(self, y_bar: Any) -> Any:
        return reduce(add_trees, [y_bar @ term for term in self.terms])

    def jvp(self, z_dot: Any) -> Any:
        return reduce(add_trees, [term @ z_dot for term in self.terms])

    def to_dense(self) -> Any:
        """The terms' sum; I, which has no dtype of its own, takes that of the others."""
        if not is_plain(self.shape.inputs):
            return dense_blocks(self.by_input(), self.dtype, self.shape.batch)
        if len({term.shape[1:] for term in self.terms}) > 1:
            return super().to_dense()
        dense = [jax.tree.map(lambda leaf: leaf.astype(self.dtype), term.to_dense()) for term in self.terms]
        return reduce(add_trees, dense)

    def by_input(self) -> Any:
        return reduce(add_trees, [term.by_input() for term in self.terms])

    def replace(self, node: str, factor: Any) -> "Sum":
        """In the last term that is no row: of a residual block, what it goes around."""
        return Sum((*self.terms[:-1], self.terms[-1].replace(node, factor)))

    def __repr__(self) -> str:
        return " + ".join(map(repr, self.terms))


def add(first: Jacobian, second: Jacobian) -> Jacobian:
    """J_1 + J_2, simplified where the first knows how: two diagonals of one shape are one diagonal."""
    for a, b in zip(first.shape[1:], second.shape[1:], strict=True):
        if is_plain(a) and is_plain(b) and not fits(a, b, second.shape.batch, first.shape.batch):
            raise ValueError(f"cannot add {first} and {second}: a sum needs equal shapes")
    whole = first.merged(second)
    return Sum((*terms(first), *terms(second))) if whole is None else whole


def terms(J: Jacobian) -> tuple[Jacobian, ...]:
    """What J is the sum of: itself, if it is none."""
    return J.terms if isinstance(J, Sum) else (J,)
