"""The compiled programs of one problem: few compilations, each over a fixed number of points, kept between checks."""

import collections
import contextlib
import functools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from functional_bp.checking.limits import PROGRAMS_KEPT, SMALL
from functional_bp.checking.program.traits import Inspection, has_loops, inspect_program
from functional_bp.checking.question.problem import Point, Problem, is_float
from functional_bp.checking.question.structure import Fault, align, first_line
from functional_bp.errors import InputError

Arrays = list[np.ndarray]


@contextlib.contextmanager
def double_precision() -> Iterator[None]:
    """float64 for the oracles only, with JAX's ordinary promotion: the user's own configuration is untouched."""
    with (
        jax.enable_x64(True),
        jax.numpy_dtype_promotion("standard"),
        jax.numpy_rank_promotion("allow"),
        jax.debug_nans(False),
    ):
        yield


@contextlib.contextmanager
def own_precision() -> Iterator[None]:
    with jax.debug_nans(False):
        yield


def quickly_compiled() -> dict[str, Any] | None:
    """Compiler options for what runs a few times on few numbers."""
    return {"xla_backend_optimization_level": 0} if jax.default_backend() == "cpu" else None


class Program:
    """`function(floats, indices, y_bar)` over many points: under jit and vmap if it can, else jit, else plainly.

    `mode` tells which of them it was; `raised` keeps the message of a point at which the function raised.
    """

    def __init__(self, function: Callable, context: Callable, batch: int, modes: Sequence[str], size: int) -> None:
        self.function, self.context, self.batch = function, context, batch
        self.modes = [mode for mode in modes if batch > 1 or mode != "vmap"]
        options = quickly_compiled() if size < SMALL else None
        self.jitted = jax.jit(function, compiler_options=options)
        self.batched = jax.jit(jax.vmap(function), compiler_options=options)
        self.raised: dict[str, str] = {}
        self.refusals: list[str] = []
        self.prepare: Callable = jnp.asarray  # of the arrays that a plain run is given

    @property
    def mode(self) -> str:
        return self.modes[0]

    def __call__(self, points: Sequence[Point]) -> Any:
        """A list of lists of arrays, each with the points as its leading axis."""
        while True:
            try:
                with self.context(), np.errstate(all="ignore"):
                    return getattr(self, "run_" + self.mode)(points)
            except Exception as error:
                self.refusals.append(f"{self.mode}: {type(error).__name__}: {first_line(error)}")
                if len(self.modes) == 1:
                    raise
                self.modes = self.modes[1:]

    def run_vmap(self, points: Sequence[Point]) -> Any:
        chunks = []
        for start in range(0, len(points), self.batch):
            chunk = list(points[start : start + self.batch])
            padded = chunk + [chunk[-1]] * (self.batch - len(chunk))
            columns = [
                [np.stack(values) for values in zip(*parts, strict=True)]
                for parts in zip(*((p.floats, p.indices, p.y_bar) for p in padded), strict=True)
            ]
            result, size = self.batched(*columns), len(chunk)
            chunks.append(jax.tree.map(lambda a, size=size: np.asarray(a)[:size], result))
        return concatenate(chunks)

    def run_jit(self, points: Sequence[Point]) -> Any:
        return self.one_by_one(self.jitted, points)

    def run_plain(self, points: Sequence[Point]) -> Any:
        self.raised.clear()
        return self.one_by_one(self.function, points, keep_errors=True)

    def one_by_one(self, function: Callable, points: Sequence[Point], keep_errors: bool = False) -> Any:
        results = []
        for point in points:
            try:
                prepare = self.prepare if keep_errors else np.asarray  # jit takes NumPy arrays faster
                result = function(*(list(map(prepare, part)) for part in (point.floats, point.indices, point.y_bar)))
            except Exception as error:
                if not keep_errors or not results:
                    raise
                self.raised[point.name] = f"{type(error).__name__}: {first_line(error)}"
                result = jax.tree.map(lambda a: np.full_like(a[0], np.nan), results[-1])
            results.append(jax.tree.map(lambda a: np.asarray(a)[None], result))
        return concatenate(results)


def concatenate(chunks: list[Any]) -> Any:
    return chunks[0] if len(chunks) == 1 else jax.tree.map(lambda *a: np.concatenate(a), *chunks)


class Programs:
    """The forward's vjp in its own dtype with the claimed one, and both in float64.

    `output` is the forward's output as a tree of shapes; `refusal` tells why JAX can't differentiate the forward,
    and is empty if it can; `wide` whether it runs in float64, `precise` whether what it gives there is believed.
    """

    def __init__(self, problem: Problem, floats: Sequence[np.ndarray], indices: Sequence[np.ndarray]) -> None:
        self.problem, self.size = problem, sum(a.size for a in floats)
        self.inputs = [
            jax.tree.map(lambda a: jax.ShapeDtypeStruct(a.shape, a.dtype), list(part)) for part in (floats, indices)
        ]
        self.batch = 16 if self.size <= SMALL else 1
        build = functools.partial(Program, batch=self.batch, size=self.size)
        self.both = build(self.oracle_and_claim, own_precision, modes=("vmap", "jit"))
        self.own = build(self.oracle, own_precision, modes=("vmap", "jit"))
        self.claim = build(self.claimed, own_precision, modes=("vmap", "jit", "plain"))
        self.truth = build(self.oracle, double_precision, modes=("vmap", "jit"))
        self.claim64 = build(self.claimed, double_precision, modes=("vmap", "jit"))
        self.fused = True
        self.prepare: Callable = jnp.asarray  # NumPy's arrays where the forward takes no others
        self.traces: dict[Any, Any] = {}  # at other shapes
        self.probe(list(floats), list(indices))

    def probe(self, floats: list, indices: list) -> None:
        self.refusal = ""
        try:
            with own_precision():
                self.output = jax.eval_shape(self.problem.output, floats, indices)
                jax.eval_shape(self.oracle, floats, indices, self.zero_cotangent())
        except Exception as error:  # whatever stops the tracing, the forward may still run
            self.refusal = f"{type(error).__name__}: {first_line(error)}"
            try:
                self.output = run_plainly(self.problem, floats, indices, self.prepare)
            except InputError:
                self.output = run_plainly(self.problem, floats, indices, np.array)
                self.prepare = self.claim.prepare = np.array
            self.refuse_what_differences_cannot_judge(floats, indices)
        if not self.zero_cotangent():
            raise InputError("check: the forward returned no float array, so there is nothing to differentiate")
        self.wide = self.precise = self.runs_in_float64([widen(a) for a in floats], [widen(a) for a in indices])

    def refuse_what_differences_cannot_judge(self, floats: list, indices: list) -> None:
        if any(np.iscomplexobj(a) for a in (*floats, *jax.tree.leaves(self.output))):
            raise InputError(f"check: complex numbers need a forward that JAX can differentiate ({self.refusal})")
        again = run_plainly(self.problem, floats, indices, self.prepare)
        same = jax.tree.map(lambda a, b: np.array_equal(a, b, equal_nan=is_float(a)), self.output, again)
        if not all(jax.tree.leaves(same)):
            raise InputError("check: the forward is not deterministic: two calls with equal primals differ")

    def runs_in_float64(self, floats: list, indices: list) -> bool:
        y_bar = [b.astype("complex128" if np.iscomplexobj(b) else "float64") for b in self.zero_cotangent()]
        try:
            with double_precision(), np.errstate(all="ignore"):
                if not self.refusal:
                    jax.eval_shape(self.oracle, floats, indices, y_bar)
                    return True
                outputs = self.problem.float_outputs(*(list(map(self.prepare, part)) for part in (floats, indices)))
        except Exception:  # a forward made for one dtype
            return False
        return all(np.asarray(y).dtype.itemsize >= 8 for y in outputs)

    def zero_cotangent(self) -> list[np.ndarray]:
        return [np.zeros(y.shape, y.dtype) for y in jax.tree.leaves(self.output) if is_float(y)]

    @functools.cached_property
    def inspected(self) -> Inspection:
        """The forward's operations, with the constants that forward and backward compare with."""
        floats, indices = self.inputs
        forward = inspect_program(self.problem.output, floats, indices)
        backward = inspect_program(self.claimed, floats, indices, self.zero_cotangent())
        return replace(forward, constants=tuple(sorted({*forward.constants, *backward.constants}, key=abs)[:4]))

    @functools.cached_property
    def loops(self) -> bool:
        """Does the forward run a loop, of Python's or of JAX's?"""
        return self.inspected.loops or has_loops(self.problem.forward)

    @functools.cached_property
    def values(self) -> Program:
        """The forward alone, in float64 where that is believed."""
        values = Program(self.outputs, self.widest_precision, self.batch, ("vmap", "jit", "plain"), self.size)
        values.prepare = self.prepare
        return values

    def widest_precision(self) -> contextlib.AbstractContextManager:
        return double_precision() if self.precise else own_precision()

    def outputs(self, floats: list, indices: list, y_bar: list) -> list:
        del y_bar
        return [jnp.asarray(y) for y in self.problem.float_outputs(floats, indices)]

    def oracle(self, floats: list, indices: list, y_bar: list) -> tuple[list, list]:
        y, pull = jax.vjp(lambda x: self.problem.float_outputs(x, indices), floats)
        (x_bar,) = pull([b.astype(out.dtype) for b, out in zip(y_bar, y, strict=True)])
        return y, x_bar

    def outline(self) -> list[Fault]:
        """The faults of structure that tracing the backward shows; nothing is computed."""
        faults: list[Fault] = []

        def trace(floats: list, indices: list, y_bar: list) -> int:
            faults.extend(align(self.problem, self.problem.claimed(floats, indices, y_bar, self.output), floats)[0])
            return 0

        with own_precision():
            jax.eval_shape(trace, *self.inputs, self.zero_cotangent())
        return faults

    def claimed(self, floats: list, indices: list, y_bar: list) -> list:
        """The claimed cotangents; an empty array where the structure is at fault (that is reported apart)."""
        _, cotangents = align(self.problem, self.problem.claimed(floats, indices, y_bar, self.output), floats)
        return [np.zeros(0, "float32") if c is None else c for c in cotangents]

    def oracle_and_claim(self, floats: list, indices: list, y_bar: list) -> tuple[list, list, list]:
        return *self.oracle(floats, indices, y_bar), self.claimed(floats, indices, y_bar)


def finite_rows(arrays: Arrays, count: int) -> np.ndarray:
    """Which points have only finite outputs: elsewhere the forward itself is out of its domain."""
    fine = np.ones(count, bool)
    for a in arrays:
        fine &= np.isfinite(np.asarray(a)).reshape(count, -1).all(axis=1)
    return fine


def run_plainly(problem: Problem, floats: list, indices: list, prepare: Callable) -> Any:
    """The forward's output where it can only be run."""
    try:
        with own_precision(), np.errstate(all="ignore"):
            output = problem.output(list(map(prepare, floats)), list(map(prepare, indices)))
            return jax.tree.map(np.asarray, output)
    except Exception as error:
        text = f"check: the forward raised {type(error).__name__} at the given primals: {first_line(error)}"
        raise InputError(text) from error


def upcast(point: Point) -> Point:
    """The same numbers in float64 (complex128); integers and masks stay."""
    return Point(point.name, *(tuple(map(widen, part)) for part in (point.floats, point.indices, point.y_bar)))


def widen(a: np.ndarray) -> np.ndarray:
    return a if not is_float(a) else a.astype("complex128" if np.iscomplexobj(a) else "float64")


Signature = tuple[tuple[tuple[int, ...], str], ...]


KEPT: collections.OrderedDict[Any, Programs] = collections.OrderedDict()


def programs_for(problem: Problem, floats: Sequence[np.ndarray], indices: Sequence[np.ndarray]) -> Programs:
    """The programs of this problem at these shapes: compiled once, found again by a second check."""
    key = (
        problem.identity,
        tuple((a.shape, a.dtype.name) for a in (*floats, *indices)),
        bool(jax.config.read("jax_enable_x64")),
    )
    try:
        known = key in KEPT
    except TypeError:  # a static primal, or a function, that can't be hashed
        return Programs(problem, floats, indices)
    if not known:
        KEPT[key] = Programs(problem, floats, indices)
        if len(KEPT) > PROGRAMS_KEPT:
            KEPT.popitem(last=False)
    KEPT[key].precise = KEPT[key].wide  # what an earlier check came to doubt at its own point
    return KEPT[key]
