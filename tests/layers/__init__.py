"""Right backward passes of ordinary layers, each beside its forward; `mutations` makes wrong ones of them.

A pair is `NAME(…)` and `NAME_backward(primals, y_bar)`; `@sizes(x="b n", t="b < n")` says what its arrays are: sizes
by name, `< n` whole numbers below n, `bool` conditions, `> 0` positive numbers, `01` numbers in (0, 1).
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import numpy as np

FILES = (
    "activations",
    "attention",
    "choices",
    "convolutions",
    "losses",
    "networks",
    "norms",
    "products",
    "sequences",
    "shapes",
)
NUMBERS = {"b": 3, "n": 4, "m": 5, "p": 2, "t": 3, "s": 5, "d": 4, "e": 2, "h": 2, "k": 3, "c": 2, "o": 3}


@dataclass(frozen=True)
class Pair:
    name: str
    forward: Callable
    backward: Callable
    arrays: dict[str, str]

    def example(self) -> list[Any]:
        random = np.random.default_rng(0)
        return [drawn(random, text) for text in self.arrays.values()]

    @property
    def sizes(self) -> dict[str, str]:
        return {name: words(text)[0] for name, text in self.arrays.items()}


def sizes(**arrays: str) -> Callable[[Callable], Callable]:
    def mark(forward: Callable) -> Callable:
        forward.arrays = arrays  # type: ignore[attr-defined]
        return forward

    return mark


def words(text: str) -> tuple[str, str]:
    for sign in ("<", "bool", "> 0", "01", "spd"):
        shape, found, rest = text.partition(sign)
        if found:
            return shape.strip(), sign + rest
    return text.strip(), ""


def drawn(random: Any, text: str) -> Any:
    shape, kind = words(text)
    size = tuple(eval(word, {}, NUMBERS) for word in shape.split())
    if kind.startswith("<"):
        return random.integers(0, eval(kind[1:], {}, NUMBERS), size).astype(np.int32)
    if kind == "bool":
        return random.random(size) < 0.6
    x = random.normal(size=size)
    if kind == "> 0":
        x = np.abs(x) + 0.3
    if kind == "01":
        x = random.uniform(0.1, 0.9, size)
    return x.astype(np.float32)


def pairs() -> Iterator[Pair]:
    for file in FILES:
        module = import_module(f"{__name__}.{file}")
        for name, value in vars(module).items():
            if hasattr(value, "arrays"):
                yield Pair(name, value, getattr(module, f"{name}_backward"), value.arrays)
