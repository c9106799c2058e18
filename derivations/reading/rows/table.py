"""The table of operations, into which each row is entered by its file."""

from collections.abc import Callable
from typing import Any

ROWS: dict[str, Callable[..., Any]] = {}


def row(*names: str) -> Callable[[Callable], Callable]:
    """Enter a function as the meaning of these primitives."""

    def enter(function: Callable) -> Callable:
        ROWS.update(dict.fromkeys(names, function))
        return function

    return enter
