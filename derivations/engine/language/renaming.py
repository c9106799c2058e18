"""Indices of formulas: which are free, and how to rename one so that no sum catches it."""

from collections.abc import Iterable
from functools import cache
from typing import Any

from sympy import Basic, Idx, Product, Sum, Tuple

from derivations.engine.language.vocabulary import Binding


@cache
def free_indices(expression: Basic) -> frozenset[Idx]:
    """The indices that no sum, product or maximum binds; the variable of an unevaluated derivative counts."""
    if isinstance(expression, Idx):
        return frozenset((expression,))
    inner = frozenset().union(*(free_indices(a) for a in expression.args)) if expression.args else frozenset()
    if isinstance(expression, (Sum, Product)):
        return inner - {limit[0] for limit in expression.limits}
    return inner - {expression.limits[0]} if isinstance(expression, Binding) and expression.limits else inner


def indices_of(expression: Basic) -> set[Idx]:
    return expression.atoms(Idx)


def replace_index(expression: Any, old: Any, new: Any) -> Any:
    """The expression with the free index `old` replaced; a dummy that would catch `new` gets another name."""
    if old not in free_indices(expression):
        return expression
    if isinstance(expression, (Sum, Product)):
        expression = renamed(expression, indices_of(new), indices_of(expression) | indices_of(new))
        return expression.func(replace_index(expression.function, old, new), *expression.limits)
    if isinstance(expression, Binding) and expression.limits:
        expression = renamed(expression, indices_of(new), indices_of(expression) | indices_of(new))
        return expression.func(*(replace_index(a, old, new) for a in expression.args[:-1]), expression.limits)
    if expression == old:
        return new
    return expression.func(*(replace_index(a, old, new) for a in expression.args))


def renamed(expression, avoid: set[Idx], taken: set[Idx]):
    """A Sum, Product, Maximum or field with those of its own dummies renamed that are in `avoid`."""
    if isinstance(expression, (Sum, Product)):
        body, limits = expression.function, list(expression.limits)
        for position, (k, lower, upper) in enumerate(limits):
            if k in avoid:
                new = unused(k, taken)
                taken = taken | {new}
                body, limits[position] = replace_index(body, k, new), Tuple(new, lower, upper)
        return expression.func(body, *limits)
    k, lower, upper = expression.limits
    if k not in avoid:
        return expression
    new = unused(k, taken)
    return expression.func(*(replace_index(a, k, new) for a in expression.args[:-1]), Tuple(new, lower, upper))


def unused(k: Idx, taken: Iterable[Idx]) -> Idx:
    names = {t.name for t in taken}
    name = k.name + "'"
    while name in names:
        name += "'"
    return Idx(name, (k.lower, k.upper))
