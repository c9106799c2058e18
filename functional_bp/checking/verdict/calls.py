"""The backward run as it is, without jit: what it raises and returns, and whether it does so at every call."""

import time
from collections.abc import Callable, Iterator, Sequence
from itertools import chain
from typing import Any

import numpy as np

from functional_bp.checking.limits import CALLS, SECONDS_OF_CALLS
from functional_bp.checking.program.compiled import Programs, own_precision
from functional_bp.checking.program.traits import keeps_state
from functional_bp.checking.question import structure
from functional_bp.checking.question.problem import Point, Problem, is_float
from functional_bp.checking.question.structure import Fault, first_line
from functional_bp.checking.truth.tolerance import excess, roundoff, tolerance
from functional_bp.checking.verdict.judge import surely_close

ONE_PER_CENT = 0.01 / 16


class Calls:
    """Calls of one backward at one point: `plain` is what the first gave, `nones` the leaves for which None came."""

    def __init__(self, problem: Problem, programs: Programs, point: Point) -> None:
        self.problem, self.programs, self.point = problem, programs, point
        self.plain: list[Any] = []
        self.nones: set[str] = set()

    def first(self) -> list[Fault]:
        """What the first call shows; one that raises on JAX's arrays is called with NumPy's."""
        try:
            faults, self.plain = self.call()
            return faults
        except Exception as error:  # whatever a hostile backward raises is its own fault
            try:
                return self.with_numpy()
            except Exception:
                return [Fault(None, "raised", f"the backward raised {type(error).__name__}: {first_line(error)}")]

    def call(self, prepare: Callable | None = None) -> tuple[list[Fault], list[Any]]:
        prepare = prepare or self.programs.claim.prepare
        parts = self.point.floats, self.point.indices, self.point.y_bar
        return self.run(*(list(map(prepare, part)) for part in parts))

    def run(self, floats: list, indices: list, y_bar: list) -> tuple[list[Fault], list[Any]]:
        with own_precision(), np.errstate(all="ignore"):
            result = self.problem.claimed(floats, indices, y_bar, self.programs.output)
            faults, cotangents = structure.align(self.problem, result, floats)
            self.nones = structure.nones(self.problem, result)
            return faults, [None if c is None else np.asarray(c) for c in cotangents]

    def with_numpy(self) -> list[Fault]:
        """The first call with NumPy's arrays; does it write into them?"""
        given = self.point.floats, self.point.indices, self.point.y_bar
        copies = [[np.array(a) for a in part] for part in given]
        faults, self.plain = self.run(*copies)
        self.programs.claim.prepare = np.array
        names = [leaf.name for kind in ("float", "index") for leaf in self.problem.leaves if leaf.kind == kind]
        names += ["ȳ"] * len(self.point.y_bar)
        for name, before, after in zip(names, chain(*given), chain(*copies), strict=True):
            if not np.array_equal(before, after, equal_nan=is_float(before)):
                text = f"the backward overwrites {name} in place: whoever reads it next finds other numbers"
                faults.append(Fault(None, "overwritten", text))
        return faults

    def second(self) -> list[Fault]:
        """Of a backward that keeps something between calls many more are asked for."""
        return self.again(CALLS if keeps_state(self.problem.backward) else 1)

    def again(self, calls: int) -> list[Fault]:
        """Calls with equal arguments, until one differs or time is up."""
        until = time.perf_counter() + SECONDS_OF_CALLS
        try:
            for _ in range(calls):
                if (faults := list(self.differing(self.call()[1], np.array_equal))) or time.perf_counter() > until:
                    break
        except Exception as error:  # it ran before
            text = f"the backward raised {type(error).__name__}: {first_line(error)} when it was run again"
            return [Fault(None, "raised", text)]
        text = "not deterministic, two calls with equal arguments gave different cotangents"
        return [Fault(leaf, "not deterministic", f"{leaf.name}: {text}") for leaf in faults]

    def laid_out(self) -> list[Fault]:
        """With its arrays in another order of memory; it need not take NumPy's."""
        try:
            other = self.call(np.asfortranarray)[1]
        except Exception:
            return []
        text = "other cotangents come where ȳ or a primal is not contiguous in memory (Fortran's order)"
        found = self.differing(other, lambda a, b, equal_nan: alike(b[None], a[None]))
        return [Fault(leaf, "not contiguous", f"{leaf.name}: {text}") for leaf in found]

    def differing(self, cotangents: Sequence[Any], same: Callable) -> Iterator[Any]:
        for leaf, a, b in zip(self.problem.float_leaves, self.plain, cotangents, strict=True):
            if a is not None and b is not None and not same(a, b, equal_nan=True):
                yield leaf


def alike(compiled: np.ndarray, plain: np.ndarray) -> bool:
    """Up to a per cent, or to rounding in a dtype coarser than that."""
    if surely_close(plain, compiled, 1e-3 * ONE_PER_CENT):
        return True
    wide, loose = compiled.astype("complex128"), max(ONE_PER_CENT, roundoff([compiled.dtype]))
    return bool(np.all(excess(plain, wide, tolerance(wide, None, np.zeros(wide.shape), loose, 1e-30)) <= 1))
