"""Every way to change one part of a formula: the walk that both repairs and mutations are made of."""

from collections.abc import Callable, Iterator

from sympy import Derivative, Expr, Idx, Indexed, KroneckerDelta, Product, Sum, Tuple

from derivations.engine.language.vocabulary import Binding

# Alternatives for one part of a formula, given the indices that may be used there.
Change = Callable[[Expr, tuple[Idx, ...]], Iterator[Expr]]


def edits(e: Expr, change: Change, scope: tuple[Idx, ...]) -> Iterator[Expr]:
    """The formula with one part replaced by each of its alternatives, the whole first."""
    yield from change(e, scope)
    if isinstance(e, (Idx, Indexed, KroneckerDelta, Derivative)) or not e.args:
        return
    if isinstance(e, (Sum, Product)):
        inner = scope + tuple(limit[0] for limit in e.limits)
        for body in edits(e.function, change, inner):
            yield e.func(body, *e.limits)
        return
    bound = (e.limits[0],) if isinstance(e, Binding) and e.limits else ()
    for position, a in enumerate(e.args):
        if isinstance(a, Expr) and not isinstance(a, Tuple):
            for new in edits(a, change, scope + bound):
                yield e.func(*e.args[:position], new, *e.args[position + 1 :])


def same_range(a: Idx, b: Idx) -> bool:
    return a != b and (a.lower, a.upper) == (b.lower, b.upper)
