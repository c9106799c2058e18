"""The parts of cotangents in which a mistake may be made, in one program as one view shows it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from functional_bp.checking.causes.at_hand import Hand, expansions, fits, hands
from functional_bp.checking.causes.backward import Backward, Bars, Values
from functional_bp.checking.causes.mistake import Mistake
from functional_bp.checking.causes.view import Batch, View
from functional_bp.checking.causes.words import Words
from functional_bp.checking.kinds import Kind
from functional_bp.checking.program.traced import LAYOUT, Step

Part = Callable[[Backward, Values, np.ndarray], np.ndarray]  # of v's cotangent, from that of `at`


@dataclass(frozen=True)
class Portion:
    """A part of v's cotangent: all of it, what one operand of a step gives, or what comes through a later value w."""

    v: int
    at: int  # the value whose cotangent tells it
    part: Part
    seen: Callable[[View], np.ndarray]  # the same in a view
    step: Step | None = None
    operand: int = -1

    @property
    def whole(self) -> bool:
        return self.step is None and self.at == self.v

    def becomes(self, new: Part) -> Callable[[Backward, Values, np.ndarray], Bars]:
        return lambda back, values, bar: {self.v: new(back, values, bar) - self.part(back, values, bar)}


class Menu:
    """Where mistakes are made in one program; `felt` are the cotangents that change none but `free` leaves."""

    def __init__(self, view: View, words: Words, free: frozenset[int]) -> None:
        self.view, self.words = view, words
        self.back, self.program = view.back, view.back.program
        self.leaves = set(self.back.leaves)
        self.inner = [v for v in range(len(view.values)) if v in view.bars and self.program.values[v].differentiable]
        right = self.leaves - {self.back.leaves[i] for i in free}
        self.felt = {v for v in self.inner if not right & self.program.ancestors[v] and view.moves(v)}
        self.known: dict[tuple[int, ...], list[Hand]] = {}

    def hands(self, shape: tuple[int, ...]) -> list[Hand]:
        if shape not in self.known:
            self.known[shape] = hands(self.view, shape)
        return self.known[shape]

    def vectors(self, view: View, shape: tuple[int, ...]) -> np.ndarray:
        if shape not in view.pools:
            with np.errstate(all="ignore"):
                rows = [h.array(view.values, shape).ravel() for h in self.hands(shape)]
            view.pools[shape] = np.nan_to_num(np.stack(rows), nan=0.0, posinf=0.0, neginf=0.0)
        return view.pools[shape]

    def nodes(self) -> Iterator[Portion]:
        for v in sorted(self.felt):
            yield Portion(v, v, lambda back, values, bar: bar, lambda view, v=v: view.bar(v))

    def edges(self) -> Iterator[Portion]:
        """Where a value is used more than once, or a step is told from its operand by name."""
        for v in sorted(self.felt):
            for step, k in self.program.uses[v]:
                if (step.number, k) in self.view.parts and len(step.outputs) == 1:
                    yield self.edge(v, step, k)

    def edge(self, v: int, step: Step, k: int) -> Portion:
        def part(back: Backward, values: Values, bar: np.ndarray) -> np.ndarray:
            at = [values[n] if isinstance(n, int) else n for n in step.inputs]
            return back.pull(step, at, [bar])[k]

        return Portion(v, step.outputs[0], part, lambda view: view.parts[step.number, k], step, k)

    def regions(self) -> Iterator[tuple[Portion, tuple[int, ...]]]:
        """What comes to v through a later value w whose cotangent can be spread over v, and how it is spread."""
        for w in self.inner:
            for v in self.felt & self.program.ancestors[w]:
                if v != w:
                    for shape in expansions(self.program.values[w].shape, self.program.values[v].shape):
                        part = lambda back, values, bar, w=w, v=v: back.through(values, w, bar, v)  # noqa: E731
                        yield Portion(v, w, part, lambda view, w=w, v=v: view.through(w, v)), shape

    def path(self, portion: Portion) -> str:
        if portion.step is None:
            return f"the path through {self.words.value(portion.v)}"
        if len(portion.step.inputs) == 1 or portion.step.primitive in LAYOUT:
            return f"the path through {self.words.operation(portion.step)}"
        return f"the path through {self.words.value(portion.v)} in {self.words.step(portion.step)}"

    def steps_of(self, portion: Portion) -> tuple[Step, ...]:
        if portion.step is not None:
            return (portion.step,)
        if not portion.whole:
            return tuple(self.program.between(portion.v, portion.at))
        made = self.program.made_by.get(portion.v)
        return (made,) if made else ()

    def squared_divisor(self, hand: Hand, v: int) -> int | None:
        """The value by which something is divided, if this is its square."""
        shape = self.program.values[v].shape
        u = hand.array(self.view.values, shape)
        for n, value in enumerate(self.program.values):
            divisor = value.differentiable and fits(value.shape, shape) and self.divides(n)
            if divisor and np.allclose(self.view.values[n] ** 2 + np.zeros(shape), u, 1e-9, 0):
                return n
        return None

    def divides(self, n: int) -> bool:
        """Is something divided by it?"""
        uses = self.program.uses[n]
        return any(
            (step.primitive == "div" and k == 1) or (step.primitive in LAYOUT and self.divides(step.outputs[0]))
            for step, k in uses
        )

    def where(self, portion: Portion) -> str:
        what = f"the cotangent of {self.words.value(portion.v)}"
        if portion.step is not None:
            return f"{what} by {self.words.step(portion.step)}"
        return what if portion.whole else f"{what} through {self.words.value(portion.at)}"

    def constant(self, v: int, steps: tuple[Step, ...]) -> bool:
        """Is the derivative by v made of constants alone?"""
        return all(step.primitive in SCALING or self.by_a_number(v, step) for step in steps)

    def by_a_number(self, v: int, step: Step) -> bool:
        others = [n for n in step.inputs if not isinstance(n, int) or v not in self.program.ancestors[n]]
        return (
            step.primitive in ("mul", "div")
            and len(others) == 1
            and (step.primitive == "mul" or step.inputs[1] is others[0])
            and np.ptp(self.view.values[others[0]] if isinstance(others[0], int) else others[0]) == 0
        )

    def called(self, weighty: list[Step]) -> str:
        return weighty[0].calls[0][1] if weighty and weighty[0].calls else ""

    def relative(self, n: int, portion: Portion) -> object:
        """Which value it is, as seen from the portion's place: so that a loop's turns are alike."""
        made, own = self.program.made_by.get(n), self.program.made_by.get(portion.at)
        if made is None or own is None:
            return n
        return made.name, made.place, made.occurrence - own.occurrence

    def replaced(
        self, portion: Portion, kind: Kind, text: str, rank: float, new: Part, key: object, fitted: bool = False
    ) -> Batch:
        """One mistake: another part, perhaps times a constant."""

        def make(m: int, c: float) -> Mistake:
            told = text if c == 1 else f"{text}, with a factor {self.words.factor(c)}"
            wrong = portion.becomes(lambda back, values, bar: c * new(back, values, bar))
            return Mistake(
                kind, told, rank + 1.5 * (c != 1), portion.at, wrong, steps=self.steps_of(portion)[-1:], key=(key, c)
            )

        def vectors(view: View) -> np.ndarray:
            with np.errstate(all="ignore"):
                return np.nan_to_num(new(view.back, view.values, view.bar(portion.at)).reshape(1, -1))

        return Batch(portion.v, vectors, ones, portion.seen, make, fitted)


SCALING = (LAYOUT - {"slice", "pad", "concatenate", "split"}) | {"add", "sub", "neg", "add_any", "reduce_sum"}
BY_OUTPUT = {"{}", "1 − {}", "1 − {}²", "{0} (1 − {0})"}
COUPLING = {
    "cumsum",
    "cumprod",
    "reduce_sum",
    "reduce_max",
    "dot_general",
    "sort",
    "conv_general_dilated",
    "cumlogsumexp",
}


def elementwise(steps: tuple[Step, ...]) -> bool:
    """Is it a function of each element, or one call?"""
    called = {step.calls[:1] for step in steps}
    return not any(step.primitive in COUPLING or step.primitive in LAYOUT for step in steps) or (
        len(called) == 1 and () not in called
    )


def ones(view: View) -> np.ndarray:
    return np.ones(())


def zeros(v: int) -> Callable[[View], np.ndarray]:
    return lambda view: np.zeros_like(view.values[v])


def listed(axes: tuple[int, ...]) -> str:
    return " and ".join(map(str, axes))
