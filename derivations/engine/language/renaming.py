"""Indices of formulas: which are free, and how to rename one so that no sum catches it."""

from collections.abc import Iterable
from functools import cache
from typing import Any

from sympy import Basic, Idx, Tuple

from derivations.engine.language.binders import binder


@cache
def free_indices(expression: Basic) -> frozenset[Idx]:
    """The indices that no sum, product or maximum binds; the variable of an unevaluated derivative counts."""
    if isinstance(expression, Idx):
        return frozenset((expression,))
    bound = binder(expression)
    if bound is None:
        return frozenset().union(*map(free_indices, expression.args)) if expression.args else frozenset()
    inside = frozenset().union(*map(free_indices, bound.parts))
    for k, lower, upper in bound.limits:  # the first is the innermost: its ends may hold the others
        inside = (inside - {k}) | free_indices(lower) | free_indices(upper)
    return inside.union(*map(free_indices, bound.outside))


def indices_of(expression: Basic) -> set[Idx]:
    return expression.atoms(Idx)


def replace_index(expression: Any, old: Any, new: Any) -> Any:
    """The expression with the free index `old` replaced; a dummy that would catch `new` gets another name."""
    if old not in free_indices(expression):
        return expression
    if binder(expression) is not None:
        return _replace_around(renamed(expression, indices_of(new), indices_of(expression) | indices_of(new)), old, new)
    if expression == old:
        return new
    return expression.func(*(replace_index(a, old, new) for a in expression.args))


def _replace_around(expression: Any, old: Any, new: Any) -> Any:
    """In the parts of a binder, none of whose dummies is in `new`."""
    found = binder(expression)
    assert found is not None

    def replaced(parts: Iterable) -> list:
        return [replace_index(part, old, new) for part in parts]

    limits = [Tuple(k, *replaced(ends)) for k, *ends in found.limits]
    parts = found.parts if old in found.indices else replaced(found.parts)
    return found.rebuild(parts, replaced(found.outside), limits)


def renamed(expression, avoid: set[Idx], taken: set[Idx]):
    """What binds indices, with those of its own dummies renamed that are in `avoid`."""
    found = binder(expression)
    assert found is not None
    parts, limits = found.parts, list(found.limits)
    for position, (k, lower, upper) in enumerate(limits):
        if k in avoid:
            new = unused(k, taken)
            taken = taken | {new}
            parts, limits[position] = [replace_index(part, k, new) for part in parts], Tuple(new, lower, upper)
    return found.rebuild(parts, found.outside, limits)


def apart(e: Any, outer: frozenset[Any] = frozenset()) -> Any:
    """The formula with no dummy that is also free, or bound around its sum."""
    if not isinstance(e, Basic) or not e.args:
        return e
    found = binder(e)
    if found is None:
        args = [apart(a, outer) for a in e.args]
        return e if all(a is b for a, b in zip(args, e.args, strict=True)) else e.func(*args)
    clash = outer & set(found.indices)
    if clash:
        e = renamed(e, set(clash), indices_of(e) | set(outer))
        found = binder(e)
        assert found is not None
    parts = [apart(part, outer | set(found.indices)) for part in found.parts]
    outside = [apart(part, outer) for part in found.outside]
    return (
        e
        if (parts, outside) == (list(found.parts), list(found.outside))
        else found.rebuild(parts, outside, found.limits)
    )


def unused(k: Idx, taken: Iterable[Idx]) -> Idx:
    names = {t.name for t in taken}
    name = k.name + "'"
    while name in names:
        name += "'"
    return Idx(name, (k.lower, k.upper))
