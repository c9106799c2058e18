"""One view of everything that binds an index: sums, products, maxima, unknown functions, determinants, inverses."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from sympy import Product, Sum, Tuple

from derivations.engine.language.vocabulary import Binding


class Binder(NamedTuple):
    """`limits` (k, lower, upper) of the indices, the `parts` that they reach, and those that are `outside` of them."""

    limits: tuple[Tuple, ...]
    parts: tuple[Any, ...]
    outside: tuple[Any, ...]
    rebuild: Callable[[Sequence[Any], Sequence[Any], Sequence[Tuple]], Any]

    @property
    def indices(self) -> tuple[Any, ...]:
        return tuple(limit[0] for limit in self.limits)


def binder(e: Any) -> Binder | None:
    """The view of an expression that binds indices, or None."""
    if isinstance(e, (Sum, Product)):
        return Binder(
            tuple(e.limits), (e.function,), (), lambda parts, outside, limits: e.func(*parts, *map(tuple, limits))
        )
    if isinstance(e, Binding) and e.limits:
        count = e.fixed
        return Binder(
            tuple(e.limits),
            e.args[count:-1],
            e.args[:count],
            lambda parts, outside, limits: e.func(*outside, *parts, Tuple(*limits)),
        )
    return None
