"""A mistake turns the right backward into a wrong one; a cause is a mistake whose backward gives what is claimed."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from functional_bp.checking.causes.backward import Difference, Values
from functional_bp.checking.kinds import Kind
from functional_bp.checking.program.traced import Step


@dataclass(frozen=True)
class Mistake:
    """What is done wrong where the cotangent of one value is pulled back.

    `wrong(backward, values, bar)` is what comes out too much, {value: cotangent}, when `at`'s cotangent is `bar`;
    `recomputed` are values of the forward that the backward computes otherwise. `rank`: the likeliest first. `key` is
    what two mistakes of one sort at different places share.
    """

    kind: Kind
    text: str
    rank: float
    at: int = -1
    wrong: Difference | None = None
    recomputed: Mapping[int, Callable[[Values], np.ndarray]] = field(default_factory=dict)
    steps: tuple[Step, ...] = ()
    key: Any = None


@dataclass(frozen=True)
class Made:
    """Mistakes made together: the same one at several places, or two that belong together."""

    mistakes: tuple[Mistake, ...] = ()
    where: str = ""

    @property
    def rank(self) -> float:
        return max(m.rank for m in self.mistakes) + (1.5 if len(self.mistakes) > 1 else 0)

    @property
    def wrong(self) -> dict[int, list[Difference]]:
        found: dict[int, list[Difference]] = {}
        for mistake in self.mistakes:
            if mistake.wrong is not None:
                found.setdefault(mistake.at, []).append(mistake.wrong)
        return found

    @property
    def recomputed(self) -> dict[int, Callable[[Values], np.ndarray]]:
        return {n: f for mistake in self.mistakes for n, f in mistake.recomputed.items()}

    def __add__(self, other: "Made") -> "Made":
        return Made(self.mistakes + other.mistakes)
