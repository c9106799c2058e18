"""Counterexamples: points at which the two sides of a claim rigorously differ.

Sizes go through 1 to 4 and the edges of every range, the values of free indices through all that there are in small
sizes; inputs are small rationals, zeros, ties and negatives that satisfy the hypotheses, signs such that every pattern
of the signs inside step, |·|, sign and max is met. What was assumed of some entries is assumed of no others.
A claim says nothing where a side has no value. Floating point decides where to look; a counterexample is one only if
the exact or 40-digit interval difference excludes 0.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import islice
from itertools import product as cartesian
from random import Random
from time import perf_counter
from typing import Any

from sympy import Abs, Basic, Expr, Heaviside, Idx, Indexed, Integer, Max, Min, Piecewise, Product, Sum, Symbol, sign
from sympy.core.relational import Relational

from derivations.engine.judging.claims import dimensions_of
from derivations.engine.judging.constructions import Construction
from derivations.engine.judging.hypotheses import Hypotheses
from derivations.engine.language.indices import least
from derivations.engine.language.renaming import free_indices
from derivations.engine.language.vocabulary import Maximum, step
from derivations.engine.numbers.arithmetic import Floats, Inadmissible, Intervals
from derivations.engine.numbers.evaluate import Evaluation

POINTS, PIECEWISE_POINTS, ATTEMPTS, OUTSIDE, ASSIGNMENTS, LARGEST_SIZE = 6, 40, 60, 40, 12, 9
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
    place: "tuple[Point, Mapping[Idx, int]] | None" = None

    def satisfies(self, conditions: Sequence[Relational]) -> bool:
        """True if the conditions hold at the counterexample."""
        if self.place is None:
            return False
        point, env = self.place
        try:
            return point.satisfies(point.evaluation(Intervals()), env, conditions)
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
    """Look for a counterexample to left = right where the hypotheses hold and the sides are `defined`."""
    rng = Random(20240229)
    piecewise = left.has(*PIECEWISE) or right.has(*PIECEWISE)
    declared = assumptions(left, right, *hypotheses.formulas)
    plan = sizes_to_try((left, right, *free, *defined, *hypotheses.formulas), rng)
    points = len(plan) + POINTS
    wanted = max(points, PIECEWISE_POINTS) if piecewise else points
    sizes_tried, seen, patterns, stale, problem = set(), 0, set(), 0, ""
    for attempt in range(ATTEMPTS * (2 if piecewise else 1) + len(plan)):
        if seen >= wanted or (seen >= points and stale >= 12):
            break
        if deadline is not None and perf_counter() > deadline:
            return Search(None, seen, _tried(sizes_tried), problem, out_of_time=True)
        # every round through the sizes begins with another style, so that each size meets each style
        style = STYLES[(attempt + attempt // len(plan)) % len(STYLES)]
        point = Point(rng, plan[attempt % len(plan)], style, hypotheses, declared, deadline)
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
                    equal = a == b or _close(screen.arithmetic, a, b)
                except NOT_THERE as error:
                    problem = problem or str(error)
                    continue
                pattern = tuple(sorted((str(k), s) for k, s in screen.signs.items()))
                fresh_pattern |= pattern not in patterns
                patterns.add(pattern)
                if not equal:
                    found = point.confirm(left, right, env, defined)
                    if found is not None:
                        return Search(found, seen + 1, _tried(sizes_tried | {point.key}), "", place=(point, env))
        except NOT_THERE as error:
            problem = problem or str(error)
            continue
        if compared:
            seen += 1
            stale = 0 if fresh_pattern else stale + 1
            sizes_tried.add(point.key)
    return Search(None, seen, _tried(sizes_tried), problem if not seen else "")


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
                found = point.confirm(left, right, env, defined)
            except NOT_THERE:
                continue
            if found is not None:
                return Search(found, attempt, _tried({point.key}), "", place=(point, env))
    return None


# There is no value at this point: of the formula, or in floating point.
NOT_THERE = (Inadmissible, OverflowError, ZeroDivisionError)


def _close(arithmetic: Any, a: Any, b: Any) -> bool:
    if isinstance(a, float) or isinstance(b, float):
        return abs(a - b) <= 1e-9 * (1 + abs(a) + abs(b))
    try:
        return arithmetic.sign(arithmetic.add(a, arithmetic.multiply(Fraction(-1), b))) == 0
    except Inadmissible:
        return True  # 40 digits don't tell them apart


def sizes_to_try(parts: Sequence[Basic], rng: Random) -> list[dict[Symbol, int]]:
    """Different sizes, all equal ones, each dimension at its least, and those at which a range is empty or begins."""
    dimensions = dimensions_of(parts)
    if not dimensions:
        return [{}]
    spread = [2, 3, 4]
    plan: list[dict[Symbol, int]] = []
    for _ in range(2):
        rng.shuffle(spread)
        plan.append({d: spread[k % 3] for k, d in enumerate(dimensions)})
    plan.insert(1, dict.fromkeys(dimensions, 1))
    plan.append(dict.fromkeys(dimensions, 2))
    if len(dimensions) > 1:
        plan += [plan[0] | {d: 1} for d in dimensions]
    else:
        plan += [{dimensions[0]: size} for size in (4, 3)]
    for d in dimensions:
        plan += [plan[0] | {d: size} for size in sorted(_edges(d, parts))]
    plan = [{d: max(least(d), size) for d, size in sizes.items()} for sizes in plan]
    return [sizes for k, sizes in enumerate(plan) if sizes not in plan[:k]]


def _edges(d: Symbol, parts: Sequence[Basic]) -> set[int]:
    """The sizes at which a range that this dimension ends is empty, has one value, has two."""
    ranges: set[Any] = {(k.lower, k.upper) for e in parts for k in e.atoms(Idx)}
    ranges |= {limit[1:] for e in parts for s in e.atoms(Sum, Product) for limit in s.limits if len(limit) == 3}
    found: set[int] = set()
    for lower, upper in ranges:
        offset = lower - upper + d if isinstance(upper, Expr) and upper.free_symbols == {d} else None
        if isinstance(offset, Integer):
            found |= {int(offset) + shift for shift in (-1, 0, 1)}
    return {size for size in found if 4 < size <= LARGEST_SIZE}


def assumptions(*formulas: Expr) -> dict[tuple[str, bool], Expr]:
    """For each symbol and array (False, True) an element, which knows what SymPy was told: positive, integer, …"""
    symbols = {(s.name, False): s for e in formulas for s in e.atoms(Symbol)}
    return symbols | {(str(x.base.label), True): x for e in formulas for x in e.atoms(Indexed)}


def _tried(sizes: set) -> str:
    return "; ".join(sorted(", ".join(f"{k} = {v}" for k, v in key) for key in sizes if key)) or "no dimension"


class Point:
    """Sizes, and random values that satisfy the hypotheses by construction where that is simple.

    `style` is "signed", "positive" or "unit" (between 0 and 1), "edge" (0, ±1 and ±2) or "tied" (entries repeat).
    """

    def __init__(
        self,
        rng: Random,
        sizes: Mapping[Symbol, int],
        style: str,
        hypotheses: Hypotheses,
        declared: Mapping[tuple[str, bool], Expr] | None = None,
        deadline: float | None = None,
    ):
        self.deadline = deadline
        self.rng, self.hypotheses, self.declared = Random(rng.random()), hypotheses, declared or {}
        self.sizes, self.style = dict(sizes), style
        self.key = tuple((str(d), s) for d, s in self.sizes.items())
        self.values: dict[tuple[str, tuple[int, ...]], Fraction] = {}
        self.coefficients: dict[tuple, Fraction] = {}
        self.pending: set[tuple[str, tuple[int, ...]]] = set()  # entries whose value is being constructed
        self.index_values = Evaluation(Floats(), self.sizes, self.value, self.coefficient)

    def evaluation(self, arithmetic) -> Evaluation:
        evaluation = Evaluation(arithmetic, self.sizes, self.value, self.coefficient)
        evaluation.deadline = self.deadline
        return evaluation

    def range_of(self, k: Idx) -> range:
        return range(self.index_values.integer(k.lower, {}), self.index_values.integer(k.upper, {}) + 1)

    def different(self, env: Mapping[Idx, int]) -> bool:
        """True unless two indices are equal here that were assumed to differ, as far as their values are known."""
        integer = self.index_values.integer
        return all(
            integer(a, env) != integer(b, env)
            for a, b in self.hypotheses.different
            if (free_indices(a) | free_indices(b)) <= env.keys()
        )

    def value(self, name: str, where: tuple[int, ...]) -> Fraction:
        if (name, where) not in self.values:
            found = None
            if (name, where) not in self.pending:
                self.pending.add((name, where))
                found = Construction(self.hypotheses, name, where, self).value()
                self.pending.discard((name, where))
            self.values.setdefault((name, where), self.draw(name, where) if found is None else found)
        return self.values[name, where]

    def draw(self, name: str, where: tuple[int, ...]) -> Fraction:
        kind = self.declared.get((name, bool(where)))
        positive, below_one = self.hypotheses.bounds(name, where, self)
        for _ in range(20):
            value = self._size(below_one, whole=kind is not None and bool(kind.is_integer))
            if not positive and (self.style in ("signed", "edge", "tied")) and self.rng.random() < 0.5:
                value = -value
            if kind is not None and kind.is_negative:
                value = -abs(value)
            elif kind is not None and kind.is_nonnegative:
                value = abs(value)
            zero = value == 0 and (positive or (kind is not None and (kind.is_zero is False)))
            if not zero:
                return value
        return Fraction(1, 2) if kind is None or not kind.is_integer else Fraction(1)

    def _size(self, below_one: bool, whole: bool) -> Fraction:
        if self.style == "edge":
            return Fraction(self.rng.choice((0, 1, 1, 2)))
        if whole:
            return Fraction(self.rng.randint(1, 4))
        if self.style == "tied":
            return Fraction(1, 2)
        if below_one or self.style == "unit":
            top = self.rng.randint(1, 8)
            return Fraction(top, top + self.rng.randint(1, 6))
        return Fraction(self.rng.randint(1, 12), self.rng.choice((1, 2, 3, 4, 5)))

    def coefficient(self, *key) -> Fraction:
        if key not in self.coefficients:
            self.coefficients[key] = Fraction(self.rng.choice((-1, 1)) * self.rng.randint(1, 5), self.rng.randint(1, 3))
        return self.coefficients[key]

    def assignments(self, free: Sequence[Idx]) -> Iterator[dict[Idx, int]]:
        """Values of the free indices, equal ones and different ones among them, that the hypotheses allow."""
        every = [dict(zip(free, values, strict=True)) for values in cartesian(*map(self.range_of, free))]
        if len(every) > ASSIGNMENTS:
            every = every[:1] + self.rng.sample(every[1:], ASSIGNMENTS - 1)
        yield from filter(self.different, every)

    def satisfies(self, evaluation: Evaluation, env: Mapping[Idx, int], defined: Sequence[Relational] = ()) -> bool:
        """True if the hypotheses hold here for every value of their indices, and the conditions at these indices."""
        for condition in self.hypotheses.conditions:
            if not all(evaluation.holds(condition, there) for there in self._everywhere((condition,), env)):
                return False
        for left, right in self.hypotheses.equations:
            for there in self._everywhere((left, right), env):
                a, b = evaluation(left, there), evaluation(right, there)
                if not (a == b or _close(evaluation.arithmetic, a, b)):
                    return False
        return all(self.holds(condition, env, evaluation) for condition in defined)

    def holds(self, condition: Relational, env: Mapping[Idx, int], evaluation: Evaluation) -> bool:
        """True if the condition holds at these indices, and for every value of its others."""
        others = [(k, k.lower, k.upper) for k in sorted(free_indices(condition) - env.keys(), key=str)]
        return all(evaluation.holds(condition, inner) for inner in evaluation.ranges(others, env))

    def _everywhere(self, parts: Sequence[Basic], env: Mapping[Idx, int]) -> Iterator[dict[Idx, int]]:
        """Every value of the indices of the parts at which none are equal that were assumed to differ."""
        own = sorted(frozenset().union(*map(free_indices, parts)), key=str)
        for values in cartesian(*map(self.range_of, own)):
            inner = dict(zip(own, values, strict=True))
            if self.different({**env, **inner}):
                yield inner

    def confirm(
        self, left: Expr, right: Expr, env: Mapping[Idx, int], defined: Sequence[Relational] = ()
    ) -> Counterexample | None:
        """The counterexample at this point, if exact or interval arithmetic agrees that the sides differ."""
        exact = self.evaluation(Intervals())
        try:
            if not self.satisfies(exact, env, defined):
                return None
            a, b = exact(left, env), exact(right, env)
            if exact.compare(a, b) == 0:
                return None
        except Inadmissible:
            return None
        inputs = {
            name + (f"[{', '.join(map(str, where))}]" if where else ""): v
            for (name, where), v in sorted(self.values.items())
        }
        return Counterexample(
            {str(d): s for d, s in self.sizes.items()},
            {str(k): v for k, v in env.items()},
            inputs,
            a,
            b,
            self.functions(),
        )

    def functions(self) -> tuple[str, ...]:
        """What the opaque functions are at this point."""
        parts: dict[tuple[str, tuple[int, ...]], list[str]] = {}
        for (name, where, power), c in sorted(self.coefficients.items(), key=str):
            if isinstance(power[0], str):  # a function of a whole vector
                text = f"{power[0]}_{power[1]} = {c}"
            else:
                text = " ".join(
                    [str(c), *(f"{x}^{e}" if e > 1 else x for x, e in zip("xyuvw", power, strict=False) if e)]
                )
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
