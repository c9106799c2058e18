"""A comparison with another number: every threshold between two neighbouring values is tried by one running sum."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from functional_bp.checking.causes.backward import Backward, Values
from functional_bp.checking.causes.menu import Menu
from functional_bp.checking.causes.mistake import Mistake
from functional_bp.checking.causes.pulls import with_values
from functional_bp.checking.causes.view import Screen, View
from functional_bp.checking.kinds import Kind
from functional_bp.checking.program.traced import Operand, Step

SENSE = {"gt": 1, "ge": 1, "lt": -1, "le": -1}


@dataclass(frozen=True)
class Comparison:
    """left > right (times `sense`) decides for operand `yes` of a step, else for `no`; `k` is the mask's own place."""

    step: Step
    compared: Step
    sense: int
    k: int
    yes: int
    no: int

    def margin(self, values: Values, shape: tuple[int, ...]) -> np.ndarray:
        a, b = (values[n] if isinstance(n, int) else n for n in self.compared.inputs)
        return np.broadcast_to(self.sense * (np.asarray(a, "float64") - b), shape)

    def moved(self, theta: float, back: Backward, values: Values) -> np.ndarray:
        n = self.step.inputs[self.k]
        assert isinstance(n, int)
        mask = self.margin(values, np.shape(values[n])) > theta
        return mask.astype(values[n].dtype)


def comparisons(menu: Menu) -> Iterator[Comparison]:
    program = menu.program
    for step in program.steps:
        if step.primitive == "select_n" and len(step.inputs) == 3:
            places = [(0, 2, 1)]
        elif step.primitive == "mul":
            places = [(0, 1, -1), (1, 0, -1)]
        else:
            continue
        for k, yes, no in places:
            source = program.source(step.inputs[k])
            made = program.made_by.get(source) if isinstance(source, int) else None
            if made is not None and made.primitive in SENSE:
                yield Comparison(step, made, SENSE[made.primitive], k, yes, no)


def thresholds(menu: Menu, screen: Screen) -> Iterator[tuple[Mistake, frozenset[int]]]:
    for comparison in comparisons(menu):
        for leaf in screen.leaves:
            found = [between(comparison, view, leaf) for view in screen.views]
            pairs = [(max(a[0], b[0]), min(a[1], b[1])) for a in found[0] for b in found[-1]]
            for low, high in (pair for pair in pairs if pair[0] < pair[1]):
                yield moved(menu, comparison, low, high), frozenset([leaf])


def between(c: Comparison, view: View, leaf: int) -> list[tuple[float, float]]:
    """The intervals in which the threshold explains the leaf."""
    y = c.step.outputs[0]
    if y not in view.bars:
        return []
    columns = [j for j, asked in enumerate(view.asked) if asked == leaf]
    g, shape = view.bar(y).ravel(), np.shape(view.values[y])
    changed = g * (
        tangent(view, c.step.inputs[c.yes], shape)[columns] - tangent(view, c.step.inputs[c.no], shape)[columns]
        if c.no >= 0
        else tangent(view, c.step.inputs[c.yes], shape)[columns]
    )
    margin = c.margin(view.values, shape).ravel()
    found, sides = [], []
    for side, sign in ((margin > 0, -1), (margin <= 0, 1)):
        order = np.flatnonzero(side)[np.argsort(np.abs(margin[side]), kind="stable")]
        total = np.cumsum(sign * changed[:, order], axis=1)
        fits = np.all(np.abs(total - view.due[columns][:, None]) <= view.loose[columns][:, None], axis=0)
        sizes = np.append(np.abs(margin[order]), np.inf)
        sides.append(sizes[0])
        for k in np.flatnonzero(fits):
            ends = sizes[k], sizes[k + 1]
            found.append(ends if sign < 0 else (-ends[1], -ends[0]))
    if np.all(np.abs(view.due[columns]) <= view.loose[columns]):  # here it decides as before
        found.append((-sides[1], sides[0]))
    return found


def tangent(view: View, n: Operand, shape: tuple[int, ...]) -> np.ndarray:
    size = int(np.prod(shape))
    if not isinstance(n, int) or view.values[n].size != size:
        return np.zeros((len(view.asked), size))
    return view.tangent(n)


def moved(menu: Menu, c: Comparison, low: float, high: float) -> Mistake:
    right = c.compared.inputs[1]
    constant = float(right) if isinstance(right, np.ndarray) and right.size == 1 else None
    if constant is None and isinstance(right, int) and np.ptp(menu.view.values[right]) == 0:
        constant = float(menu.view.values[right].flat[0])
    zero = constant or 0.0
    ends = sorted((zero + c.sense * low, zero + c.sense * high))
    number = simplest(*ends)
    theta = c.sense * (number - zero)
    what = menu.words.step(c.compared)
    everywhere = not np.isfinite(low) or not np.isfinite(high)
    text = f"the threshold in {what} is moved to {number:.4g}" if not everywhere or number else what
    text = f"the comparison {what} is taken to hold {'everywhere' if theta < 0 else 'nowhere'}" if everywhere else text
    kind = Kind.MASK if everywhere else Kind.THRESHOLD
    change = lambda back, values: c.moved(theta, back, values)  # noqa: E731
    operands = [k for k in (c.yes, c.no) if k >= 0 and k in menu.back.due(c.step)]
    parts = [with_values(menu, c.step, kind, text, 2.5, change, c.k, j, ("threshold", number)) for j in operands]
    first = parts[0]

    def wrong(back: Backward, values: Values, bar: np.ndarray) -> dict:
        deltas: dict = {}
        for one in parts:
            for v, delta in one.wrong(back, values, bar).items():  # type: ignore[misc]
                deltas[v] = deltas[v] + delta if v in deltas else delta
        return deltas

    return Mistake(kind, first.text, 2.5, first.at, wrong, steps=first.steps, key=first.key)


def simplest(low: float, high: float) -> float:
    """The number with the fewest digits between two."""
    low, high = max(low, -1e6), min(high, 1e6)
    for digits in range(-5, 12):
        unit = 10.0**-digits
        for step in (1, 0.5):
            k = np.floor(low / (unit * step)) + 1
            if k * unit * step < high:
                return 0.0 if low < 0 < high else float(k * unit * step)
    return (low + high) / 2


__all__: Sequence[str] = ["thresholds"]
