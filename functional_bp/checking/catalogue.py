"""The library's own rules with inputs to check them at: what `functional-bp check` without a file walks."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import jax
import numpy as np

from functional_bp.rules import catalogue

BATCH, N = 4, 6
Rng = np.random.Generator


@dataclass(frozen=True)
class Entry:
    """`rule(*inputs)` → (y, J); the inputs of `draw(rng)` come as float64 and are cast to the dtype of the check.

    `kinks` are the values at which the rule has a choice (`at_kink`), each of them a valid subgradient.
    """

    name: str
    rule: Callable
    draw: Callable[[Rng], tuple[Any, ...]]
    kinks: tuple[float, ...] = ()

    def with_choices(self) -> list["Entry"]:
        """The rule at its default and with each other valid choice at its kink."""
        chosen = [
            Entry(f"{self.name}, {c:g} at the kink", partial(self.rule, at_kink=c), self.draw) for c in self.kinks
        ]
        return [self, *chosen]


def drawn(entry: catalogue.Entry, rng: Rng) -> tuple[Any, ...]:
    return entry.draw(rng, (BATCH,), N)


CATALOGUE = tuple(
    Entry(entry.name, entry.rule, partial(drawn, entry), entry.kinks)
    for entry in catalogue.CATALOGUE
    if entry.is_checked
)


def inputs(entry: Entry, seed: int = 0, dtype: Any = "float32", scale: float = 1.0) -> tuple[Any, ...]:
    """The entry's inputs in a dtype, the first of them (what a gradient flows to) scaled; whole numbers stay such."""
    first, *others = entry.draw(np.random.default_rng(seed))

    def cast(a: Any) -> Any:
        a = np.asarray(a)
        return a.astype(dtype) if np.issubdtype(a.dtype, np.floating) else a

    return jax.tree.map(cast, (jax.tree.map(lambda a: a * scale, first), *others))
