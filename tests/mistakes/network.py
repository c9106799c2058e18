"""A backward pass as a table: named values in their order, each an expression of those above it.

A mistake puts another expression in the place of one of them. The expressions say by the names of their parameters
which values they take; what the backward returns are the values NAME_bar of the forward's parameters.
"""

import importlib
import inspect
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

Expression = Callable[..., Any]


@dataclass(frozen=True)
class Mistake:
    """`kinds`: the causes that are true of it, with | between; `changes`: the values that are replaced."""

    name: str
    kinds: str
    changes: dict[str, Expression] = field(hash=False)


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
        table = {**self.table, **mistake.changes} if mistake else self.table

        def backward(primals: tuple, y_bar: Any) -> tuple:
            values = evaluate(table, dict(zip(names, primals, strict=True), y_bar=y_bar))
            return tuple(values.get(f"{name}_bar") for name in names)

        return backward


def evaluate(table: dict[str, Expression], values: dict[str, Any]) -> dict[str, Any]:
    """The values given and, row by row, those of the table."""
    values = dict(values)
    for name, expression in table.items():
        values[name] = expression(*(values[of] for of in takes(expression)))
    return values


def takes(expression: Expression) -> list[str]:
    """The parameters without a default."""
    parameters = inspect.signature(expression).parameters.values()
    return [parameter.name for parameter in parameters if parameter.default is parameter.empty]


def mistakes(*rows: tuple) -> tuple[Mistake, ...]:
    """Rows of name, kinds, value, expression, and further values with their expressions."""
    return tuple(Mistake(name, kinds, dict(zip(rest[::2], rest[1::2], strict=True))) for name, kinds, *rest in rows)


def networks() -> list[Network]:
    """All of this folder."""
    stems = sorted(path.stem for path in Path(__file__).parent.glob("*.py") if path.stem != "network")
    return [importlib.import_module(f"mistakes.{stem}").NETWORK for stem in stems]


def normal(*shapes: tuple[int, ...], seed: int = 0) -> tuple[np.ndarray, ...]:
    rng = np.random.default_rng(seed)
    return tuple(rng.standard_normal(shape).astype("float32") for shape in shapes)


def integers(below: int, *shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, below, shape)


def chance(p: float, *shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).random(shape) < p
