"""A network layer by layer: shapes, parameters, and what its Jacobian keeps."""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from functional_bp.networks import Layer

__all__ = ["summary"]


class Row(NamedTuple):
    """One layer: the shape of its output for one instance, its parameters, and the bytes of its Jacobian."""

    name: str
    shape: tuple[int, ...]
    parameters: int
    jacobian: int


class Summary(NamedTuple):
    """`print(summary(network, 64))` shows a table; the rows are values."""

    rows: tuple[Row, ...]

    @property
    def parameters(self) -> int:
        return sum(row.parameters for row in self.rows)

    @property
    def jacobian(self) -> int:
        return sum(row.jacobian for row in self.rows)

    def __str__(self) -> str:
        head = ("layer", "output", "parameters", "Jacobian of one row")
        cells = [(r.name, " × ".join(map(str, r.shape)), f"{r.parameters:,}", size(r.jacobian)) for r in self.rows]
        total = ("together", "", f"{self.parameters:,}", size(self.jacobian))
        table = [head, *cells, total]
        widths = [max(len(row[k]) for row in table) for k in range(4)]
        return "\n".join(
            f"{a:<{widths[0]}}  {b:>{widths[1]}}  {c:>{widths[2]}}  {d:>{widths[3]}}".rstrip() for a, b, c, d in table
        )

    __repr__ = __str__


def summary(network: Layer, *instance: int, dtype: Any = jnp.float32) -> Summary:
    """Of a network that takes instances of shape `instance`. Nothing is computed: all follows from shapes.

    The bytes of a Jacobian are those of the arrays that it holds for one instance, parameters included, as what is
    shared counts where it is used.
    """
    rows, x = [], jax.ShapeDtypeStruct(instance, dtype)
    for layer in network.parts or (network,):
        params = jax.eval_shape(layer.init, jax.random.key(0))
        y, J = jax.eval_shape(layer.apply, params, x)
        rows.append(Row(layer.name, y.shape, count(params), nbytes(J)))
        x = y
    return Summary(tuple(rows))


def count(tree: Any) -> int:
    return sum(leaf.size for leaf in jax.tree.leaves(tree))


def nbytes(tree: Any) -> int:
    return sum(leaf.size * leaf.dtype.itemsize for leaf in jax.tree.leaves(tree))


def size(number: int) -> str:
    for unit in ("B", "KiB", "MiB"):
        if number < 1024:
            return f"{number:.4g} {unit}"
        number = number / 1024  # pyright: ignore[reportAssignmentType]
    return f"{number:.4g} GiB"
