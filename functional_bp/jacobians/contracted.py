"""Sums of products of arrays, einsum: the Jacobian by one of them holds the others."""

from typing import Any

import jax.numpy as jnp
from jaxtyping import Array

from functional_bp.jacobians.base import Jacobian, Shape, static
from functional_bp.jacobians.shared import Shared


class Contracted(Jacobian):
    """J of an operand of an einsum, "letters of each operand -> letters of the output" of one example.

    y_bar @ J is an einsum too, of ȳ and the other operands. `own` is the operand's place among them; those that all
    examples share have no axes of the batch.
    """

    others: tuple[Array, ...]
    letters: tuple[str, ...] = static()  # of all operands
    output: str = static()
    own: int = static()
    sizes: tuple[tuple[str, int], ...] = static()
    batch: tuple[int, ...] = static()
    of_dtype: Any = static()
    sum_dtype: Any = static(default=None)

    @property
    def shape(self) -> Shape:
        sizes = dict(self.sizes)
        outputs, inputs = (
            tuple(sizes[letter] for letter in letters) for letters in (self.output, self.letters[self.own])
        )
        return Shape(self.batch, outputs, inputs)

    @property
    def dtype(self) -> Any:
        return self.of_dtype

    def vjp(self, y_bar: Array) -> Array:
        """Letters that the operand alone has are summed over in y: each of their entries gets the same."""
        y_bar = jnp.asarray(y_bar)
        own = self.letters[self.own]
        others = [*self.letters[: self.own], *self.letters[self.own + 1 :]]
        missing = "".join(sorted(set(own).difference(self.output, *others)))
        ones = jnp.ones([dict(self.sizes)[letter] for letter in missing], y_bar.dtype)
        operands = [y_bar, *self.others, ones]
        spec = ",".join(["..." + self.output, *(self.dots(k) + letters for k, letters in enumerate(others)), missing])
        batch = "" if self.is_shared else "..."
        summed = {"preferred_element_type": self.sum_dtype} if self.is_shared else {}
        return contracted(f"{spec}->{batch}{own}", operands, y_bar.ndim - len(self.output), **summed)

    def dots(self, k: int) -> str:
        other = self.others[k]
        letters = [*self.letters[: self.own], *self.letters[self.own + 1 :]][k]
        return "..." if other.ndim > len(letters) else ""

    def jvp(self, z_dot: Array) -> Array:
        z_dot = jnp.asarray(z_dot)
        operands = [*self.others[: self.own], z_dot, *self.others[self.own :]]
        dots = ["..." if a.ndim > len(letters) else "" for a, letters in zip(operands, self.letters, strict=True)]
        spec = ",".join(a + letters for a, letters in zip(dots, self.letters, strict=True))
        return jnp.einsum(f"{spec}->{'...' if any(dots) else ''}{self.output}", *operands)


class SharedContracted(Contracted, Shared):
    """The same of an operand that all examples share: y_bar @ J is summed over the batch as well."""


def contracted(spec: str, operands: list[Any], axes: int, **options: Any) -> Array:
    """einsum, where an output without dots sums over the axes that dots stand for."""
    if "->..." in spec or "..." not in spec:
        return jnp.einsum(spec, *operands, **options)
    batch = "".join(sorted(set("ABCDEFGHIJKLMNOPQRSTUVWXYZ") - set(spec)))[:axes]
    return jnp.einsum(spec.replace("...", batch), *operands, **options)
