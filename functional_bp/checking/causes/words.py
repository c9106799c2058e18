"""The user's own words for values and operations: the expression as it is written, a primal's name, √d for 2.828."""

import math
from itertools import combinations

from functional_bp.checking.program.traced import LAYOUT, Operand, Step, Traced

SILENT = LAYOUT - {"transpose", "rev", "slice", "concatenate", "split", "pad"}


class Words:
    """What to call the values and the steps of one program."""

    def __init__(self, program: Traced, sizes: set[int]) -> None:
        self.program, self.sizes = program, sizes
        self.last = {step.place: step for step in program.steps if step.place is not None}
        self.lines = {step.number: str(step.place) for step in program.steps if step.place is not None}
        self.regions: dict[tuple[int, ...], str] = {}

    def value(self, n: Operand) -> str:
        """`x`, `1 - pt`, `exp` in `jax.nn.softmax(x)`."""
        if not isinstance(n, int):
            return f"{float(n):.6g}" if n.size == 1 else "a constant"
        step = self.program.made_by.get(n)
        while step is not None and step.primitive in SILENT and isinstance(step.inputs[0], int):
            n = step.inputs[0]
            step = self.program.made_by.get(n)
        if step is None:
            return f"`{self.program.values[n].label or 'a constant'}`"
        return self.step(step)

    def step(self, step: Step) -> str:
        """The expression that a step computes."""
        code = self.code(step)
        if not code:
            return f"the result of `{step.name}`" + (f" (line {step.place.line})" if step.place else "")
        return f"`{code}`" if self.whole(step) else f"the `{step.name}` in `{code}`"

    def source(self, step: Step) -> str:
        """The author's line, with its place."""
        return str(step.place).partition(": ")[2]

    def code(self, step: Step) -> str:
        return step.place.code if step.place is not None else ""

    def whole(self, step: Step) -> bool:
        """Is the step the last of its expression?"""
        last = self.last.get(step.place) if step.place is not None else None
        return last is None or (last.name, last.primitive) == (step.name, step.primitive)

    def region(self, steps: list[Step]) -> str:
        """A function's name for what several steps compute: `tanh`, `gelu`, `x / r`."""
        key = tuple(step.number for step in steps)
        if key not in self.regions:
            self.regions[key] = self.named(steps)
        return self.regions[key]

    def named(self, steps: list[Step]) -> str:
        weighty = [step for step in steps if step.primitive not in LAYOUT] or steps
        if len(weighty) == 1:
            return self.operation(weighty[0])
        for depth in range(min(len(step.calls) for step in weighty), 0, -1):
            calls = weighty[0].calls[:depth]
            inside = [s for s in self.program.steps if s.calls[:depth] == calls and s.primitive not in LAYOUT]
            if inside == weighty and calls[-1][1] in self.source(weighty[-1]):
                return f"`{calls[-1][1]}`"
        return self.step(weighty[-1])

    def operation(self, step: Step) -> str:
        called = step.calls[-1][1] if step.calls and step.calls[-1][1] else step.name
        if step.name in ("mul", "div", "sub", "add", "power", "pow", "neg", "max", "min", "where") and self.code(step):
            return f"`{self.code(step)}`"
        alone = [other for other in self.program.steps if other.place == step.place and other.primitive not in LAYOUT]
        return f"`{called if len(alone) == 1 and called in self.source(step) else step.name}`"

    def places(self, steps: tuple[Step, ...]) -> str:
        """The lines, in brackets."""
        lines = list(dict.fromkeys(self.lines[step.number] for step in steps if step.number in self.lines))
        return f" ({'; '.join(lines[:2])}{' …' if len(lines) > 2 else ''})" if lines else ""

    def factor(self, c: float) -> str:
        return name_factor(c, self.sizes)


def name_factor(c: float, sizes: set[int]) -> str:
    """The constant by what it may come from: the size of an axis, its root, n against n − 1."""
    for n in sorted(size for size in sizes if size > 1):
        root = math.isqrt(n)
        for value, text in (
            (1 / n, f"1/{n} (a mean where a sum is due: {n} is the size of an axis)"),
            (n, f"{n} (a sum where a mean is due: {n} is the size of an axis)"),
            (n / (n - 1), f"{c:.6g} ({n} against {n} − 1)"),
            ((n - 1) / n, f"{c:.6g} ({n} against {n} − 1)"),
            (math.sqrt(n), f"{c:.6g} = √{n}, {n} the size of an axis" if root * root != n else ""),
            (1 / math.sqrt(n), f"{c:.6g} = 1/√{n}, {n} the size of an axis" if root * root != n else ""),
        ):
            if text and abs(c - value) < 1e-5 * value:
                return text
    for n in sorted(size for size in sizes if size > 1):
        if abs(c * c - n) < 1e-5 * n or abs(c * c * n - 1) < 1e-5:
            return f"{c:.6g} ({'' if c > 1 else '1/'}√{n}, {n} the size of an axis)"
    for n, m in combinations(sorted(size for size in sizes if 1 < size < 1000), 2):
        if (
            abs(c - n * m) < 1e-5 * c
            or abs(c * n * m - 1) < 1e-5
            or abs(c * m - n) < 1e-5 * n
            or abs(c * n - m) < 1e-5 * m
        ):
            return f"{c:.6g} ({n} and {m} are sizes of axes)"
    return f"{c:.6g}" + (" (½: a square's derivative?)" if abs(c - 0.5) < 1e-6 else "")
