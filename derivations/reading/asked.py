"""What Python asks of a symbolic size: `if n == 17`, `min(n, 8)`, `n in TABLE`. A trace gives one answer: it is noted.

Of questions in JAX's own code only those are noted that it cannot answer.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from zlib import crc32

import jax
import jax._src.export.shape_poly as shapes
from jax._src.export.shape_poly import InconclusiveDimensionOperation, _DimExpr

JAX = str(Path(jax.__file__).parent)
THROUGH = (__file__, "<string>", shapes.__file__)  # comparisons go by each other
EQUAL, HASH, TEXT, GEQ = _DimExpr.__eq__, _DimExpr.__hash__, _DimExpr.__str__, shapes._geq_decision


class Undecided(BaseException):
    """A comparison of sizes, gap ≥ 0, to which a trace has no answer; no `except Exception` of the user's meets it."""

    def __init__(self, gap: str):
        super().__init__(f"the comparison {gap} ≥ 0")
        self.gap = gap


@dataclass
class Asked:
    """`equal` holds the gaps that were asked whether they are 0, and taken for not; `used` what else was done."""

    answers: dict[str, bool] = field(default_factory=dict)  # gap ≥ 0 or not, decided beforehand
    equal: dict[str, str] = field(default_factory=dict)  # gap → line
    used: dict[str, None] = field(default_factory=dict)
    open: str = ""  # the last comparison that had no answer


def asker(through: tuple[str, ...] = (__file__, "<string>")) -> Any:
    """The frame in the user's code that asks, or None where JAX does."""
    frame: Any = sys._getframe(2)
    while frame is not None and frame.f_code.co_filename in through:
        frame = frame.f_back
    return None if frame is None or frame.f_code.co_filename.startswith((JAX, "<frozen")) else frame


def line(frame: Any) -> str:
    return f"{frame.f_code.co_filename.rpartition('/')[2]}:{frame.f_lineno}"


@contextmanager
def listening(asked: Asked) -> Iterator[None]:
    """While code is traced, its questions about sizes are noted; `asked.answers` are given, others raise Undecided."""

    def equal(a: Any, b: Any) -> bool:
        known = EQUAL(a, b)
        if known or not isinstance(b, _DimExpr | int) or (isinstance(b, _DimExpr) and a.scope is not b.scope):
            return known
        if (frame := asker(THROUGH)) is not None and isinstance(gap := a - b, _DimExpr):
            asked.equal.setdefault(TEXT(gap), line(frame))
        return False

    def unequal(a: Any, b: Any) -> bool:
        return not equal(a, b)

    def truth(a: Any) -> bool:
        return unequal(a, 0)

    def at_least(a: Any, b: Any, text: Any) -> bool:
        try:
            return GEQ(a, b, text)
        except InconclusiveDimensionOperation:
            for gap, answer in asked.answers.items():
                if TEXT(a - b) == gap:
                    return answer
                if TEXT(b - a - 1) == gap:
                    return not answer
            asked.open = TEXT(a - b)
            if asker(THROUGH) is not None:
                raise Undecided(asked.open) from None
            raise

    def key(a: Any) -> int:
        if (frame := asker()) is not None:
            asked.used.setdefault(f"no size is a key of a table that is looked into ({line(frame)})")
            return crc32(TEXT(a).encode())  # the order of a set of sizes is the same in every process
        return HASH(a)

    def text(a: Any) -> str:
        if (frame := asker()) is not None:
            asked.used.setdefault(f"nothing hangs on a size that is written as text ({line(frame)})")
        return TEXT(a)

    new = {"__eq__": equal, "__ne__": unequal, "__bool__": truth, "__hash__": key, "__str__": text}
    old = {name: _DimExpr.__dict__.get(name) for name in new}
    for name, function in new.items():
        setattr(_DimExpr, name, function)
    shapes._geq_decision = at_least
    try:
        yield
    finally:
        shapes._geq_decision = GEQ
        for name, function in old.items():
            setattr(_DimExpr, name, function) if function is not None else delattr(_DimExpr, name)
