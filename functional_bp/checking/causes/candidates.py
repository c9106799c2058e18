"""A forward taken apart for its local faults: its steps, the mistakes each may hold, one compiled program for all."""

import collections
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import jax
import numpy as np

from functional_bp.checking.causes.at_an_operation import mistakes
from functional_bp.checking.causes.faulty import Switches, faulty_vjp
from functional_bp.checking.causes.mistake import Mistake
from functional_bp.checking.limits import (
    CANDIDATES_AT_ONCE,
    FORWARDS_KEPT,
    LIKELY,
    LONG,
    MOST_CANDIDATES,
    MOST_LIKELY,
    MOST_STEPS,
    PAIR_WORK,
    SEARCH_WORK,
)
from functional_bp.checking.program.compiled import double_precision, quickly_compiled
from functional_bp.checking.program.traced import Scope, Step, numbered, scopes
from functional_bp.checking.question.problem import Point, Problem

Switched = tuple[Step, Mistake, int]  # the mistake made at a step, and its number there


@dataclass(frozen=True)
class Candidate:
    """Mistakes made together; with `scaled`, the path that they drop is not lost, but c times itself is added.

    `where` says at which of several like places.
    """

    switched: tuple[Switched, ...]
    where: str = ""
    scaled: float | None = None

    @property
    def rank(self) -> tuple:
        return self.switched[0][1].rank + 2 * (self.scaled is not None), len(self.switched), self.switched[0][0].number

    @property
    def numbers(self) -> set[int]:
        return {step.number for step, _, _ in self.switched}

    @property
    def drops(self) -> bool:
        return bool(self.switched) and all(mistake.drops for _, mistake, _ in self.switched)

    @property
    def skips(self) -> bool:
        return any(mistake.skips for _, mistake, _ in self.switched)

    @property
    def swaps(self) -> bool:
        return any(mistake.way is not None for _, mistake, _ in self.switched)


class LocalFaults:
    """All candidates for one forward at one set of shapes, and the cotangents that they give.

    `likely` are those with each of which all others are tried as a second mistake.
    """

    def __init__(self, problem: Problem, point: Point) -> None:
        closed = jax.make_jaxpr(problem.float_outputs)(list(point.floats), list(point.indices))
        labels = [leaf.name for kind in ("float", "index") for leaf in problem.leaves if leaf.kind == kind]
        self.scope = Scope(closed.jaxpr, closed.consts, labels)
        self.steps = numbered(self.scope)
        if len(self.steps) > MOST_STEPS:
            raise ValueError(f"a program of {len(self.steps)} steps")
        for scope in scopes(self.scope):
            for step in scope.own_steps():
                menu = mistakes(step, scope)
                step.faults = [m for m in menu if m.drops or len(self.steps) <= LONG]
        size = 1 + sum(int(np.prod(value.shape)) for value in self.scope.values)
        self.batch = int(np.clip(CANDIDATES_AT_ONCE / size, 1, 64))
        self.most = int(min(MOST_CANDIDATES, SEARCH_WORK / size))
        self.candidates = [*self.singles(), *self.alike(), *self.unmasked(), *self.exchanged()]
        likely = [c for c in self.singles() if c.rank[0] <= LIKELY and not (c.swaps or c.drops)]
        most = min(MOST_LIKELY, int(PAIR_WORK / (size * len(self.candidates) + 1)))
        self.likely = sorted(likely, key=lambda c: c.rank)[:most]
        self.last: tuple[Any, Any] | None = None
        self.pull = jax.jit(
            lambda switches, f, i, b: jax.lax.map(lambda s: faulty_vjp(self.scope, s, f, i, b), switches),
            compiler_options=quickly_compiled(),
        )

    def cotangents(
        self, candidates: Sequence[Candidate], point: Point, first: Candidate
    ) -> Iterator[tuple[Sequence[Candidate], list]]:
        """Some candidates at a time, `first` with each, with what comes out for each leaf, [candidate, *leaf]."""
        for start in range(0, len(candidates), self.batch):
            some = candidates[start : start + self.batch]
            shape = self.batch, len(self.steps)
            switches = Switches(np.zeros(shape, "int32"), np.zeros(shape))
            for row, candidate in enumerate(some):
                for step, _, number in (*candidate.switched, *first.switched):
                    switches.numbers[row, step.number] = number
                for step, _, _ in first.switched:
                    switches.weights[row, step.number] = 0.0 if first.scaled is None else 1.0 + first.scaled
            with double_precision(), np.errstate(all="ignore"):
                x_bar = self.pull(switches, list(point.floats), list(point.indices), list(point.y_bar))
                yield some, [np.asarray(a)[: len(some)] for a in x_bar]

    def singles(self) -> Iterator[Candidate]:
        for step in self.steps:
            for number, mistake in enumerate(step.faults, 1):
                yield Candidate(((step, mistake, number),))

    def alike(self) -> Iterator[Candidate]:
        """The same mistake wherever an operation, or one line's, occurs; a path lost on all occasions but one."""
        families: dict[Any, list[Switched]] = collections.defaultdict(list)
        for candidate in self.singles():
            ((step, mistake, _),) = candidate.switched
            if mistake.key is not None:
                families[step.name, mistake.key, step.place] += candidate.switched
                if mistake.way is None:
                    families[step.name, mistake.key] += candidate.switched
        seen = set()
        for family in families.values():
            parts = [("everywhere", family)]
            if family[0][1].drops:
                parts += [("all but the first time", family[1:]), ("all but the last time", family[:-1])]
            for where, some in parts:
                key = tuple((step.number, number) for step, _, number in some)
                if len(dict(key)) == len(key) > (where == "everywhere") and key not in seen:
                    seen.add(key)
                    yield Candidate(tuple(some), where if len(family) > 1 else "")

    def unmasked(self) -> Iterator[Candidate]:
        """A softmax's mistake, with the masks left out that a right softmax makes needless."""
        masks = [
            (step, mistake, number)
            for step in self.steps
            for number, mistake in enumerate(step.faults, 1)
            if step.primitive == "select_n" and isinstance(mistake.key, tuple) and mistake.key[0] == "whole"
        ]
        masks = tuple({step.number: (step, mistake, number) for step, mistake, number in masks}.values())
        for candidate in self.singles() if masks else ():
            ((step, mistake, _),) = candidate.switched
            if step.inner and mistake.formula:
                yield Candidate(candidate.switched + masks)

    def exchanged(self) -> Iterator[Candidate]:
        """Two matrix products, each differentiated at the other's operand: layers in the wrong order."""
        swaps = [
            (step, mistake, number)
            for step in self.steps
            if step.primitive == "dot_general"
            for number, mistake in enumerate(step.faults, 1)
            if mistake.way is not None
        ]
        for one, other in combinations(swaps, 2):
            if one[0] is not other[0] and one[1].own == other[1].other and one[1].other == other[1].own:
                yield Candidate((one, other), "each for the other")


KEPT: collections.OrderedDict[Any, LocalFaults | None] = collections.OrderedDict()


def local_faults(problem: Problem, point: Point) -> LocalFaults | None:
    """The local faults of this forward, taken apart once; None if it can't be."""
    shapes = tuple((a.shape, a.dtype.name) for a in (*point.floats, *point.indices))
    key = (problem.forward, problem.treedef, problem.leaves, problem.statics, shapes)
    try:
        known = key in KEPT
    except TypeError:  # a static primal that can't be hashed
        return taken_apart(problem, point)
    if not known:
        KEPT[key] = taken_apart(problem, point)
        if len(KEPT) > FORWARDS_KEPT:
            KEPT.popitem(last=False)
    return KEPT[key]


def taken_apart(problem: Problem, point: Point) -> LocalFaults | None:
    try:
        with double_precision():
            return LocalFaults(problem, point)
    except Exception:  # what can not be taken apart, or is too long, offers no local faults
        return None
