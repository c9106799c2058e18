"""Sizes at which Python may take another branch: 1, the example's, some others, and numbers in the source."""

import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import CodeType, FunctionType
from typing import Any

from derivations.reading.cases import Case, put_in, traced
from derivations.reading.program import fits, same
from derivations.reading.question import Question, Shape

LARGEST = 4096  # of the numbers in the source that are tried as a size


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


def mentioned(function: Any, depth: int = 3) -> set[int]:
    """Whole numbers in the function's own code, and in that of functions of the same file that it calls."""
    function = inspect.unwrap(getattr(function, "fun", function))
    functions = (
        [f for f in vars(function).values() if isinstance(f, Callable)]
        if hasattr(function, "__dataclass_fields__")
        else [function]
    )
    found: set[int] = set()
    for f in functions:
        code = getattr(getattr(f, "func", f), "__code__", None)
        if code is None:
            continue
        found |= {c for c in constants(code) if 1 < c <= LARGEST}
        if depth:
            known = getattr(f, "__globals__", {})
            for name in code.co_names:
                other = known.get(name)
                if (
                    isinstance(other, FunctionType)
                    and other.__module__ == getattr(f, "__module__", None)
                    and other is not f
                ):
                    found |= mentioned(other, depth - 1)
    return found


def constants(code: CodeType) -> Iterator[int]:
    for c in code.co_consts:
        if isinstance(c, CodeType):
            yield from constants(c)
        elif isinstance(c, int) and not isinstance(c, bool):
            yield c


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


def others(question: Question, case: Case, names: Sequence[str]) -> Iterator[Other]:
    """Where the code is another program than the one for all sizes."""
    seen: set[str] = set()
    for numbers, special in assignments(question, case.shapes, names):
        if str(numbers) in seen or not fits(case.forward.jaxpr, numbers):
            continue
        seen.add(str(numbers))
        fixed = {n: numbers[n] for n in special}
        try:
            at = traced(question, put_in(case.shapes, numbers))
        except Exception:
            yield Other(numbers, fixed, None)
            continue
        if same(case.forward, at.forward, numbers) and same(case.backward, at.backward, numbers):
            continue
        yield Other(numbers, fixed, at if len(special) == len(names) else narrowed(question, case, fixed, at))


def least(case: Case, names: Sequence[str]) -> dict[str, int]:
    """The smallest sizes at which there is such a program, each beside large other ones."""
    large = dict.fromkeys(names, 64)
    return {n: next((k for k in range(1, 64) if fits(case.forward.jaxpr, large | {n: k})), 1) for n in names}


def narrowed(question: Question, case: Case, fixed: Mapping[str, int], at: Case) -> Case:
    """The program with these sizes alone as numbers, if it can be traced."""
    try:
        return traced(question, put_in(case.shapes, fixed))
    except Exception:
        return at
