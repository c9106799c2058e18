"""Where the claim is wrong: at negative inputs, in the last row, where a mask is set, at one element."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from functional_bp.checking.causes.evidence import Evidence


def scope(e: Evidence) -> str | None:
    """The tightest description that covers every wrong element and few others; None if they are (nearly) all."""
    wrong = e.wrong
    if wrong.all() or not wrong.any():
        return None
    fitting = [
        (int(where.sum()), text)
        for text, where in predicates(e)
        if np.all(where[wrong]) and wrong.sum() >= 0.6 * where.sum() and not where.all()
    ]
    if fitting:
        return min(fitting, key=lambda pair: pair[0])[1]
    touched = wrong.any(axis=0)
    if touched.sum() <= max(1, 0.25 * touched.size):
        places = [tuple(map(int, index)) for index in np.argwhere(touched)[:4]]
        return f"at {', '.join(map(str, places))}{' …' if touched.sum() > 4 else ''}"
    return None


def rising(a: np.ndarray) -> bool:
    return a.ndim > 0 and a.shape[-1] > 2 and bool(np.all(np.diff(a, axis=-1) >= 0))


LOST: tuple[tuple[str, Callable[[np.ndarray], Any]], ...] = (  # what is to be said where it no longer holds
    ("is not zero", lambda a: not a.any()),
    ("has negative numbers", lambda a: np.all(a >= 0)),
    ("has positive numbers", lambda a: np.all(a <= 0)),
    ("is not one number throughout", lambda a: np.ptp(a) == 0),
    ("is not sorted", lambda a: rising(a) or rising(-a)),
    ("has unlike rows", lambda a: a.ndim > 1 and len(a) > 1 and np.all(a == a[:1])),
    ("has fractions", lambda a: np.all(a == np.round(a))),
)


def unlike_given(e: Evidence, given: Sequence[np.ndarray]) -> str:
    """At numbers drawn at random: which are wrong; or what the given ones keep and these don't."""
    for text, where in by_value(e.name, e.x, e.wrong):
        if np.all(where[e.wrong]) and e.wrong.sum() >= 0.6 * where.sum() and not where.all():
            return text
    leaves = zip(e.problem.float_leaves, given, e.points[0].floats, strict=True)
    for leaf, old, new in sorted(leaves, key=lambda part: part[0].name != e.name):
        lost = [words for words, holds in LOST if old.size > 1 and holds(old) and not holds(new)]
        if lost:
            return f"where {leaf.name} {' and '.join(lost)}, unlike the given one"
    return ""


def predicates(e: Evidence) -> Iterator[tuple[str, np.ndarray]]:
    """Pairs of a description and the elements that it describes, [sample, *leaf]."""
    yield from places(e)
    for name, values in e.quantities():
        if values.shape == e.true.shape:
            yield from by_value(name, values, e.wrong)
    index_leaves = [leaf for leaf in e.problem.leaves if leaf.kind == "index"]
    for i, leaf in enumerate(index_leaves):
        values = np.stack([p.indices[i] for p in e.points])
        if values.dtype == bool and values.ndim <= e.true.ndim:
            mask = (
                np.broadcast_to(values.reshape(values.shape + (1,) * (e.true.ndim - values.ndim)), e.true.shape)
                if values.shape == e.true.shape[: values.ndim]
                else None
            )
            if mask is not None:
                yield f"where {leaf.name} is set", mask
                yield f"where {leaf.name} is not set", ~mask


def places(e: Evidence) -> Iterator[tuple[str, np.ndarray]]:
    shape = e.true.shape
    touched = e.wrong.any(axis=0)
    if touched.sum() == 1 and touched.size > 1:
        index = tuple(int(i) for i in np.argwhere(touched)[0])
        yield f"at the element {list(index)}", np.broadcast_to(touched, shape)
    for axis in range(1, len(shape)):
        hit = np.flatnonzero(e.wrong.any(axis=tuple(a for a in range(len(shape)) if a != axis)))
        n = shape[axis]
        if 0 < len(hit) < n:
            where = np.zeros(shape, bool)
            where[(slice(None),) * axis + (hit,)] = True
            noun = (
                "row"
                if axis == 1 and len(shape) > 2
                else "column"
                if axis == len(shape) - 1 and len(shape) > 2
                else "place"
            )
            which = (
                f"the last {noun}"
                if list(hit) == [n - 1]
                else f"the first {noun}"
                if list(hit) == [0]
                else f"{noun}s {listed(hit)}"
            )
            yield f"in {which} of axis {axis - 1}", where


def listed(hit: np.ndarray) -> str:
    return ", ".join(map(str, hit[:4])) + (" …" if len(hit) > 4 else "")


def by_value(name: str, v: np.ndarray, wrong: np.ndarray) -> Iterator[tuple[str, np.ndarray]]:
    yield f"where {name} is negative", v < 0
    yield f"where {name} is positive", v > 0
    yield f"where {name} is zero", v == 0
    if wrong.any() and not wrong.all():
        right_values, wrong_values = v[~wrong], v[wrong]
        if wrong_values.min() > right_values.max():
            yield f"where {name} is above about {wrong_values.min():.4g}", v >= wrong_values.min()
        if wrong_values.max() < right_values.min():
            yield f"where {name} is below about {wrong_values.max():.4g}", v <= wrong_values.max()
        if np.abs(wrong_values).min() > np.abs(right_values).max():
            yield (
                f"where |{name}| is above about {np.abs(wrong_values).min():.4g}",
                np.abs(v) >= np.abs(wrong_values).min(),
            )
