"""An array as a formula: its axes, and what stands at given indices.

An axis is a tuple of factors, its size their product, the slowest first: (n,) is an axis of size n, (h, k) one of size
h k, () one of size 1. So a split into heads, a merge and a broadcast are exact, and every index has a plain range.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sympy import Expr, Integer, Mul, cancel, expand

Axis = tuple[Expr, ...]
Place = tuple[Expr, ...]  # on an axis: one index for each factor


class Outside(Exception):
    """What cannot be read as a formula; the text names it."""


class AtOtherSizes(Outside):
    """What may be a formula at other sizes."""


class OutOfRange(AtOtherSizes):
    """A place that is never on its axis."""


class Loop(AtOtherSizes):
    """A loop whose number of steps is a size: it is unrolled for a number."""

    def __init__(self, length: Expr):
        super().__init__(f"a loop of {length} steps")
        self.names = sorted(s.name for s in length.free_symbols)  # type: ignore[attr-defined]


class BySize(AtOtherSizes):
    """One formula for some sizes, another for others: where gap ≥ 0 or not, or by the rest of `gap` by `divisor`."""

    def __init__(self, text: str, gap: str, divisor: int = 0):
        super().__init__(text)
        self.gap, self.divisor = gap, divisor


@dataclass(frozen=True)
class Array:
    """`at(*places)` is the entry, a place for each axis.

    finite(*places), if given, is 1 where the entry is finite and 0 where it is −∞; hit(*places, p), for an array of
    whole numbers that are no formula of the indices, is 1 where the entry is p.
    """

    axes: tuple[Axis, ...]
    at: Callable[..., Any]
    finite: Callable[..., Any] | None = None
    hit: Callable[..., Any] | None = None
    undefined: bool = False  # NaN: whatever takes it is undefined
    bare: bool = False  # its formula gets no name: it is simpler when it is read backwards
    source: Any = None  # of what has no entries to be read: the matrix of its factors, a random key itself

    def view(self, axes: Sequence[Axis], places: Callable[..., Sequence[Place]]) -> "Array":
        """The array with other axes; `places` turns a place there into one here."""

        def through(f: Callable | None) -> Callable | None:
            return None if f is None else lambda *i: f(*places(*i))

        def hit(*i: Any) -> Any:
            return self.hit(*places(*i[:-1]), i[-1])  # type: ignore[misc]

        return replace(
            self,
            axes=tuple(axes),
            at=lambda *i: self.at(*places(*i)),
            finite=through(self.finite),
            hit=None if self.hit is None else hit,
        )

    def fitted(self, axes: Sequence[Axis]) -> "Array":
        """The same array with its axes in finer factors."""
        if tuple(axes) == self.axes:
            return self
        steps = [coarser(own, new) for own, new in zip(self.axes, axes, strict=True)]
        return self.view(axes, lambda *i: [step(place) for step, place in zip(steps, i, strict=True)])


def constant(value: Any) -> Array:
    return Array((), lambda: value)


def size_of(axis: Axis) -> Expr:
    return Mul(*axis)


def coarser(own: Axis, new: Axis) -> Callable[[Place], Place]:
    """The place on an axis with factors `own`, given the place with finer factors `new`; one entry is repeated."""
    if not own:
        return lambda i: ()
    groups, rest = [], list(new)
    for factor in own:
        group = [rest.pop(0)]
        while group and Mul(*group) != factor:
            group.append(rest.pop(0))
        groups.append(tuple(group))

    def place(i: Place) -> Place:
        parts, left = [], list(i)
        for group in groups:
            index = left.pop(0)
            for factor in group[1:]:
                index = factor * (index - 1) + left.pop(0)
            parts.append(index)
        return tuple(parts)

    return place


def finer(a: Axis, b: Axis) -> Axis:
    """The factors in which both axes can be written, the slowest first."""
    left, right, found = list(a), list(b), []
    while left and right:
        p, q = left.pop(0), right.pop(0)
        if p != q:
            p, q = splits(p, q, left, right)
        found.append(p)
    if left or right:
        raise Outside(f"sizes {size_of(a)} and {size_of(b)} of one axis")
    return tuple(found)


def splits(p: Expr, q: Expr, left: list[Expr], right: list[Expr]) -> tuple[Expr, Expr]:
    """The slow factor that p and q share; what is left of the greater goes back."""
    if isinstance(p, Integer) and isinstance(q, Integer):
        if p % q == 0:
            left.insert(0, p // q)
            return q, q
        if q % p == 0:
            right.insert(0, q // p)
            return p, p
    raise Outside(f"an axis split as {p}·… in one place and as {q}·… in another")


def together(arrays: Sequence[Array]) -> list[Array]:
    """Arrays of one shape, or scalars, with the same factors on every axis."""
    shaped = [x for x in arrays if x.axes]
    if not shaped:
        return list(arrays)
    axes = shaped[0].axes
    for x in shaped[1:]:
        if len(x.axes) != len(axes):
            raise Outside("arrays of different rank")
        axes = tuple(finer(p, q) if p and q else p or q for p, q in zip(axes, x.axes, strict=True))
    return [x.fitted(axes) if x.axes else x.view(axes, lambda *i: ()) for x in arrays]


def regrouped(axes: Sequence[Axis], sizes: Sequence[Expr]) -> tuple[tuple[Axis, ...], tuple[Axis, ...]]:
    """The axes in finer factors, and the same factors gathered into axes of the given sizes."""
    flat: list[list[Expr]] = [list(axis) for axis in axes]
    old: list[list[Expr]] = [[] for _ in axes]
    new: list[list[Expr]] = []
    place = 0
    for size in sizes:
        group: list[Expr] = []
        while size != 1:
            while place < len(flat) and not flat[place]:
                place += 1
            if place == len(flat):
                raise Outside("a reshape that changes the number of elements")
            factor = flat[place].pop(0)
            taken = shared(factor, size)
            if taken is None:
                raise Outside(f"a reshape that cuts through an axis of size {factor}, into {size}")
            if taken != factor:
                flat[place].insert(0, factor / taken)
            group.append(taken)
            old[place].append(taken)
            size = cancel(size / taken)
        new.append(group)
    return tuple(map(tuple, old)), tuple(map(tuple, new))


def shared(factor: Expr, size: Expr) -> Expr | None:
    """The slow part of the factor that divides the size: the factor itself, or a divisor of it that is a number."""
    quotient = cancel(size / factor)
    if quotient.as_numer_denom()[1] == 1:
        return factor
    if isinstance(factor, Integer):
        content = size.as_coeff_Mul()[0]
        if content.is_Integer and content > 1 and factor % content == 0:
            return content
    return None


def reshaped(x: Array, sizes: Sequence[Expr]) -> Array:
    if expand(Mul(*(f for axis in x.axes for f in axis)) - Mul(*sizes)) != 0:
        raise OutOfRange("a reshape that changes the number of elements")
    old, new = regrouped(x.axes, sizes)
    fine = x.fitted(old)

    def places(*i: Place) -> list[Place]:
        flat = [k for place in i for k in place]
        return [tuple(flat.pop(0) for _ in axis) for axis in old]

    return fine.view(new, places)
