"""One trial: is the claim right at another shape? Traced once, run by NumPy in float64: nothing is compiled."""

import functools
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from functional_bp.checking.limits import FOREIGN, MOST_EQUATIONS
from functional_bp.checking.program.compiled import Programs, double_precision, own_precision, widen
from functional_bp.checking.program.integers import starts_of
from functional_bp.checking.program.run import by_numpy, foreign, interpret, run_on_numpy
from functional_bp.checking.program.shapes import Shape, Shapes, at_shape
from functional_bp.checking.question.points import random_like
from functional_bp.checking.question.problem import Point
from functional_bp.checking.question.structure import Fault, align, first_line

LOOSE = 1e-5  # of the largest cotangent, in float64; it is confirmed in the ordinary way
LOOSE_IN_OWN = 64  # ε, where the claim runs in no other dtype


@dataclass(frozen=True)
class Outcome:
    """What a trial showed: nothing (`known` false), all right, a fault of structure, or leaves with wrong values."""

    known: bool = True
    raised: str = ""
    faults: tuple[Fault, ...] = ()
    wrong: tuple[int, ...] = ()
    errors: tuple[float, ...] = ()
    by_factors: bool = False  # what is wrong is so by a constant

    @property
    def failed(self) -> bool:
        return bool(self.raised or self.faults or self.wrong)

    @property
    def loud(self) -> bool:
        """Did it fail in a way that its author would have seen?"""
        return bool(self.raised or self.faults)


UNKNOWN = Outcome(known=False)


@dataclass(frozen=True)
class Traced:
    """The oracle and the claim as programs at one shape; `claim` is None where it can't be traced."""

    oracle: Any
    claim: Any
    faults: tuple[Fault, ...]
    wide: bool
    equations: int
    raised: str = ""


class Trials:
    """Runs the claim of one problem at other shapes than the given; counts what it traced."""

    def __init__(self, programs: Programs, shapes: Shapes, given: Point, seed: int, leaves: Sequence[int]) -> None:
        self.programs, self.shapes, self.given, self.seed, self.leaves = programs, shapes, given, seed, tuple(leaves)
        self.equations = 0
        self.floor: dict[int, float] = {}
        self.outcomes: dict[Shape, Outcome] = {}

    def point(self, shape: Shape, name: str) -> Point:
        """The given arrays at that shape, with a random cotangent."""
        arrays = at_shape(shape, [*self.given.floats, *self.given.indices], self.seed)
        count, rng = len(self.given.floats), np.random.default_rng(self.seed + 1)
        dtypes = [z.dtype for z in self.programs.zero_cotangent()]
        outputs = zip(self.shapes.taken(shape) or [], dtypes, strict=False)
        y_bar = tuple(random_like(np.zeros(s, d), rng) for s, d in outputs)
        return Point(name, tuple(arrays[:count]), tuple(arrays[count:]), y_bar)

    def outcome(self, shape: Shape) -> Outcome:
        if shape not in self.outcomes:
            if self.equations > MOST_EQUATIONS:
                return UNKNOWN
            self.outcomes[shape] = self.tried(shape) if self.shapes.taken(shape) is not None else UNKNOWN
        return self.outcomes[shape]

    @functools.cached_property
    def traceable(self) -> bool:
        """Can the claim be traced at the given shape? Then what stops it elsewhere is a fault of its own."""
        return self.traced(Shape(), self.given).claim is not None

    @property
    def runs_wide(self) -> bool:
        """Is the claim traced in float64 at the given shape? Then what stops it there elsewhere is not the dtype."""
        given = self.traced(Shape(), self.given)
        return given.claim is not None and given.wide

    def length(self, shape: Shape) -> int:
        """How many equations the programs have there; 0 where they were not traced."""
        traced = self.programs.traces.get(("traced", shape, self.programs.precise))
        return traced.equations if traced is not None else 0

    def tried(self, shape: Shape) -> Outcome:
        point = self.point(shape, str(shape))
        try:
            traced = self.traced(shape, point)
        except Exception:  # a forward that is not the same at this shape: nothing is known of its derivative
            return UNKNOWN
        self.equations += traced.equations
        arrays = [*point.floats, *point.indices, *point.y_bar]
        arrays = list(map(widen, arrays)) if traced.wide else arrays
        with double_precision() if traced.wide else own_precision():
            try:
                results = run_on_numpy(traced.oracle, arrays)
            except Exception:  # a maximum of nothing, for one
                return UNKNOWN
            y, true = results[: len(point.y_bar)], results[len(point.y_bar) :]
            if not all(np.isfinite(a).all() for a in (*y, *true)):
                return UNKNOWN
            if traced.faults:
                return Outcome(faults=traced.faults)
            outcome = self.compared(self.claimed(traced, point, arrays), true, traced.wide)
            return UNKNOWN if outcome.failed and shape.sizes and not within(traced.oracle, arrays) else outcome

    def broadcasts(self, shape: Shape) -> bool:
        """Is what the forward gives there what it gives at the given shape, with the same row for all?"""
        point = self.point(shape, str(shape))
        floats = tuple(np.broadcast_to(a, like.shape) for a, like in zip(point.floats, self.given.floats, strict=True))
        try:
            one, every = (self.outputs(s, p) for s, p in ((shape, point), (Shape(), replace(point, floats=floats))))
        except Exception:  # nothing is known of it there
            return False
        return all(np.allclose(a, b, 1e-3, 1e-6) for a, b in zip(one, every, strict=True))

    def outputs(self, shape: Shape, point: Point) -> list[np.ndarray]:
        traced = self.traced(shape, point)
        with double_precision() if traced.wide else own_precision():
            arrays = [*point.floats, *point.indices, *point.y_bar]
            return run_on_numpy(traced.oracle, list(map(widen, arrays)) if traced.wide else arrays)[: len(point.y_bar)]

    def traced(self, shape: Shape, point: Point) -> Traced:
        """In float64 if the claim keeps to the dtypes that it is given, else in its own."""
        key = ("traced", shape, self.programs.precise)
        if key not in self.programs.traces:
            found = None
            for wide in (True, False) if self.programs.precise else (False,):
                found = self.trace(point, wide)
                dtypes_kept = not any(f.kind == "dtype" for f in found.faults)
                if dtypes_kept and (found.claim is not None or (shape != Shape() and self.runs_wide)):
                    break
            self.programs.traces[key] = found
        return self.programs.traces[key]

    def trace(self, point: Point, wide: bool) -> Traced:
        parts = [list(map(widen, part)) if wide else list(part) for part in (point.floats, point.indices, point.y_bar)]
        structs = jax.tree.map(lambda a: jax.ShapeDtypeStruct(a.shape, a.dtype), parts)
        faults: list[Fault] = []

        def claim(floats: list, indices: list, y_bar: list) -> list:
            y = jax.eval_shape(self.programs.problem.output, floats, indices)
            result = self.programs.problem.claimed(floats, indices, y_bar, y)
            found, cotangents = align(self.programs.problem, result, floats)
            faults.extend(found)
            return [np.zeros(0, "float32") if c is None else c for c in cotangents]

        with double_precision() if wide else own_precision():
            oracle = jax.make_jaxpr(self.programs.oracle)(*structs)
            raised = ""
            try:
                claimed = jax.make_jaxpr(claim)(*structs)
            except Exception as error:  # it may run all the same, if it is never traced
                claimed, raised = None, f"{type(error).__name__}: {first_line(error)}"
        count = sum(len(p.jaxpr.eqns) + FOREIGN * foreign(p.jaxpr) for p in (oracle, claimed) if p is not None)
        return Traced(oracle, claimed, tuple(f for f in faults if claimed is not None), wide, count, raised)

    def claimed(self, traced: Traced, point: Point, arrays: list) -> Any:
        """The claimed cotangents; or, where the claim raises, its words; or its faults."""
        if traced.claim is not None:
            try:
                return run_on_numpy(traced.claim, arrays)
            except Exception:  # NumPy knows no such case: JAX is asked
                pass
        elif self.traceable:
            return traced.raised
        floats, indices, y_bar = (list(map(jnp.asarray, part)) for part in (point.floats, point.indices, point.y_bar))
        try:
            with own_precision():
                y = self.programs.problem.output(floats, indices)
                result = self.programs.problem.claimed(floats, indices, y_bar, y)
                faults, cotangents = align(self.programs.problem, result, floats)
        except Exception as error:  # whatever a backward raises is its own
            return f"{type(error).__name__}: {first_line(error)}"
        return tuple(faults) if faults else [np.asarray(c) for c in cotangents]

    def compared(self, claimed: Any, true: list[np.ndarray], wide: bool) -> Outcome:
        if isinstance(claimed, str):
            return Outcome(raised=claimed)
        if isinstance(claimed, tuple):
            return Outcome(faults=claimed)
        with np.errstate(all="ignore"):
            errors = {i: relative_error(claimed[i], true[i]) for i in self.leaves}
        loose = {i: self.loose(i, wide and claimed[i].dtype.itemsize >= 8) for i in self.leaves}
        wrong = tuple(i for i in self.leaves if not errors[i] <= loose[i])
        by_factors = bool(wrong) and all(is_multiple(claimed[i], true[i]) for i in wrong)
        return Outcome(wrong=wrong, errors=tuple(errors.values()), by_factors=by_factors)

    def loose(self, leaf: int, wide: bool) -> float:
        eps = float(jnp.finfo(self.given.floats[leaf].dtype).eps)
        return max(LOOSE if wide else max(1e-3, LOOSE_IN_OWN * eps), self.floor.get(leaf, 0.0))

    def calibrate(self) -> Outcome:
        """What is right at the given shape is right elsewhere if it errs no more than ten times as much as here."""
        outcome = self.tried(Shape())
        self.floor = {i: 10 * e for i, e in zip(self.leaves, outcome.errors, strict=False)}
        return outcome


def within(program: Any, arrays: list) -> bool:
    """Does it read inside its arrays alone, and divide by no zero? JAX would not raise."""
    found: list[bool] = []

    def perform(equation: Any, operands: list) -> list:
        if equation.primitive.name == "div":
            found.append(not np.any(np.asarray(operands[1]) == 0))
        if equation.primitive.name in ("gather", "dynamic_slice"):
            for axis, start, size in starts_of(equation.primitive.name, equation.params, operands):
                beyond = np.shape(operands[0])[axis] - size
                found.append(bool(np.all((np.asarray(start) >= 0) & (np.asarray(start) <= beyond))))
        return by_numpy(equation, operands)

    with np.errstate(all="ignore"):
        interpret(program, list(map(np.asarray, arrays)), perform)
    return all(found)


def is_multiple(claimed: np.ndarray, true: np.ndarray) -> bool:
    """Is the claim the truth, but for a constant?"""
    c = np.vdot(true, claimed) / max(np.vdot(true, true), 1e-300)
    return bool(np.isfinite(c)) and relative_error(claimed, c * true) < 1e-4


def relative_error(claimed: np.ndarray, true: np.ndarray) -> float:
    size = np.abs(true).max(initial=0.0)
    error = np.abs(claimed.astype(true.dtype) - true).max(initial=0.0)
    return 0.0 if error <= 1e-30 else float(error / size) if size else np.inf
