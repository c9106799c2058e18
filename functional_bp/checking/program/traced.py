"""A forward as a program: its operations in the order they run, calls inlined, loops unrolled, values numbered."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import count
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from functional_bp.checking.limits import MOST_STEPS
from functional_bp.checking.program.places import Call, Place, origin, spoken

INLINED = {"jit": "jaxpr", "pjit": "jaxpr", "closed_call": "call_jaxpr", "custom_jvp_call": "call_jaxpr",
           "remat2": "jaxpr", "remat": "jaxpr", "checkpoint": "jaxpr"}  # fmt: skip
WHOLE = {"solve"}  # calls that stay one step
LAYOUT = {"broadcast_in_dim", "reshape", "squeeze", "expand_dims", "convert_element_type", "transpose", "copy",
          "stop_gradient", "slice", "concatenate", "rev", "pad", "split"}  # fmt: skip
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
    """One operation; `occurrence` tells how often its line has run the same operation before."""

    name: str
    place: Place | None
    calls: tuple[Call, ...]
    inputs: list[Operand]
    outputs: list[int]
    equation: Any
    number: int = -1
    occurrence: int = 0

    @property
    def primitive(self) -> str:
        name = self.equation.primitive.name
        return self.equation.params["name"] if name in ("jit", "pjit") else name

    @property
    def linear(self) -> bool:
        return self.primitive in LINEAR


class Traced:
    """The forward's steps; `inputs` and `outputs` are the numbers of its values."""

    def __init__(self, closed: Any, labels: Sequence[str]) -> None:
        self.values: list[Value] = []
        known: dict[Any, Operand] = {}
        labels = [*labels, *[""] * len(closed.jaxpr.invars)]
        self.inputs = [self.new(v, known, label) for v, label in zip(closed.jaxpr.invars, labels, strict=False)]
        self.consts = {
            self.new(v, known, ""): np.asarray(c) for v, c in zip(closed.jaxpr.constvars, closed.consts, strict=True)
        }
        self.steps: list[Step] = []
        seen: dict[Any, int] = {}
        for step in self.inlined(closed.jaxpr, known, None, (), count()):
            step.number = len(self.steps)
            key = step.place, step.name, step.primitive
            step.occurrence = seen[key] = seen.get(key, -1) + 1
            self.steps.append(step)
            if len(self.steps) > MOST_STEPS:
                raise ValueError(f"a program of more than {MOST_STEPS} steps")
        self.outputs = [read(v, known) for v in closed.jaxpr.outvars]

    def new(self, variable: Any, known: dict, label: str) -> int:
        self.values.append(Value(tuple(variable.aval.shape), variable.aval.dtype, label))
        known[variable] = len(self.values) - 1
        return known[variable]

    def inlined(
        self, jaxpr: Any, known: dict, place: Place | None, calls: tuple[Call, ...], numbers: Iterator[int]
    ) -> Iterator[Step]:
        """The equations as steps, those of calls, of a loop's turns and of all branches in their place."""
        for equation in jaxpr.eqns:
            here, path = origin(equation)
            if place is not None and (here is None or here.function != calls[-1][1]):
                here, path = place, ()  # of a library's function, which may have been traced for another line
            inputs = [read(v, known) for v in equation.invars]
            name, params = equation.primitive.name, equation.params

            def within(inner: Any, arguments: Sequence[Operand], place: Any = None, call: tuple = ()) -> Any:
                outputs: list[Operand] = []
                around = (*calls, *path, *call)  # noqa: B023
                yield from self.body(inner, arguments, outputs, place, around, numbers)
                return outputs

            called = str(params.get("name", "")).lstrip("_")
            if name in INLINED and called not in WHOLE:
                call = (((next(numbers),), called),)
                results = yield from within(params[INLINED[name]], inputs, here or place, call)
            elif name == "scan" and params["length"] * len(params["jaxpr"].jaxpr.eqns) <= MOST_STEPS:
                results = yield from self.unrolled(params, inputs, within)
            elif name == "cond":
                branches = []
                for branch in params["branches"]:
                    branches.append((yield from within(branch, inputs[1:])))
                results = yield from self.chosen(inputs[0], branches, within)
            else:
                label = spoken(called if called in WHOLE else name)
                outputs = [self.new(v, known, label) for v in equation.outvars]
                yield Step(label, here, calls + path, inputs, outputs, equation)
                continue
            known.update(zip(equation.outvars, results, strict=True))

    def body(
        self, inner: Any, arguments: Sequence[Operand], outputs: list, place: Any, calls: tuple, numbers: Iterator[int]
    ) -> Iterator[Step]:
        body, consts = getattr(inner, "jaxpr", inner), getattr(inner, "consts", ())
        known: dict = dict(zip(body.invars, arguments, strict=True))
        known.update(zip(body.constvars, map(np.asarray, consts), strict=True))
        yield from self.inlined(body, known, place, calls or ((None, ""),), numbers)
        outputs += [read(v, known) for v in body.outvars]

    def unrolled(self, params: Any, inputs: list[Operand], within: Any) -> Any:
        fixed, carried, length = params["num_consts"], params["num_carry"], params["length"]
        consts, carry, xs = inputs[:fixed], inputs[fixed : fixed + carried], inputs[fixed + carried :]
        rows: list[list[Operand]] = []
        for t in reversed(range(length)) if params["reverse"] else range(length):
            taken = yield from self.applied(lambda *xs, t=t: [lax.index_in_dim(x, t, 0, False) for x in xs], xs, within)
            results = yield from within(params["jaxpr"], [*consts, *carry, *taken])
            carry, row = results[:carried], results[carried:]
            rows.append(row)
        rows = rows[::-1] if params["reverse"] else rows
        stacked: list[Operand] = []
        for column in zip(*rows, strict=True):
            stacked += yield from self.applied(lambda *row: [jnp.stack(row)], column, within)
        return [*carry, *stacked]

    def chosen(self, index: Operand, branches: list[list[Operand]], within: Any) -> Any:
        results: list[Operand] = []
        for cases in zip(*branches, strict=True):

            def choose(i: Any, *cases: Any) -> list:
                return [lax.select_n(i if i.dtype == bool else jnp.clip(i, 0, len(cases) - 1), *cases)]

            results += yield from self.applied(choose, [index, *cases], within)
        return results

    def applied(self, function: Any, operands: Sequence[Operand], within: Any) -> Any:
        avals = [jax.ShapeDtypeStruct(a.shape, a.dtype) for a in map(self.aval, operands)]
        return (yield from within(jax.make_jaxpr(function)(*avals), list(operands))) if operands else []

    def aval(self, operand: Operand) -> Any:
        return self.values[operand] if isinstance(operand, int) else operand

    @cached_property
    def made_by(self) -> dict[int, Step]:
        return {n: step for step in self.steps for n in step.outputs}

    @cached_property
    def uses(self) -> dict[int, list[tuple[Step, int]]]:
        """For each value the steps that take it, and as which operand."""
        uses: dict[int, list[tuple[Step, int]]] = {n: [] for n in range(len(self.values))}
        for step in self.steps:
            for k, n in enumerate(step.inputs):
                if isinstance(n, int):
                    uses[n].append((step, k))
        return uses

    @cached_property
    def ancestors(self) -> list[frozenset[int]]:
        """For each value those it was computed from, through what has a derivative; itself too."""
        found = [frozenset([n]) for n in range(len(self.values))]
        for step in self.steps:
            before = [found[n] for n in step.inputs if isinstance(n, int) and self.values[n].differentiable]
            for n in step.outputs:
                if self.values[n].differentiable:
                    found[n] = found[n].union(*before)
        return found

    def between(self, v: int, w: int) -> list[Step]:
        """The steps on the paths from v to w."""
        if (v, w) not in self.paths:
            inside = {n for n in self.ancestors[w] if v in self.ancestors[n]}
            steps = {self.made_by[n].number for n in inside if n != v and n in self.made_by}
            self.paths[v, w] = [self.steps[number] for number in sorted(steps)]
        return self.paths[v, w]

    @cached_property
    def paths(self) -> dict[tuple[int, int], list[Step]]:
        return {}

    def source(self, n: Operand) -> Operand:
        """What a value is made of by layout alone: a transposed matrix's matrix."""
        while isinstance(n, int) and n in self.made_by and self.made_by[n].primitive in LAYOUT:
            taken = [x for x in self.made_by[n].inputs if isinstance(x, int)]
            if len(taken) != 1:
                break
            n = taken[0]
        return n


def read(variable: Any, known: dict) -> Operand:
    return np.asarray(variable.val, variable.aval.dtype) if hasattr(variable, "val") else known[variable]
