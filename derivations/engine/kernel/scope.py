"""What holds while a claim is judged: hypotheses, what they make positive, and the side conditions that were needed."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any


class Undefined(Exception):
    """The formula has no value: it divides by zero or takes the logarithm of it."""


@dataclass
class Scope:
    positive: frozenset[str] = frozenset()  # names of arrays and symbols that a hypothesis says are > 0
    rules: tuple = ()  # hypotheses as rewrites, see `sums`
    expand: bool = False  # write sigmoid, tanh and softplus by exp
    conditions: dict[tuple[str, str], Any] = field(default_factory=dict)
    symbols: dict[str, Any] = field(default_factory=dict)  # the SymPy symbols and arrays by name, to read back


_SCOPE: ContextVar[Scope | None] = ContextVar("scope", default=None)


def scope() -> Scope:
    """The scope in force; outside of one there are no hypotheses, and conditions are forgotten."""
    return _SCOPE.get() or Scope()


@contextmanager
def reasoning(positive: frozenset[str] = frozenset(), rules: tuple = (), expand: bool = False) -> Iterator[Scope]:
    """Everything inside is judged under these hypotheses; the side conditions needed are on the scope."""
    entered = Scope(positive, rules, expand)
    token = _SCOPE.set(entered)
    try:
        yield entered
    finally:
        _SCOPE.reset(token)


def require(condition: str, poly: Any) -> None:
    """Note that a rewrite was sound because `poly` is "positive" or "nonzero"."""
    value = poly.constant
    if value is not None:
        if value > 0 or (value and condition == "nonzero"):
            return
        raise Undefined(
            f"{value} stands where only {'a positive number' if condition == 'positive' else 'a number ≠ 0'} can"
        )
    if condition == "nonzero" and ("positive", poly.key) in scope().conditions:
        return
    scope().conditions.setdefault((condition, poly.key), poly)
