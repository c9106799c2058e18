"""The backward of a traced forward as a chain of pulls, run by NumPy in float64: ⟨x̄, ẋ⟩ = ⟨ȳ, ẏ⟩ at each step."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from functional_bp.checking.program.compiled import double_precision, upcast
from functional_bp.checking.program.on_numpy import RULES
from functional_bp.checking.program.run import bind, by_numpy, interpret
from functional_bp.checking.program.traced import Step, Traced
from functional_bp.checking.question.problem import Point, Problem

Values = list[np.ndarray]
Bars = dict[int, np.ndarray]  # the cotangents of values
Difference = Callable[["Backward", Values, np.ndarray], Bars]  # what a wrong pull of one value's cotangent adds


class Backward:
    """`values` runs the forward, `sweep` the backward from any cotangents, with mistakes in it if asked."""

    cost = 1  # of a pull, for each number that it gives

    def __init__(self, problem: Problem, point: Point) -> None:
        point = upcast(point)
        with double_precision():
            closed = jax.make_jaxpr(problem.float_outputs)(list(point.floats), list(point.indices))
            labels = [leaf.name for kind in ("float", "index") for leaf in problem.leaves if leaf.kind == kind]
            self.program = Traced(closed, labels)
        self.leaves = self.program.inputs[: len(point.floats)]
        self.traces: dict[Any, Any] = {}
        self.seen: Bars = {}
        self.dues: dict[int, list[int]] = {}
        self.last: dict[Any, tuple[Values, np.ndarray, Bars]] = {}

    def values(self, point: Point, recomputed: Mapping[int, Callable[[Values], np.ndarray]] = {}) -> Values:
        """All values of the program; some computed otherwise."""
        program, values = self.program, [np.zeros(0)] * len(self.program.values)
        for n, a in zip(program.inputs, (*point.floats, *point.indices), strict=True):
            values[n] = np.asarray(a)
        for n, a in program.consts.items():
            values[n] = a
        for n in program.inputs:
            values[n] = recomputed[n](values) if n in recomputed else values[n]
        for step in program.steps:
            for n, y in zip(step.outputs, perform(step.equation, operands(step, values)), strict=True):
                values[n] = y
                values[n] = np.asarray(recomputed[n](values)) if n in recomputed else y
        return values

    def outputs_bar(self, y_bar: Sequence[np.ndarray]) -> Bars:
        bars: Bars = {}
        for n, b in zip(self.program.outputs, y_bar, strict=True):
            if isinstance(n, int):
                bars[n] = bars[n] + b if n in bars else b
        return bars

    def sweep(
        self,
        values: Values,
        bars: Bars,
        made: Mapping[int, Sequence[Difference]] = {},
        steps: Sequence[Step] | None = None,
    ) -> tuple[Bars, dict[tuple[int, int], np.ndarray]]:
        """The cotangents of all values, and the part of them that each operand of each step gives.

        `made` are the mistakes in the pull of some values: each is told when the value's cotangent is complete; the
        others' are `seen` then. `steps`: these alone.
        """
        bars, parts = dict(bars), {}

        def complete(n: int) -> None:
            for difference in made.get(n, ()):
                self.seen = bars
                for v, delta in difference(self, values, bars.get(n, np.zeros_like(values[n]))).items():
                    bars[v] = bars[v] + delta if v in bars else delta

        for step in reversed(self.program.steps if steps is None else steps):
            for n in step.outputs if made else ():
                complete(n)
            if any(n in bars for n in step.outputs):
                y_bar = [bars.get(n, np.zeros_like(values[n])) for n in step.outputs]
                for k, x_bar in self.pull(step, operands(step, values), y_bar).items():
                    n = step.inputs[k]
                    assert isinstance(n, int)
                    parts[step.number, k] = x_bar
                    bars[n] = bars[n] + x_bar if n in bars else x_bar
        for n in self.program.inputs if made else ():
            complete(n)
        return bars, parts

    def through(self, values: Values, w: int, w_bar: np.ndarray, v: int) -> np.ndarray:
        """The part of v's cotangent that comes from w's."""
        steps = self.program.between(v, w)
        return self.sweep(values, {w: w_bar}, {}, steps)[0].get(v, np.zeros_like(values[v]))

    def tangents(self, values: Values, leaf: int, direction: np.ndarray) -> Bars:
        """How every value moves along a direction of one leaf."""
        moved: Bars = {self.leaves[leaf]: direction}
        for step in self.program.steps:
            if any(n in moved for n in step.inputs if isinstance(n, int)):
                due = self.due(step)
                x_dot = [moved.get(step.inputs[k], np.zeros_like(values[step.inputs[k]])) for k in due]  # type: ignore[call-overload,index]
                for n, y_dot in zip(step.outputs, self.push(step, operands(step, values), x_dot), strict=True):
                    if self.program.values[n].differentiable:
                        moved[n] = y_dot
        return moved

    def due(self, step: Step) -> list[int]:
        """The operands that have a cotangent."""
        if step.number not in self.dues:
            values = self.program.values
            due = [k for k, n in enumerate(step.inputs) if isinstance(n, int) and values[n].differentiable]
            self.dues[step.number] = due
        return self.dues[step.number]

    def pull(self, step: Step, at: Sequence[np.ndarray], y_bar: Sequence[np.ndarray]) -> Bars:
        """ȳ ↦ x̄ of one step, at these operands: {operand: cotangent}."""
        due = self.due(step)
        some = [y for y, n in zip(y_bar, step.outputs, strict=True) if self.program.values[n].differentiable]
        if not due or not some:
            return {}
        return dict(zip(due, self.traced("pull", step, at, some), strict=True))

    def pull_one(self, step: Step, at: Sequence[np.ndarray], y_bar: np.ndarray, k: int) -> np.ndarray:
        """One operand's cotangent alone, of a step with one result."""
        return self.traced("pull", step, at, [y_bar], (k,))[0]

    def push(self, step: Step, at: Sequence[np.ndarray], x_dot: Sequence[np.ndarray]) -> list[np.ndarray]:
        return self.traced("push", step, at, x_dot)

    def traced(
        self, way: str, step: Step, at: Sequence[np.ndarray], other: Sequence[np.ndarray], due: tuple[int, ...] = ()
    ) -> list[np.ndarray]:
        """Traced once for each step, or for all steps that are alike."""
        arrays = [*map(np.asarray, at), *map(np.asarray, other)]
        key = (way, step.number, due, *((a.shape, a.dtype.char) for a in arrays))
        if key not in self.traces:
            with double_precision():
                self.traces[key] = self.trace(way, step, [jax.ShapeDtypeStruct(a.shape, a.dtype) for a in arrays], due)
        return [np.asarray(a) for a in interpret(self.traces[key], arrays, perform)]

    def trace(self, way: str, step: Step, avals: list, due: tuple[int, ...]) -> Any:
        due, function = due or tuple(self.due(step)), pulled if way == "pull" else pushed
        params = step.equation.params
        same = repr(params) if not {"jaxpr", "jaxprs", "branches"} & params.keys() else id(step.equation)
        key = (way, step.primitive, same, due, repr(avals))
        if key not in self.traces:
            n = len(step.inputs)
            closed = jax.make_jaxpr(lambda *a: function(step, due, list(a[:n]), list(a[n:])))(*avals)
            self.traces[key] = closed.replace(jaxpr=closed.jaxpr.replace(eqns=needed(closed.jaxpr)))
        return self.traces[key]

    def right(self, step: Step, values: Values, bar: np.ndarray) -> Bars:
        """What a step's pull gives for the cotangent of its one output; the last ones are kept."""
        key = (step.number, id(values), id(bar))
        if key not in self.last:
            self.last = {} if len(self.last) > 500 else self.last
            self.last[key] = values, bar, self.pull(step, operands(step, values), [bar])
        return self.last[key][2]


def perform(equation: Any, at: list) -> list:
    """One operation by NumPy; by JAX, in float64, what NumPy has no word for."""
    if equation.primitive.name in RULES:
        return by_numpy(equation, at)
    with double_precision():
        return by_numpy(equation, at)


def needed(jaxpr: Any) -> list:
    """The equations that the results depend on."""
    due, kept = {id(v) for v in jaxpr.outvars}, []
    for equation in reversed(jaxpr.eqns):
        if any(id(v) in due for v in equation.outvars):
            kept.append(equation)
            due |= {id(v) for v in equation.invars}
    return kept[::-1]


def operands(step: Step, values: Values) -> list[np.ndarray]:
    return [values[n] if isinstance(n, int) else n for n in step.inputs]


def pulled(step: Step, due: Sequence[int], at: list, y_bar: list) -> list:
    y, pull = jax.vjp(lambda x: differentiable(run(step, due, at, x)), [at[k] for k in due])
    return pull([b.astype(o.dtype) for b, o in zip(y_bar, y, strict=True)])[0]


def pushed(step: Step, due: Sequence[int], at: list, x_dot: list) -> list:
    x = [at[k] for k in due]
    y_dot = jax.jvp(
        lambda x: run(step, due, at, x), (x,), ([d.astype(a.dtype) for d, a in zip(x_dot, x, strict=True)],)
    )[1]
    return [jnp.zeros(()) if d.dtype == jax.dtypes.float0 else d for d in y_dot]


def run(step: Step, due: Sequence[int], at: list, x: list) -> list:
    at = list(at)
    for k, value in zip(due, x, strict=True):
        at[k] = value
    return bind(step.equation, at)


def differentiable(results: list) -> list:
    return [y for y in results if jnp.issubdtype(y.dtype, jnp.inexact)]
