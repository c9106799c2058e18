"""The values at hand where a derivative is written down, and what people commonly make of them."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from functional_bp.checking.causes.view import View
from functional_bp.checking.limits import MOST_AT_HAND, VECTOR_NUMBERS
from functional_bp.checking.program.traced import LAYOUT


def sigmoid(u: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-u))


def softmax(u: np.ndarray, axis: int) -> np.ndarray:
    e = np.exp(u - u.max(axis, keepdims=True))
    return e / e.sum(axis, keepdims=True)


Function = tuple[str, float, Callable[[np.ndarray], np.ndarray]]
FUNCTIONS: tuple[Function, ...] = (
    ("{}", 0, lambda u: u),
    ("1 − {}", 1, lambda u: 1 - u),
    ("{}²", 1, lambda u: u * u),
    ("1 − {}²", 1, lambda u: 1 - u * u),
    ("{0} (1 − {0})", 1, lambda u: u * (1 - u)),
    ("1 + {}", 2, lambda u: 1 + u),
    ("√{}", 2, np.sqrt),
    ("exp {}", 2, np.exp),
    ("sign {}", 2, np.sign),
    ("|{}|", 2, np.abs),
    ("[{} > 0]", 2, lambda u: (u > 0) * 1.0),
    ("[{} < 0]", 2, lambda u: (u < 0) * 1.0),
    ("σ({})", 2.5, sigmoid),
    ("σ′({})", 2.5, lambda u: sigmoid(u) * (1 - sigmoid(u))),
    ("tanh {}", 2.5, np.tanh),
    ("1 − tanh² {}", 2.5, lambda u: 1 - np.tanh(u) ** 2),
    ("({0} − 1) / {0}²", 3, lambda u: (u - 1) / (u * u)),
    ("{}³", 3, lambda u: u**3),
    ("cos {}", 3, np.cos),
    ("sin {}", 3, np.sin),
    ("exp {0} (1 − exp {0})", 3, lambda u: np.exp(u) * (1 - np.exp(u))),
)
SUMMED: tuple[tuple[str, float, Callable[[np.ndarray, int], np.ndarray]], ...] = (
    ("softmax of {} along axis {}", 2.5, softmax),
    ("softmax of {} along axis {}, times 1 − itself", 3, lambda u, a: softmax(u, a) * (1 - softmax(u, a))),
)


@dataclass(frozen=True)
class Hand:
    """One array at hand: a function of a value; `inverse`: one over it. `n` is −1 for all ones."""

    n: int
    form: str = "1"
    rank: float = 0
    function: Callable[[np.ndarray], np.ndarray] | None = None
    inverse: bool = False

    def array(self, values: list[np.ndarray], shape: tuple[int, ...]) -> np.ndarray:
        if self.function is None:
            return np.ones(shape)
        with np.errstate(all="ignore"):
            u = self.function(np.asarray(values[self.n], "float64"))
            return np.broadcast_to(np.where(u == 0, 0.0, 1 / u) if self.inverse else u, shape)

    def text(self, label: str) -> str:
        inner = self.form.format(label)
        return inner if not self.inverse else f"1 / {inner}" if self.form == "{}" else f"1 / ({inner})"


def hands(view: View, shape: tuple[int, ...]) -> list[Hand]:
    """What is at hand for a cotangent of this shape; equal ones once, by their numbers in this view."""
    program = view.back.program
    found: dict[bytes, Hand] = {np.ones(shape).tobytes(): Hand(-1)}
    most = max(8, VECTOR_NUMBERS / (1 + np.prod(shape)))
    fitting = [n for n, value in enumerate(program.values) if fits(value.shape, shape) and useful(view, n)]
    for form, rank, function in FUNCTIONS:
        for n in fitting[:MOST_AT_HAND]:
            for inverse in (False, True):
                keep(found, view, shape, Hand(n, form, rank + inverse, function, inverse))
        if len(found) > most:
            break
    for n in fitting[:MOST_AT_HAND] if len(found) < most else ():
        for axis in range(len(program.values[n].shape)):
            for form, rank, function in SUMMED:
                text = form.format("{}", axis)
                keep(found, view, shape, Hand(n, text, rank, lambda u, f=function, a=axis: f(u, a)))
    return list(found.values())


def keep(found: dict[bytes, Hand], view: View, shape: tuple[int, ...], hand: Hand) -> None:
    with np.errstate(all="ignore"):
        array = hand.array(view.values, shape)
        if np.all(np.isfinite(array)) and array.any():
            found.setdefault((np.round(array, 9) + 0.0).tobytes(), hand)


def useful(view: View, n: int) -> bool:
    """No mere layout of another value."""
    program, value = view.back.program, view.values[n]
    step = program.made_by.get(n)
    layout = step is not None and step.primitive in LAYOUT - {"concatenate", "transpose", "rev", "slice"}
    if layout and step is not None and isinstance(step.inputs[0], int):
        layout = fits(program.values[step.inputs[0]].shape, program.values[n].shape)
    return not layout and value.size > 0 and value.dtype.kind in "fb"


def fits(small: tuple[int, ...], large: tuple[int, ...]) -> bool:
    """Does it broadcast to it?"""
    if len(small) > len(large):
        return False
    return all(a in (1, b) for a, b in zip(small[::-1], large[::-1], strict=False))


def expansions(small: tuple[int, ...], large: tuple[int, ...]) -> list[tuple[int, ...]]:
    """The shapes in which a smaller array can be spread over a larger one: a row's number along rows or columns."""
    if len(small) == len(large):
        return [small] if fits(small, large) else []
    if len(small) > len(large):
        return []
    if not large:
        return [()]
    found = []
    for rest in expansions(small, large[1:]):
        found.append((1, *rest))
    if small and small[0] in (1, large[0]):
        for rest in expansions(small[1:], large[1:]):
            found.append((small[0], *rest))
    return [shape for shape in dict.fromkeys(found) if len(shape) == len(large)]
