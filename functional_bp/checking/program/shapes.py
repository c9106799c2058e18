"""The same problem at smaller shapes: each axis in turn of size one, and an empty batch.

All axes of one size are cut together, as they are likely to be one axis of the problem; and only where the forward is
the same computation at the smaller shape: each of its operations must give what it gave, with that size replaced.
A sum that merely broadcasts where two sizes agreed before is another function, and nobody derived its backward.
"""

import functools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import jax
import numpy as np

from functional_bp.checking.program.compiled import Programs, own_precision
from functional_bp.checking.program.traits import equations
from functional_bp.checking.question.points import invariant, project
from functional_bp.checking.question.problem import Point, is_float

LAYOUT = {"broadcast_in_dim", "reshape", "squeeze", "expand_dims", "copy"}  # differ where an axis is of size one anyway


@dataclass(frozen=True)
class Cut:
    """Every axis of one size gets another."""

    name: str
    size: int
    to: int

    def shape(self, shape: Sequence[int]) -> tuple[int, ...]:
        return tuple(self.to if n == self.size else n for n in shape)

    def values(self, a: np.ndarray) -> np.ndarray:
        """The first of what was there; rows that summed to one still do; integers, which may be indices, become 0."""
        keep, cut = invariant(a) if is_float(a) else "", a
        for axis, n in enumerate(a.shape):
            if n == self.size:
                cut = cut.take(np.arange(self.to) % n, axis)
        if np.issubdtype(a.dtype, np.integer):
            return np.zeros_like(cut)
        if keep == "one-hot rows" and cut.shape[-1] != a.shape[-1]:
            return np.broadcast_to(np.arange(cut.shape[-1]) == 0, cut.shape).astype(a.dtype)
        return project(cut, cut, keep) if keep == "rows sum to one" else cut

    def control(self) -> "Cut":
        """An ordinary size: a backward that fails there too was written for the given size only."""
        other = 3 if self.size == 2 else 2
        return Cut(f"axes of size {self.size} changed to {other}", self.size, other)


def cuts(programs: Programs) -> Iterator[Cut]:
    """The batch first (the leading axis of the outputs), then the other axes, then the empty batch."""
    sizes = {n: None for part in programs.inputs for s in part for n in s.shape if n > 1}
    leading = next((y.shape[0] for y in programs.zero_cotangent() if y.ndim and y.shape[0] in sizes), None)
    if leading is not None:
        yield Cut("batch of one", leading, 1)
    for n in sizes:
        if n != leading:
            yield Cut(f"axes of size {n} cut to 1", n, 1)
    if leading is not None:
        yield Cut("empty batch", leading, 0)


@functools.lru_cache(maxsize=64)
def cuts_taken(programs: Programs) -> tuple[Cut, ...]:
    """The cuts at which the forward is the same computation."""
    if programs.refusal:
        return ()
    before, found = operations(programs, programs.inputs), []
    for cut in cuts(programs):
        smaller = [[jax.ShapeDtypeStruct(cut.shape(s.shape), s.dtype) for s in part] for part in programs.inputs]
        try:
            after = operations(programs, smaller)
        except Exception:  # shapes that the forward does not take
            continue
        if after == [(name, tuple(map(cut.shape, shapes))) for name, shapes in before]:
            found.append(cut)
    return tuple(found)


def operations(programs: Programs, inputs: Sequence) -> list[tuple[str, tuple]]:
    """Name and output shapes of the forward's operations."""
    with own_precision():
        jaxpr = jax.make_jaxpr(programs.problem.output)(*inputs).jaxpr
    return [
        (e.primitive.name, tuple(v.aval.shape for v in e.outvars))
        for e in equations(jaxpr)
        if e.primitive.name not in LAYOUT
    ]


@functools.lru_cache(maxsize=256)
def programs_at(programs: Programs, cut: Cut) -> Programs:
    smaller = [[np.zeros(cut.shape(s.shape), s.dtype) for s in part] for part in programs.inputs]
    found = Programs(programs.problem, *smaller)
    found.both.modes = found.both.modes[-1:]  # a single point needs no vmap
    return found


def point_at(cut: Cut, given: Point) -> Point:
    """The given point at the other size, without a cotangent."""
    return Point(cut.name, tuple(map(cut.values, given.floats)), tuple(map(cut.values, given.indices)), ())
