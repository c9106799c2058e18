"""A wrong backward with what is known of it."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Mutant:
    """A wrong backward, the kinds of cause that are true of it, and the argument (leaf) that is wrong."""

    name: str
    kinds: frozenset[str]
    leaf: int
    forward: Callable
    backward: Callable
    primals: tuple
    right: Callable | None = None
    also: tuple[int, ...] = ()  # further leaves that the fault makes wrong
