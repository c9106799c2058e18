"""The contract of whoever judges."""

from collections.abc import Sequence
from typing import Any, Protocol

from functional_bp.checking.program.compiled import Arrays
from functional_bp.checking.question.problem import Point


class Oracle(Protocol):
    """Says what ȳ J is at points: `(outputs, cotangents, their own error)`, each array with the points in front.

    `step` is how far a neighbour is asked, in units of the leaf's scale. `spans_kinks`: at a kink the error covers
    all that differences give on either side. Where nothing is known of rounding, `lost` and `largest_factor` are 0.
    """

    @property
    def name(self) -> str: ...

    @property
    def step(self) -> float: ...

    @property
    def spans_kinks(self) -> bool: ...

    def __call__(self, points: Sequence[Point]) -> tuple[Arrays, Arrays, Arrays]: ...

    def lost(self, point: Point, leaf: int) -> tuple[Any, Any]: ...

    def largest_factor(self, point: Point) -> float: ...


class NothingLost:
    """Of an oracle that can't be run step by step."""

    def lost(self, point: Point, leaf: int) -> tuple[Any, Any]:
        return 0.0, 0.0

    def largest_factor(self, point: Point) -> float:
        return 0.0
