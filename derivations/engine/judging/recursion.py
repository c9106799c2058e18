"""Recursions, h_t = f(h_{t−1}): an equation about an array by entries that come before, on one axis, the time.

A derivative through time unrolls them: ∂h_3/∂h_0 is that of f(f(f(h_0))). It is carried out where every step is known,
from the entry down to the one that is differentiated by, or to the first; else it is refused.
"""

from collections.abc import Iterable
from functools import cached_property
from typing import Any, NamedTuple

from sympy import Expr, Idx, Indexed, Integer, Product, Sum

from derivations.engine.language.fold import NoFormula
from derivations.engine.language.indexing import index_expression, leaf_of
from derivations.engine.language.indices import inside
from derivations.engine.language.nodes import atoms
from derivations.engine.language.renaming import free_indices, replace_index

LONGEST = 64  # steps, and terms of a sum that is written out


class Step(NamedTuple):
    """left = right; on the `axis` all entries of the array in right come before it (`sign` 1) or after it (−1)."""

    left: Any
    right: Expr
    axis: int
    sign: int

    @property
    def name(self) -> Any:
        return self.left.base


class Recursions:
    """The recursions among equations."""

    def __init__(self, equations: Iterable[tuple[Any, Any]]):
        self.steps = tuple(step for left, right in equations if (step := _step(left, right)) is not None)

    @cached_property
    def axes(self) -> set[tuple[str, int]]:
        """Arrays and their axes of time, whose entries reach beyond the range of the step."""
        return {(str(step.name.label), step.axis) for step in self.steps}

    def unrolled(self, e: Any, x: Any, depth: int = 0) -> Any:
        """The formula with every entry put in that depends on x by a recursion."""
        if not self.steps or not any(element.base == step.name for element in _elements(e) for step in self.steps):
            return e
        if depth > LONGEST:
            raise NoFormula("a recursion of too many steps")
        if isinstance(e, Indexed):
            step = next((step for step in self.steps if step.name == e.base), None)
            return e if step is None else self._entry(e, x, step, depth)
        if isinstance(e, (Sum, Product)) and (terms := _written_out(e)) is not None:
            return self.unrolled(terms, x, depth)
        return e.func(*(self.unrolled(a, x, depth) if isinstance(a, Expr) else a for a in e.args))

    def _entry(self, e: Any, x: Any, step: Step, depth: int) -> Any:
        at = e.indices[step.axis]
        if isinstance(x, Indexed) and x.base == e.base:
            ahead = step.sign * (at - x.indices[step.axis])
            if isinstance(ahead, Integer) and ahead <= 0:
                return e  # it is x, or what x is made of
        values = [i - (k - _own(k)) for i, k in zip(e.indices, step.left.indices, strict=True)]
        ranges = [leaf_of(_own(k)) for k in step.left.indices]
        if all(inside(index_expression(v, {}), leaf) for v, leaf in zip(values, ranges, strict=True)):
            return self.unrolled(_put(step, values), x, depth + 1)
        time = index_expression(values[step.axis], {})
        if not time.terms and not inside(time, ranges[step.axis]) and time.constant < ranges[step.axis].lower:
            return e  # before the first step
        raise NoFormula(f"{e} depends on {x} by a recursion whose number of steps is open: fix it, or state one step")


def _step(left: Any, right: Any) -> Step | None:
    if not isinstance(left, Indexed) or not all(len(free_indices(i)) == 1 for i in left.indices):
        return None
    if not all(isinstance(i - _own(i), Integer) for i in left.indices):
        return None
    earlier = [element for element in _elements(right) if element.base == left.base]
    for axis, i in enumerate(left.indices):
        gaps = [i - element.indices[axis] for element in earlier]
        for sign in (1, -1):
            if gaps and all(isinstance(gap, Integer) and sign * gap > 0 for gap in gaps):
                return Step(left, right, axis, sign)
    return None


def _own(index: Any) -> Idx:
    return next(iter(free_indices(index)))


def _elements(e: Any) -> set[Any]:
    return atoms(e, Indexed)


def _put(step: Step, values: list) -> Any:
    """The right side at these values of the left side's indices."""
    result, places = step.right, [Idx(f"·{p}", (_own(k).lower, _own(k).upper)) for p, k in enumerate(step.left.indices)]
    for k, place in zip(step.left.indices, places, strict=True):
        result = replace_index(result, _own(k), place)
    for place, value in zip(places, values, strict=True):
        result = replace_index(result, place, value)
    return result


def _written_out(e: Any) -> Any:
    """A sum or product over few numbers, term by term; None of another."""
    (k, lower, upper), *others = e.limits
    if others or not (isinstance(lower, Integer) and isinstance(upper, Integer)) or upper - lower > LONGEST:
        return None
    terms = [replace_index(e.function, k, Integer(v)) for v in range(int(lower), int(upper) + 1)]
    result: Any = Integer(0 if isinstance(e, Sum) else 1)
    for term in terms:
        result = result + term if isinstance(e, Sum) else result * term
    return result
