"""Sizes at which code may be another program though it never asked: 1, the example's, numbers in its source.

JAX itself has its own way with a size of 1, `isinstance(n, int)` is true of numbers alone, a table may be looked into.
"""

import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import CodeType, FunctionType
from typing import Any

from derivations.reading.asked import Undecided
from derivations.reading.cases import Case, put_in, traced
from derivations.reading.program import fits, same
from derivations.reading.question import Question, Shape

LARGEST = 4096  # of the numbers in the source that are tried as a size
MOST = 512  # of those that are tried in the place of a number
HELD = 8  # of a table that is looked into


def distinct(names: Sequence[str]) -> dict[str, int]:
    """Small sizes that differ, as far as that is cheap."""
    return {n: (3, 4, 2, 5)[k % 4] for k, n in enumerate(names)}


def assignments(
    question: Question, shapes: Sequence[Shape], names: Sequence[str]
) -> Iterator[tuple[dict[str, int], list[str]]]:
    """Numbers for every size, and the names of those that are out of the ordinary."""
    usual = distinct(names)
    for n in names:
        yield usual | {n: 1}, [n]
    yield dict.fromkeys(names, 1), list(names)
    yield {n: 3 + 2 * k for k, n in enumerate(names)}, list(names)
    example = {
        d: s
        for leaf, shape in zip(question.leaves, shapes, strict=True)
        for d, s in zip(shape, leaf.shape, strict=True)
    }
    if set(names) <= set(example):
        yield {n: example[n] for n in names}, list(names)
    for c in sorted(mentioned(question.forward) | mentioned(question.backward)):
        for n in names:
            for size in (c - 1, c, c + 1):
                if size > 1:
                    yield usual | {n: size}, [n]


def elsewhere(question: Question, shapes: Sequence[Shape]) -> Iterator[tuple[Shape, ...]]:
    """Shapes with other numbers in the place of each number: those that the source mentions, small and large ones."""
    names = sorted({str(d) for shape in shapes for d in shape if isinstance(d, str) and d.isidentifier()})
    told = sorted(c for c in mentioned(question.forward) | mentioned(question.backward) if c <= MOST)
    fixed = sorted({d for shape in shapes for d in shape if isinstance(d, int) and d > 1})
    swaps = [{d: k * d for d in fixed} for k in (2, 3)] + [dict.fromkeys(fixed, 64)] if fixed else []
    swaps += [{d: n} for n in (*told, *(c + 1 for c in told), 2, 1, 4, 7, 64, *(c - 1 for c in told)) for d in fixed]
    for swap in swaps:
        yield put_in([tuple(swap.get(d, d) for d in shape) for shape in shapes], distinct(names))


def mentioned(function: Any) -> set[int]:
    """Whole numbers in the function's own code, in what it reaches, and in functions of its file that it calls."""
    found = {c for code, _ in codes(function) for c in constants(code)}
    found |= {
        c
        for code, known in codes(function)
        for name in (*code.co_names, *code.co_freevars)
        for c in held(known.get(name))
    }
    return {c for c in found if 1 < c <= LARGEST}


def held(value: Any) -> Iterator[int]:
    """Whole numbers in a variable, if they are few."""
    if isinstance(value, int) and not isinstance(value, bool):
        yield value
    elif isinstance(value, list | tuple | set | frozenset | dict) and len(value) <= HELD:
        yield from (c for c in value if isinstance(c, int))


def words(function: Any) -> set[str]:
    """The names of attributes and globals in the same code."""
    return {name for code, _ in codes(function) for part in parts(code) for name in part.co_names}


def codes(function: Any, depth: int = 3) -> Iterator[tuple[CodeType, Mapping[str, Any]]]:
    """Of a function and those that it calls the code, and what its names mean."""
    function = inspect.unwrap(getattr(function, "fun", function))
    functions = (
        [f for f in vars(function).values() if isinstance(f, Callable)]
        if hasattr(function, "__dataclass_fields__")
        else [function]
    )
    for f in functions:
        code = getattr(getattr(f, "func", f), "__code__", None)
        if code is None:
            continue
        cells = zip(code.co_freevars, getattr(f, "__closure__", None) or (), strict=False)
        known = getattr(f, "__globals__", {}) | {name: cell.cell_contents for name, cell in cells if filled(cell)}
        yield code, known
        for name in (*code.co_names, *code.co_freevars) if depth else ():
            other = known.get(name)
            same_file = isinstance(other, FunctionType) and other.__module__ == getattr(f, "__module__", None)
            if same_file and other is not f:
                yield from codes(other, depth - 1)


def filled(cell: Any) -> bool:
    try:
        return cell.cell_contents is not None
    except ValueError:
        return False


def parts(code: CodeType) -> Iterator[CodeType]:
    yield code
    for c in code.co_consts:
        if isinstance(c, CodeType):
            yield from parts(c)


def constants(code: CodeType) -> Iterator[int]:
    for part in parts(code):
        yield from (c for c in part.co_consts if isinstance(c, int) and not isinstance(c, bool))
        yield from (int(c) for c in part.co_consts if isinstance(c, str) and c.isdecimal() and len(c) < 5)


@dataclass(frozen=True)
class Other:
    """Sizes at which the code is another program. `fixed` are the numbers that are out of the ordinary, `case` the
    program with these alone as numbers; None where the code cannot be run."""

    numbers: Mapping[str, int]
    fixed: Mapping[str, int]
    case: Case | None

    def __str__(self) -> str:
        return ", ".join(f"{n} = {s}" for n, s in self.fixed.items())

    @property
    def degenerate(self) -> bool:
        """Is a size 1, where broadcasting and an `if` are most apt to differ?"""
        return 1 in self.fixed.values()


def others(
    question: Question, shapes: Sequence[Shape], names: Sequence[str], covering: Callable[[Mapping[str, int]], Any]
) -> Iterator[Other]:
    """Where the code is another program than that of the case that is `covering` the sizes."""
    seen: set[str] = set()
    for numbers, special in assignments(question, shapes, names):
        known = covering(numbers)
        if str(numbers) in seen or known is None:
            continue
        seen.add(str(numbers))
        case, own = known
        fixed = {n: numbers[n] for n in special}
        try:
            at = traced(question, put_in(shapes, numbers))
        except (Exception, Undecided):
            yield Other(numbers, fixed, None)
            continue
        if same(case.forward, at.forward, own) and same(case.backward, at.backward, own):
            continue
        yield Other(numbers, fixed, at if len(special) == len(names) else narrowed(question, shapes, fixed, at))


def least(case: Case, names: Sequence[str]) -> dict[str, int]:
    """The smallest sizes at which there is such a program, each beside large other ones."""
    large = dict.fromkeys(names, 64)
    return {n: next((k for k in range(1, 64) if fits(case.forward.jaxpr, large | {n: k})), 1) for n in names}


def narrowed(question: Question, shapes: Sequence[Shape], fixed: Mapping[str, int], at: Case) -> Case:
    """The program with these sizes alone as numbers, if it can be traced."""
    try:
        return traced(question, put_in(shapes, fixed))
    except (Exception, Undecided):
        return at
