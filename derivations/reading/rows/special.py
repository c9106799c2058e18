"""Functions of JAX that are read whole, by the name that they are jitted under.

One that returns None is looked into.
"""

from collections.abc import Callable
from typing import Any

SPECIAL: dict[str, Callable[..., Any]] = {}


def special(*names: str) -> Callable[[Callable], Callable]:
    """Enter a function as the meaning of these."""

    def enter(function: Callable) -> Callable:
        SPECIAL.update(dict.fromkeys(names, function))
        return function

    return enter
