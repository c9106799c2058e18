"""A backward pass as a table: named values in their order, each an expression of those above it.

A mistake puts another expression in the place of one of them. The expressions say by the names of their parameters
which values they take; what the backward returns are the values NAME_bar of the forward's parameters.
"""

import inspect
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

Expression = Callable[..., Any]


@dataclass(frozen=True)
class Mistake:
    """`kinds`: the causes that are true of it, with | between; `value`: what is replaced."""

    name: str
    kinds: str
    value: str
    expression: Expression


@dataclass(frozen=True)
class Network:
    name: str
    forward: Callable
    primals: tuple
    table: dict[str, Expression] = field(hash=False)
    mistakes: tuple[Mistake, ...]

    def backward(self, mistake: Mistake | None = None) -> Callable[[tuple, Any], tuple]:
        """`backward(primals, y_bar)`; the cotangent is called y_bar in the table too."""
        names = list(inspect.signature(self.forward).parameters)
        table = {**self.table, mistake.value: mistake.expression} if mistake else self.table

        def backward(primals: tuple, y_bar: Any) -> tuple:
            values = dict(zip(names, primals, strict=True), y_bar=y_bar)
            for name, expression in table.items():
                values[name] = expression(*(values[of] for of in inspect.signature(expression).parameters))
            return tuple(values.get(f"{name}_bar") for name in names)

        return backward


def mistakes(*rows: tuple[str, str, str, Expression]) -> tuple[Mistake, ...]:
    return tuple(Mistake(*row) for row in rows)


def normal(*shapes: tuple[int, ...], seed: int = 0) -> tuple[np.ndarray, ...]:
    rng = np.random.default_rng(seed)
    return tuple(rng.standard_normal(shape, "float32") for shape in shapes)


def integers(below: int, *shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, below, shape)


def chance(p: float, *shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).random(shape) < p
