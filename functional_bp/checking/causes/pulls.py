"""A wrong pull of one step: some operands get other cotangents, or the derivative is taken at other operands."""

from collections.abc import Callable

import numpy as np

from functional_bp.checking.causes.backward import Backward, Bars, Values
from functional_bp.checking.causes.menu import Menu
from functional_bp.checking.causes.mistake import Mistake
from functional_bp.checking.kinds import Kind
from functional_bp.checking.program.traced import Step

New = Callable[[Backward, list, np.ndarray], Bars]  # (operands, ȳ) ↦ some operands' cotangents, wrong
Change = Callable[[Backward, Values], np.ndarray]


def instead(step: Step, new: New) -> Callable[[Backward, Values, np.ndarray], Bars]:
    """What is too much if some operands of a step get other cotangents than its pull gives."""

    def wrong(back: Backward, values: Values, bar: np.ndarray) -> Bars:
        at = [values[n] if isinstance(n, int) else n for n in step.inputs]
        right, deltas = back.right(step, values, bar), Bars()
        for k, x_bar in new(back, at, bar).items():
            n = step.inputs[k]
            assert isinstance(n, int)
            delta = np.broadcast_to(x_bar, np.shape(at[k])) - right[k]
            deltas[n] = deltas[n] + delta if n in deltas else delta
        return deltas

    return wrong


def of(menu: Menu, step: Step, kind: Kind, text: str, rank: float, new: New, key: object = None) -> Mistake:
    places = menu.words.places((step,))
    rank += 0 if menu.words.whole(step) else 1.5  # inside a library's function
    return Mistake(kind, text + places, rank, step.outputs[0], instead(step, new), steps=(step,), key=key or text)


def with_values(
    menu: Menu, step: Step, kind: Kind, text: str, rank: float, change: Change, k: int, j: int, key: object
) -> Mistake:
    def wrong(back: Backward, values: Values, bar: np.ndarray) -> Bars:
        at = [values[n] if isinstance(n, int) else n for n in step.inputs]
        other = [*at[:k], change(back, values), *at[k + 1 :]]
        n = step.inputs[j]
        assert isinstance(n, int)
        return {n: back.pull_one(step, other, bar, j) - back.right(step, values, bar)[j]}

    return Mistake(
        kind, text + menu.words.places((step,)), rank, step.outputs[0], wrong, steps=(step,), key=(key, k, j)
    )
