"""The one file here that knows how a claim is written and judged: everything else takes these names from it."""

from dataclasses import dataclass
from typing import Any

from sympy import Symbol

import derivations
from derivations import Field, Maximum, equation, index, prime, product, sigmoid, softplus, step, total

__all__ = [
    "Answer",
    "Field",
    "Maximum",
    "answer",
    "determinant",
    "dimension",
    "equation",
    "index",
    "inverse",
    "least",
    "log_determinant",
    "prime",
    "product",
    "sigmoid",
    "softplus",
    "step",
    "total",
]

# words that the language may not have yet
determinant, inverse, log_determinant = (
    getattr(derivations, name, None) for name in ("determinant", "inverse", "log_determinant")
)

_LEAST: dict[Symbol, int] = {}


def dimension(name: str, least: int = 1) -> Symbol:
    """A size that is at least `least`."""
    size = derivations.dimension(name) if least == 1 else derivations.dimension(name, least=least)
    _LEAST[size] = least
    return size


def least(size: Symbol) -> int:
    return _LEAST.get(size, 1)


@dataclass(frozen=True)
class Answer:
    """One of the four words, or "raised", or "overruled" for a refuted claim that was proven, too; the printed side
    conditions; the whole text."""

    word: str
    conditions: tuple[Any, ...] = ()
    text: str = ""
    point: Any = None  # of a refuted claim: it has `dimensions`, `indices` and `inputs` by name


def answer(left, right, given=(), indices=(), seconds: float | None = None) -> Answer:
    """What the prover says of left = right."""
    limit = {} if seconds is None else {"seconds": seconds}
    try:
        verdict = derivations.judge(left, right, given=given, indices=indices, diagnose=False, **limit)
    except Exception as error:
        return Answer("raised", text=f"{type(error).__name__}: {error}"[:300])
    word = "overruled" if getattr(verdict, "overruled", None) is not None else verdict.status
    return Answer(word, tuple(verdict.side_conditions), str(verdict), verdict.counterexample)
