"""A backward pass that is right at its primals and wrong elsewhere, with what it takes to see that."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Triggered:
    """`trigger` is the class, `said` a pattern for its words in the report; `at` holds primals where it is wrong.

    `bars`: a cotangent at which it is wrong, where the cotangent is the trigger.
    """

    name: str
    trigger: str
    said: str
    forward: Callable
    backward: Callable
    primals: tuple
    at: tuple | None = None
    bars: Any = field(default=None, hash=False)


def normal(*shapes: tuple[int, ...], seed: int = 0) -> tuple:
    rng = np.random.default_rng(seed)
    return tuple(rng.standard_normal(shape, "float32") for shape in shapes)


def rows(trigger: str, said: str, *table: Iterable) -> list[Triggered]:
    """One row: name, forward, backward, primals, primals where it is wrong (and words of its own for the trigger)."""
    return [
        Triggered(name, trigger, own[0] if own else said, forward, backward, primals, at)
        for name, forward, backward, primals, at, *own in table
    ]
