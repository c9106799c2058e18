"""The claims of a backward pass: for each argument, ∂(Σ ȳ y)/∂x = x̄, read from the two programs at given sizes."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sympy import Expr, Indexed, Integer, Symbol

from derivations.reading import engine
from derivations.reading.arrays import Array, Axis, finer
from derivations.reading.code import read
from derivations.reading.question import Question, Shape
from derivations.reading.reading import Reading, backwards, turning
from derivations.reading.rows.inverse import adjoined
from derivations.reading.sizes import as_size, factors


@dataclass(frozen=True)
class Claim:
    """x̄ of one argument as the code gives it, and the place of its entry."""

    name: str
    x: Array
    x_bar: Array


@dataclass(frozen=True)
class Claims:
    """Both programs as formulas of one reading."""

    reading: Reading
    inputs: tuple[Array, ...]
    y_bars: tuple[Array, ...]
    ys: tuple[Array, ...]
    claims: tuple[Claim, ...]
    names: tuple[str, ...]  # of the inputs and cotangents in the formulas

    @property
    def moving(self) -> set[str]:
        """Names that the forward's output depends on, not through what has no derivative."""
        r, found = self.reading, set()
        left = set().union(*(names_in(y.at(*r.places(y.axes))) for y in self.ys))
        while left:
            name = left.pop()
            found.add(name)
            if name in r.definitions and name not in r.stopped:
                left |= names_in(r.definitions[name].rhs) - found
        return found

    @property
    def loss(self) -> Expr:
        """Σ ȳ y over all outputs."""
        return weighted(self.reading, self.ys, self.y_bars) + self.reading.extra


def weighted(r: Reading, ys: Sequence[Array], y_bars: Sequence[Array]) -> Expr:
    total: Expr = Integer(0)
    for y, y_bar in zip(ys, y_bars, strict=True):
        places = r.places(y_bar.axes, "o")
        total = total + r.summed(y_bar.at(*places) * y.fitted(y_bar.axes).at(*places), places)
    return total


def names_in(e: Expr) -> set[str]:
    return {str(x.base.label) for x in e.atoms(Indexed)} | {s.name for s in e.atoms(Symbol)}


def claims_of(
    question: Question, forward: Any, backward: Any, shapes: Sequence[Shape], order: tuple[str, ...]
) -> Claims:
    """The claims of the two traced programs. Raises NotRead."""
    sizes = {s.name for aval in forward.in_avals for d in aval.shape for s in as_size(d).free_symbols}
    r = Reading(taken=set(sizes), order=order)
    inputs, names = [], []
    for leaf, aval in zip(question.leaves, forward.in_avals, strict=True):
        axes = tuple(factors(as_size(d), order) for d in aval.shape)
        name = r.unused(plain_name(leaf.name))
        names.append(name)
        inputs.append(unknown(r, name, axes, leaf))
    ys = read(r, forward.jaxpr, forward.consts, inputs)
    y_bars = []
    for k, y in enumerate(ys):
        name = r.unused("y_bar" if len(ys) == 1 else f"y{k}_bar")
        names.append(name)
        places = r.places(y.axes, "o")
        turned = [k for place in places for k in place if backwards(y.at(*places), k)]
        y_bars.append(r.array(name, y.axes).view(y.axes, turning(places, turned)))
        r.turned[name] = [n for n, k in enumerate(k for place in places for k in place) if k in turned]
    if r.inner:
        loss = weighted(r, ys, y_bars)
        r.extra = adjoined(r, loss) - loss
    x_bars = read(r, backward.jaxpr, backward.consts, [*inputs, *y_bars])
    due = [(leaf, x) for leaf, x in zip(question.leaves, inputs, strict=True) if leaf.due]
    claims = tuple(Claim(leaf.name, *joined(x, x_bar)) for (leaf, x), x_bar in zip(due, x_bars, strict=True))
    return Claims(r, tuple(inputs), tuple(y_bars), tuple(ys), claims, tuple(names))


def unknown(r: Reading, name: str, axes: tuple[Axis, ...], leaf: Any) -> Array:
    """An input: real numbers, whole numbers, or conditions."""
    if leaf.is_number:
        return r.array(name, axes)
    if leaf.dtype == bool:
        return r.condition(name, axes)
    return r.numbers(name, axes)


def joined(x: Array, x_bar: Array) -> tuple[Array, Array]:
    """x and x̄ with the same factors on every axis."""
    axes = [finer(a, b) for a, b in zip(x.axes, x_bar.axes, strict=True)]
    return x.fitted(axes), x_bar.fitted(axes)


def plain_name(name: str) -> str:
    return re.sub(r"\W+", "_", name).strip("_") or "x"


def derived(claims: Claims, x: Array, places: Sequence[Any], shifts: bool) -> tuple[Expr, tuple[Any, ...]]:
    """∂(Σ ȳ y)/∂x at these places, and its conditions; with `shifts` every maximum is taken for a constant."""
    r = claims.reading
    hidden = r.stopped | (r.maxima if shifts else set())
    known = [d for name, d in r.definitions.items() if name not in hidden]
    return engine.differentiated(claims.loss, x.at(*places), known)
