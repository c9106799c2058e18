"""Every way to change one part of a formula: the walk that both repairs and mutations are made of."""

from collections.abc import Callable, Iterator

from sympy import Derivative, Expr, Idx, Indexed, KroneckerDelta

from derivations.engine.language.binders import binder

# Alternatives for one part of a formula, given the indices that may be used there.
Change = Callable[[Expr, tuple[Idx, ...]], Iterator[Expr]]


def edits(e: Expr, change: Change, scope: tuple[Idx, ...]) -> Iterator[Expr]:
    """The formula with one part replaced by each of its alternatives, the whole first."""
    yield from change(e, scope)
    if isinstance(e, (Idx, Indexed, KroneckerDelta, Derivative)) or not e.args:
        return
    found = binder(e)
    if found is not None:
        for position, part in enumerate(found.parts):
            for new in edits(part, change, scope + found.indices):
                parts = (*found.parts[:position], new, *found.parts[position + 1 :])
                yield found.rebuild(parts, found.outside, found.limits)
        return
    for position, a in enumerate(e.args):
        if isinstance(a, Expr):
            for new in edits(a, change, scope):
                yield e.func(*e.args[:position], new, *e.args[position + 1 :])


def same_range(a: Idx, b: Idx) -> bool:
    return a != b and (a.lower, a.upper) == (b.lower, b.upper)
