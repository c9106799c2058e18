"""The shapes a forward takes: which of its axes are one size, which are free, and the given arrays at other sizes.

Nothing is declared: axes of one size are changed, alone and together, and the forward is asked by tracing (or by a run)
whether it takes that. Axes that can only be changed together are a family.
"""

import functools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any

import jax
import numpy as np

from functional_bp.checking.limits import MOST_FAMILIES, MOST_PROBES, NUMBERS_AT_A_SHAPE
from functional_bp.checking.program.axes import linked
from functional_bp.checking.program.compiled import Programs, own_precision
from functional_bp.checking.question.points import fresh, in_order, invariant, is_sorted, project
from functional_bp.checking.question.problem import is_float

Axis = tuple[int, int]  # the number of a leaf, floats before indices, and of its axis


@dataclass(frozen=True)
class Family:
    """Axes that have one size, and can only be changed together; `batch`: the output's leading axis is one of them."""

    axes: tuple[Axis, ...]
    size: int
    name: str
    batch: bool = False
    part: bool = False  # of a family, that the forward also takes with size one alone: it is broadcast then


@dataclass(frozen=True)
class Shape:
    """New sizes for some families; `lead`: the leaves that get one more axis, of size `extra`, in front."""

    sizes: tuple[tuple[Family, int], ...] = ()
    lead: tuple[int, ...] = ()
    extra: int = 2

    def of(self, leaf: int, shape: Sequence[int]) -> tuple[int, ...]:
        new = list(shape)
        for family, size in self.sizes:
            for number, axis in family.axes:
                if number == leaf:
                    new[axis] = size
        return (self.extra, *new) if leaf in self.lead else tuple(new)

    def __str__(self) -> str:
        parts = [f"{family.name} of size {size}" for family, size in self.sizes]
        return ", ".join([*parts, "one more leading axis"] if self.lead else parts)


class Shapes:
    """The families of one problem's axes, and what the forward takes."""

    def __init__(self, programs: Programs) -> None:
        self.programs = programs
        self.given = [tuple(s.shape) for part in programs.inputs for s in part]
        self.dtypes = [s.dtype for part in programs.inputs for s in part]
        self.probes = 0
        self.known: dict[Shape, Any] = {}
        self.output = self.taken(Shape())
        self.families = sorted(self.found(), key=lambda f: (not f.batch, f.axes))[:MOST_FAMILIES]

    def taken(self, shape: Shape) -> list[tuple[int, ...]] | None:
        """The shapes of the outputs there, or None where the forward does not run."""
        if shape not in self.known:
            self.known[shape] = self.asked(shape)
        return self.known[shape]

    def asked(self, shape: Shape) -> list[tuple[int, ...]] | None:
        self.probes += 1
        shapes = [shape.of(leaf, given) for leaf, given in enumerate(self.given)]
        if sum(map(math.prod, shapes)) > max(NUMBERS_AT_A_SHAPE, 8 * sum(map(math.prod, self.given))):
            return None
        structs = [jax.ShapeDtypeStruct(s, d) for s, d in zip(shapes, self.dtypes, strict=True)]
        count = len(self.programs.inputs[0])
        try:
            with own_precision():
                output = jax.eval_shape(self.programs.problem.output, structs[:count], structs[count:])
        except Exception:  # shapes that the forward does not take, each in its own words
            return None
        outputs = [tuple(y.shape) for y in jax.tree.leaves(output) if is_float(y)]
        empty = 0 in map(math.prod, outputs) and 0 not in map(math.prod, shapes)
        return None if empty and shape.sizes else outputs  # a window larger than what it slides over: nothing is meant

    def found(self) -> Iterator[Family]:
        """The families, those of one axis first; what can't be changed in few axes is tried whole."""
        sizes: dict[int, list[Axis]] = {}
        for leaf, shape in enumerate(self.given):
            for axis, n in enumerate(shape):
                sizes.setdefault(n, []).append((leaf, axis))
        groups = [tuple(group) for group in self.linked]
        for n, axes in sizes.items():
            left = list(axes)
            while left:
                known = [group for group in groups if set(group) <= set(left)]
                sets = list(dict.fromkeys([*known, *candidates(left)]))
                sets = sets[::-1] if n == 1 else sets  # of size one together first: alone they may merely broadcast
                together = next(filter(self.is_free(n), sets), None)
                if together is None:
                    break
                left = [axis for axis in left if axis not in together]
                yield self.family(together, n)

    @property
    def linked(self) -> list[list[Axis]]:
        """The axes that the forward's operations bring together; nothing where it can't be traced."""
        structs = [jax.ShapeDtypeStruct(s, d) for s, d in zip(self.given, self.dtypes, strict=True)]
        count = len(self.programs.inputs[0])
        try:
            with own_precision():
                return linked(jax.make_jaxpr(self.programs.problem.output)(structs[:count], structs[count:]))
        except Exception:
            return []

    def parts(self) -> Iterator[Family]:
        """Of a family the axes of one array that may be of size one alone: what is broadcast then.

        Of floats only: labels come one for each row, and their code counts them.
        """
        floats = range(len(self.programs.inputs[0]))
        for family in self.families:
            leaves = list(dict.fromkeys(leaf for leaf, _ in family.axes if leaf in floats))
            for leaf in leaves if len({leaf for leaf, _ in family.axes}) > 1 and family.size > 1 else []:
                axes = tuple(axis for axis in family.axes if axis[0] == leaf)
                part = replace(self.named(axes, family.size), part=True)
                if self.taken(Shape(((part, 1),))) == self.output:
                    yield part

    def named(self, axes: tuple[Axis, ...], n: int) -> Family:
        leaf, axis = min(axes)
        names = [leaf.name for kind in ("float", "index") for leaf in self.programs.problem.leaves if leaf.kind == kind]
        return Family(axes, n, f"axis {axis} of {names[leaf]}")

    def is_free(self, n: int) -> Any:
        def free(axes: tuple[Axis, ...]) -> bool:
            if n == 0 or self.probes > MOST_PROBES:
                return False
            family = Family(axes, n, "")
            return any(self.taken(Shape(((family, m),))) is not None for m in (n + 1, 2 * n) if m != 1)

        return free

    def family(self, axes: tuple[Axis, ...], n: int) -> Family:
        _, axis = min(axes)
        changed = self.named(axes, n)
        after = next(y for m in (n + 1, 2 * n) if (y := self.taken(Shape(((changed, m),)))) is not None)
        pairs = zip(self.output or [], after, strict=False)
        batch = axis == 0 and any(a[:1] != b[:1] for a, b in pairs)
        return replace(changed, batch=batch)

    def ranks(self) -> Iterator[Shape]:
        """One more axis in front of what has the batch, or of the first array, where the output has one more then."""
        count = len(self.programs.inputs[0])
        batch = [tuple(sorted({leaf for leaf, _ in f.axes})) for f in self.families if f.batch]
        for lead in dict.fromkeys([*batch, (0,), tuple(range(count))][:: 1 if batch else -1]):
            before, after = self.output, self.taken(Shape(lead=lead))
            if before and after and all(b in ((2, *a), ()) for a, b in zip(before, after, strict=False)):
                yield Shape(lead=lead)
                return


def candidates(axes: list[Axis]) -> Iterator[tuple[Axis, ...]]:
    """Sets of axes that may be one: each alone, pairs and triples of few, all."""
    for count in (1, 2, 3):
        if count == 1 or len(axes) <= 6:
            yield from combinations(axes, count)
    yield tuple(axes)
    for leaf in dict.fromkeys(leaf for leaf, _ in axes):  # all but one array's
        yield tuple(axis for axis in axes if axis[0] != leaf) or tuple(axes)


@functools.lru_cache(maxsize=64)
def shapes_of(programs: Programs) -> Shapes:
    return Shapes(programs)


def at_shape(shape: Shape, arrays: Sequence[np.ndarray], seed: int) -> list[np.ndarray]:
    """The given arrays at other sizes: their rows again and again, with fresh numbers, and what they keep kept."""
    rng = np.random.default_rng(seed)
    new = [resized(a, shape.of(leaf, a.shape), index_limit(shape, a), rng) for leaf, a in enumerate(arrays)]
    lengths = {a.shape[0]: b.shape[0] for a, b in zip(arrays, new, strict=True) if a.ndim and b.ndim == a.ndim}
    return [in_order(b, a, lengths) if is_sorted(a) and b.ndim == 1 else b for a, b in zip(arrays, new, strict=True)]


def index_limit(shape: Shape, a: np.ndarray) -> int | None:
    """Integers that may be indices into an axis that shrinks stay below its new size."""
    if not np.issubdtype(a.dtype, np.integer) or not a.size:
        return None
    sizes = [new for family, new in shape.sizes if family.size > a.max(initial=0)]
    return min(sizes, default=None)


def resized(a: np.ndarray, shape: tuple[int, ...], limit: int | None, rng: np.random.Generator) -> np.ndarray:
    new = np.broadcast_to(a, (shape[0], *a.shape)) if len(shape) > a.ndim else a
    for axis, n in enumerate(shape):
        if new.shape[axis] not in (n, 0):
            new = new.take(np.arange(n) % new.shape[axis], axis)
    if not is_float(a):
        return new if limit is None else np.where(new < 0, new, new % max(1, limit)).astype(a.dtype)
    if new.shape == a.shape:
        return a
    keep = invariant(a)
    if keep == "one-hot rows":
        return (np.arange(shape[-1]) == rng.integers(0, max(1, shape[-1]), (*shape[:-1], 1))).astype(a.dtype)
    return fresh(np.array(new), rng) if keep != "rows sum to one" else project(np.array(new), new, keep)
