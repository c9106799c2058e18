"""The different parts of a formula, found once: SymPy's own walk meets equal parts again and again."""

from functools import lru_cache
from typing import Any

from sympy import Basic


@lru_cache(maxsize=4096)
def nodes(e: Basic) -> tuple[Basic, ...]:
    """The formula and all its parts, each once."""
    seen, left = {e: None}, [e]
    while left:
        for part in left.pop().args:
            if part not in seen:
                seen[part] = None
                left.append(part)
    return tuple(seen)


def atoms(e: Any, *kinds: type) -> set[Any]:
    """The parts of these kinds."""
    return {part for part in nodes(e) if isinstance(part, kinds)}


def has(e: Any, *kinds: type) -> bool:
    """Whether there is a part of these kinds."""
    return any(isinstance(part, kinds) for part in nodes(e))
