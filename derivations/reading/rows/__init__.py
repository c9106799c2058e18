"""One row an operation: what JAX's primitives are as formulas.

A row takes the reading, the equation's parameters and its input arrays, and returns the output array, or a list.
"""

from collections.abc import Callable
from typing import Any

ROWS: dict[str, Callable[..., Any]] = {}


def row(*names: str) -> Callable[[Callable], Callable]:
    """Enter a function as the meaning of these primitives."""

    def enter(function: Callable) -> Callable:
        ROWS.update(dict.fromkeys(names, function))
        return function

    return enter


from derivations.reading.rows import choice, elementwise, layout, places, sums  # noqa: E402, F401
