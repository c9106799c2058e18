"""A forward as a program: its operations in the order they run, the calls its author made kept together."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import count, groupby
from typing import Any

import jax.numpy as jnp
import numpy as np

from functional_bp.checking.program.places import Call, Place, origin, spoken

INLINED = {"jit": "jaxpr", "pjit": "jaxpr", "closed_call": "call_jaxpr", "custom_jvp_call": "call_jaxpr",
           "remat2": "jaxpr", "remat": "jaxpr", "checkpoint": "jaxpr"}  # fmt: skip
LAYOUT = {"broadcast_in_dim", "reshape", "squeeze", "expand_dims", "convert_element_type", "transpose", "copy",
          "stop_gradient", "slice", "concatenate", "rev", "pad", "split", "identity"}  # fmt: skip
LINEAR = LAYOUT | {"add", "sub", "neg", "reduce_sum", "cumsum", "add_any", "gather", "dynamic_slice", "scatter-add"}

Operand = int | np.ndarray  # the number of a value, or a constant


@dataclass(frozen=True)
class Value:
    """One array that the program computes or is given."""

    shape: tuple[int, ...]
    dtype: Any
    label: str = ""

    @property
    def differentiable(self) -> bool:
        return bool(jnp.issubdtype(self.dtype, jnp.inexact))


@dataclass(eq=False)
class Step:
    """One operation, or a call that spans several (`inner`); `scopes` are the bodies of a loop or a branch.

    `faults` are the mistakes its backward may hold, numbered from 1; `number` is the step's place among the switches.
    """

    name: str
    place: Place | None
    calls: tuple[Call, ...]
    inputs: list[Operand]
    outputs: list[int]
    equation: Any = None
    inner: list["Step"] = field(default_factory=list)
    scopes: list["Scope"] = field(default_factory=list)
    faults: list[Any] = field(default_factory=list)
    number: int = -1
    occurrence: int = 0

    @property
    def primitive(self) -> str:
        return self.equation.primitive.name if self.equation is not None else self.name

    @property
    def linear(self) -> bool:
        return all(step.linear for step in self.inner) if self.inner else self.primitive in LINEAR

    def whole_and_parts(self) -> Iterator["Step"]:
        yield self
        for step in self.inner:
            yield from step.whole_and_parts()


class Scope:
    """A program that runs as one: the forward, or the body of a loop, with calls inlined. Values are numbered."""

    def __init__(self, jaxpr: Any, consts: Sequence[Any], labels: Sequence[str] = (), repeats: bool = False) -> None:
        self.repeats = repeats
        self.values: list[Value] = []
        self.consts = [np.asarray(c) if np.ndim(c) == 0 else c for c in consts]
        known: dict[Any, Operand] = {}
        labels = [*labels, *[""] * len(jaxpr.invars)]
        self.inputs = [self.new(v, known, label) for v, label in zip(jaxpr.invars, labels, strict=False)]
        self.const_inputs = [self.new(v, known, "") for v in jaxpr.constvars]
        self.flat = list(self.inlined(jaxpr, known, None, (), count()))
        self.outputs = [read(v, known) for v in jaxpr.outvars]
        self.flat = list(self.forked(self.flat))
        self.steps = self.nested(self.flat, 0)
        self.pools = self.pooled()
        self.made_by = {n: step for step in self.flat for n in step.outputs}
        self.makers: dict[int, tuple[Any, int]] = {}
        self.labels: dict[int, str] = {}

    def own_steps(self) -> Iterator[Step]:
        for step in self.steps:
            yield from step.whole_and_parts()

    def new(self, variable: Any, known: dict, label: str) -> int:
        self.values.append(Value(tuple(variable.aval.shape), variable.aval.dtype, label))
        known[variable] = len(self.values) - 1
        return known[variable]

    def inlined(
        self, jaxpr: Any, known: dict, place: Place | None, calls: tuple[Call, ...], numbers: Iterator[int]
    ) -> Iterator[Step]:
        """The equations as steps, those of calls in their place."""
        for equation in jaxpr.eqns:
            here, path = origin(equation)
            if place is not None and (here is None or here.function != calls[-1][1]):
                here, path = place, ()  # of a library's function, which may have been traced for another line
            inputs = [read(v, known) for v in equation.invars]
            key = INLINED.get(equation.primitive.name)
            if key is None:
                label = spoken(equation.primitive.name)
                outputs = [self.new(v, known, label) for v in equation.outvars]
                yield Step(label, here, calls + path, inputs, outputs, equation, scopes=bodies(equation))
                continue
            inner = equation.params[key]
            body, consts = getattr(inner, "jaxpr", inner), getattr(inner, "consts", ())
            within: dict = dict(zip(body.invars, inputs, strict=True))
            within.update(zip(body.constvars, map(np.asarray, consts), strict=True))
            call = ((next(numbers),), str(equation.params.get("name", "")).lstrip("_"))
            yield from self.inlined(body, within, here or place, (*calls, *path, call), numbers)
            known.update((v, read(w, within)) for v, w in zip(equation.outvars, body.outvars, strict=True))

    def forked(self, steps: list[Step]) -> Iterator[Step]:
        """An identity after each value that is used more than once: there its whole cotangent comes together."""
        uses = Counter(n for step in steps for n in step.inputs if isinstance(n, int))
        gates: dict[int, int] = {}

        def gate(numbers: list[int], maker: Step | None) -> Iterator[Step]:
            for n in numbers:
                value = self.values[n]
                if uses[n] > 1 and value.differentiable and value.shape:
                    self.values.append(value)
                    gates[n] = len(self.values) - 1
                    place, calls = (maker.place, maker.calls) if maker else (None, ())
                    yield Step("identity", place, calls, [n], [gates[n]])

        yield from gate(self.inputs, None)
        for step in steps:
            step.inputs = [gates.get(n, n) if isinstance(n, int) else n for n in step.inputs]
            yield step
            yield from gate(step.outputs, step)
        self.outputs = [gates.get(n, n) if isinstance(n, int) else n for n in self.outputs]

    def nested(self, steps: list[Step], depth: int) -> list[Step]:
        """Neighbours that stem from one call become one step, if that has one array in and one such array out."""
        found: list[Step] = []
        for call, group in groupby(steps, key=lambda s: s.calls[depth] if len(s.calls) > depth else None):
            group = list(group)
            if call is None:
                found += group
                continue
            weighty = [s for s in group if s.primitive not in LAYOUT]
            for step in weighty:
                step.name = call[1] or step.name if len(weighty) == 1 else step.name
            inner = self.nested(group, depth + 1)
            whole = self.composite(call[1], group) if len(weighty) > 1 and len(inner) > 1 else None
            if whole is not None:
                whole.inner = inner
            found += inner if whole is None else [whole]
        return found

    def composite(self, name: str, group: list[Step]) -> Step | None:
        made = {n for step in group for n in step.outputs}
        inputs = list(dict.fromkeys(n for s in group for n in s.inputs if isinstance(n, int) and n not in made))
        others = {id(step) for step in group}
        used = {n for s in self.flat if id(s) not in others for n in s.inputs if isinstance(n, int)}
        outside = [n for n in dict.fromkeys(n for s in group for n in s.outputs) if n in used or n in self.results]
        floats = [n for n in inputs if self.values[n].differentiable]
        if len(outside) != 1 or len(floats) != 1 or not name or all(s.linear for s in group):
            return None
        x, y = self.values[floats[0]], self.values[outside[0]]
        if (x.shape, x.dtype) != (y.shape, y.dtype):
            return None
        return Step(name, group[0].place, group[0].calls, list(inputs), outside)

    @property
    def results(self) -> set[int]:
        return {n for n in self.outputs if isinstance(n, int)}

    def pooled(self) -> dict[tuple, list[int]]:
        """The values at hand for each shape and dtype: what may stand in the place of a residual."""
        made_by = {n: step.primitive for step in self.flat for n in step.outputs}
        pools: dict[tuple, list[int]] = {}
        for n, value in enumerate(self.values):
            mere_layout = made_by.get(n) in LAYOUT - {"broadcast_in_dim", "concatenate"}
            if value.shape and value.differentiable and not mere_layout:
                pools.setdefault((value.shape, value.dtype), []).append(n)
        return pools

    def describe(self) -> None:
        """For each value what made it, how often that ran before, and what to call the value."""
        for step in self.own_steps():
            for n in step.outputs if step.primitive != "identity" else ():
                line = f" (line {step.place.line})" if step.place else ""
                self.makers.setdefault(n, ((step.place, step.name), step.occurrence))
                self.labels.setdefault(n, f"the result of `{step.name}`{line}")
        for n in [*self.inputs, *self.const_inputs]:
            self.makers[n] = (("given", n), 0)
            self.labels[n] = self.values[n].label or "a value from outside"
        for step in self.flat:
            for n, gated in zip(step.inputs, step.outputs, strict=False) if step.primitive == "identity" else ():
                assert isinstance(n, int)
                self.makers[gated], self.labels[gated] = self.makers[n], self.labels[n]


def read(variable: Any, known: dict) -> Operand:
    return np.asarray(variable.val, variable.aval.dtype) if hasattr(variable, "val") else known[variable]


def bodies(equation: Any) -> list[Scope]:
    """The programs inside a scan or a cond; other control flow stays whole."""
    if equation.primitive.name == "scan":
        return [Scope(equation.params["jaxpr"].jaxpr, equation.params["jaxpr"].consts, repeats=True)]
    if equation.primitive.name == "cond":
        return [Scope(branch.jaxpr, branch.consts) for branch in equation.params["branches"]]
    return []


def numbered(scope: Scope) -> list[Step]:
    """All steps, each with its number, and how often its line has run the same operation before."""
    seen: dict[Any, int] = {}
    steps = [step for each in scopes(scope) for step in each.own_steps()]
    for number, step in enumerate(steps):
        step.number = number
        key = (step.place, step.name, step.primitive)
        step.occurrence = seen[key] = seen.get(key, -1) + 1
    for each in scopes(scope):
        each.describe()
    return steps


def scopes(scope: Scope) -> Iterator[Scope]:
    yield scope
    for step in scope.flat:
        for inner in step.scopes:
            yield from scopes(inner)
