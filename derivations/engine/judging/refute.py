"""Counterexamples: points at which the two sides of a claim rigorously differ.

Sizes go through 1 to 4 and the edges of every range, the values of free indices through all that there are in small
sizes; inputs are small rationals, zeros, ties and negatives that satisfy the hypotheses, signs such that every pattern
of the signs inside step, |·|, sign and max is met. What was assumed of some entries is assumed of no others.
A claim says nothing where a side has no value. Floating point decides where to look; a counterexample is one only if
the exact or 40-digit interval difference excludes 0.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import islice
from random import Random
from time import perf_counter
from typing import Any

from sympy import Abs, Expr, Heaviside, Idx, Max, Min, Piecewise, sign
from sympy.core.relational import Relational

from derivations.engine.judging.claims import dimensions_of
from derivations.engine.judging.hypotheses import Hypotheses
from derivations.engine.judging.points import NOT_THERE, Point, assumptions, close, sizes_to_try
from derivations.engine.language.nodes import has
from derivations.engine.language.plain import plain
from derivations.engine.language.vocabulary import Maximum, step
from derivations.engine.numbers.arithmetic import Floats, Inadmissible, Intervals

POINTS, PIECEWISE_POINTS, ATTEMPTS, OUTSIDE = 6, 40, 60, 40
STYLES = ("signed", "edge", "positive", "unit", "tied")
PIECEWISE = (step, sign, Abs, Max, Min, Heaviside, Piecewise, Maximum)


@dataclass(frozen=True)
class Counterexample:
    """A point at which left ≠ right: sizes of the dimensions, values of the free indices, the inputs, both
    values (exact, or an interval), and the polynomials that stood for opaque functions."""

    dimensions: Mapping[str, int]
    indices: Mapping[str, int]
    inputs: Mapping[str, Fraction]
    left: Any
    right: Any
    functions: tuple[str, ...] = ()

    def __str__(self) -> str:
        parts = [f"{k} = {v}" for values in (self.dimensions, self.indices, self.inputs) for k, v in values.items()]
        parts += self.functions
        return f"at {', '.join(parts)}: left = {_show(self.left)}, right = {_show(self.right)}"


@dataclass(frozen=True)
class Search:
    """What the search for a counterexample found, and how many points and which dimensions it tried."""

    counterexample: Counterexample | None
    points: int
    dimensions: str
    problem: str
    out_of_time: bool = False
    wide: bool = True  # whether there is a point at which a size is above 1
    places: "tuple[tuple[Point, Mapping[Idx, int]], ...]" = ()  # the counterexample's, or all where the sides are equal

    def meets(self, conditions: Sequence[Relational]) -> bool:
        """True if the conditions hold somewhere among the places."""
        return any(_hold(conditions, point, env) for point, env in self.places)


def _together(contrary: Sequence[Relational], key: tuple) -> str:
    """What no numbers meet, and in which dimension."""
    at = _tried({key}) if key else ""
    return f"no numbers meet {', '.join(map(plain, contrary))}" + (f" at {at}" if at else "")


def _hold(conditions: Sequence[Relational], point: Point, env: Mapping[Idx, int]) -> bool:
    if not point.sizes.keys() >= set(dimensions_of(conditions)):
        return False  # a size that both sides have lost has no value here
    exact = point.evaluation(Intervals())
    try:
        return all(point.holds(condition, env, exact) for condition in conditions)
    except NOT_THERE:
        return False


def search(
    left: Expr,
    right: Expr,
    hypotheses: Hypotheses,
    free: Sequence[Idx],
    defined: Sequence[Relational] = (),
    deadline: float | None = None,
) -> Search:
    """Look for a counterexample to left = right where the hypotheses hold and the sides are `defined`.

    Points are drawn; where none is met, or none at which a size is above 1, the hypotheses are solved for one.
    """
    rng = Random(20240229)
    piecewise = has(left, *PIECEWISE) or has(right, *PIECEWISE)
    declared = assumptions(left, right, *hypotheses.formulas)
    plan = sizes_to_try((left, right, *free, *defined, *hypotheses.formulas), rng)
    points = len(plan) + POINTS
    wanted = max(points, PIECEWISE_POINTS) if piecewise else points
    sizes_tried, seen, patterns, stale, problem, wide = set(), 0, set(), 0, "", False
    places: list[tuple[Point, Mapping[Idx, int]]] = []
    for attempt in range(ATTEMPTS * (2 if piecewise else 1) + len(plan)):
        if seen >= wanted or (seen >= points and stale >= 12):
            break
        if deadline is not None and perf_counter() > deadline:
            return Search(None, seen, _tried(sizes_tried), problem, out_of_time=True)
        # every round through the sizes begins with another style, so that each size meets each style
        style = STYLES[(attempt + attempt // len(plan)) % len(STYLES)]
        point = Point(rng, plan[attempt % len(plan)], style, hypotheses, declared, deadline)
        if attempt >= len(plan) and not wide:
            contrary = point.solve(defined, point.rng.choice([*point.assignments(free)] or [{}]))
            if contrary:
                problem = _together(contrary, point.key)
                continue
        screen = point.evaluation(Floats() if point.style != "edge" else Intervals())
        try:
            compared, fresh_pattern = False, False
            for env in point.assignments(free):
                screen.signs = {}
                try:
                    if not point.satisfies(screen, env, defined):
                        continue
                    a, b = screen(left, env), screen(right, env)
                    compared = True
                    equal = a == b or close(screen.arithmetic, a, b)
                except NOT_THERE as error:
                    problem = problem or str(error)
                    continue
                pattern = frozenset(screen.signs.items())
                fresh_pattern |= pattern not in patterns
                patterns.add(pattern)
                if not equal:
                    found = confirm(point, left, right, env, defined)
                    if found is not None:
                        return Search(found, seen + 1, _tried(sizes_tried | {point.key}), "", places=((point, env),))
                places.append((point, env))
        except NOT_THERE as error:
            problem = problem or str(error)
            continue
        if compared:
            seen, wide = seen + 1, wide or not point.sizes or max(point.sizes.values()) > 1
            stale = 0 if fresh_pattern else stale + 1
            sizes_tried.add(point.key)
    return Search(None, seen, _tried(sizes_tried), problem, wide=wide, places=tuple(places))


def search_outside(
    left: Expr,
    right: Expr,
    hypotheses: Hypotheses,
    free: Sequence[Idx],
    defined: Sequence[Relational],
    conditions: Sequence[Relational],
    deadline: float | None = None,
) -> Search | None:
    """A counterexample at which the conditions of a proof fail, and both sides have a value all the same.

    A condition excuses only where there is nothing to compare: step(x) + step(−x) = 1 is false, not true for x ≠ 0.
    """
    rng, extra = Random(1), [c for c in conditions if c not in defined]
    plan = sizes_to_try((left, right, *free, *defined, *hypotheses.formulas), rng)
    declared = assumptions(left, right, *hypotheses.formulas)
    for attempt in range(OUTSIDE if extra else 0):
        if deadline is not None and perf_counter() > deadline:
            return None
        style = ("edge", "tied", "signed")[(attempt + attempt // len(plan)) % 3]
        point = Point(rng, plan[attempt % len(plan)], style, hypotheses, declared, deadline)
        exact = point.evaluation(Intervals())
        for env in islice(point.assignments(free), 4):
            try:
                if all(point.holds(c, env, exact) for c in extra):
                    continue
                found = confirm(point, left, right, env, defined)
            except NOT_THERE:
                continue
            if found is not None:
                return Search(found, attempt, _tried({point.key}), "", places=((point, env),))
    return None


def _tried(sizes: set) -> str:
    return "; ".join(sorted(", ".join(f"{k} = {v}" for k, v in key) for key in sizes if key)) or "no dimension"


def confirm(
    point: Point, left: Expr, right: Expr, env: Mapping[Idx, int], defined: Sequence[Relational] = ()
) -> Counterexample | None:
    """The counterexample at this point, if exact or interval arithmetic agrees that the sides differ."""
    exact = point.evaluation(Intervals())
    try:
        if not point.satisfies(exact, env, defined):
            return None
        a, b = exact(left, env), exact(right, env)
        if exact.compare(a, b) == 0:
            return None
    except Inadmissible:
        return None
    inputs = {
        name + (f"[{', '.join(map(str, where))}]" if where else ""): v
        for (name, where), v in sorted(point.values.items())
    }
    sizes = {str(d): s for d, s in point.sizes.items()}
    return Counterexample(sizes, {str(k): v for k, v in env.items()}, inputs, a, b, functions(point))


def functions(point: Point) -> tuple[str, ...]:
    """What the opaque functions are at this point."""
    parts: dict[tuple[str, tuple[int, ...]], list[str]] = {}
    for (name, where, power), c in sorted(point.coefficients.items(), key=str):
        if isinstance(power[0], str):  # a function of a whole vector
            text = f"{power[0]}_{power[1]} = {c}"
        else:
            text = " ".join([str(c), *(f"{x}^{e}" if e > 1 else x for x, e in zip("xyuvw", power, strict=False) if e)])
        parts.setdefault((name, where), []).append(text)
    vector = "Σ a_k x_k + (Σ b_k x_k)², "
    return tuple(
        f"{name}{'_' + ','.join(map(str, where)) if where else ''} = "
        + (vector + ", ".join(texts) if "_" in texts[0] else " + ".join(texts).replace("+ -", "− "))
        for (name, where), texts in parts.items()
    )


def _show(value) -> str:
    if isinstance(value, Fraction):
        return str(value)
    middle, error = float(value.mid), float(value.delta) / 2
    if abs(middle) <= error:
        return f"0 ± {error:.1g}"
    return f"{middle:.12g}" + ("…" if error < 1e-12 * abs(middle) else f" ± {error:.1g}")
