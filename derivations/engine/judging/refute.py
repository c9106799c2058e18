"""Counterexamples: random points at which the two sides of a claim rigorously differ.

Dimensions are 2 to 4, inputs small rationals that satisfy the hypotheses, signs such that every pattern of the signs
inside step, |·|, sign and max is met. Floating point decides where to look; a counterexample is one only if the exact
or 40-digit interval difference excludes 0.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import product as cartesian
from random import Random
from typing import Any

from sympy import Abs, Expr, Heaviside, Idx, Indexed, Max, Min, Piecewise, Symbol, sign
from sympy.core.relational import Relational

from derivations.engine.judging.hypotheses import Hypotheses
from derivations.engine.language.renaming import free_indices
from derivations.engine.language.vocabulary import Maximum, step
from derivations.engine.numbers.arithmetic import Floats, Inadmissible, Intervals
from derivations.engine.numbers.evaluate import Evaluation

POINTS, PIECEWISE_POINTS, ATTEMPTS, ASSIGNMENTS = 6, 40, 60, 12
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


def search(
    left: Expr,
    right: Expr,
    hypotheses: Hypotheses,
    dimensions: Sequence[Symbol],
    free: Sequence[Idx],
    conditions: Sequence[Relational] = (),
    points: int = POINTS,
) -> Search:
    """Look for a counterexample to left = right among points that satisfy the hypotheses and the conditions."""
    rng = Random(20240229)
    piecewise = left.has(*PIECEWISE) or right.has(*PIECEWISE)
    wanted = max(points, PIECEWISE_POINTS) if piecewise and points >= POINTS else points
    assumed = assumptions(left, right)
    sizes_tried, seen, patterns, stale, problem = set(), 0, set(), 0, ""
    for attempt in range(ATTEMPTS * (2 if piecewise else 1)):
        if seen >= wanted or (seen >= points and stale >= 12):
            break
        point = Point(rng, attempt, dimensions, hypotheses, assumed)
        screen = point.evaluation(Floats())
        try:
            if not point.satisfies(screen, conditions, free):
                continue
            fresh_pattern, compared = False, 0
            for env in point.assignments(free):
                screen.signs = {}
                try:
                    a, b = screen(left, env), screen(right, env)
                except Inadmissible as error:
                    problem = str(error)
                    continue
                compared += 1
                pattern = tuple(sorted((str(k), s) for k, s in screen.signs.items()))
                fresh_pattern |= pattern not in patterns
                patterns.add(pattern)
                if not abs(a - b) <= 1e-9 * (1 + abs(a) + abs(b)):
                    found = point.confirm(left, right, env)
                    if found is not None:
                        return Search(found, seen + 1, _tried(sizes_tried | {point.key}), "")
        except Inadmissible as error:
            problem = str(error)
            continue
        if compared:
            seen += 1
            stale = 0 if fresh_pattern else stale + 1
            sizes_tried.add(point.key)
    return Search(None, seen, _tried(sizes_tried), problem if not seen else "")


def assumptions(*formulas: Expr) -> dict[str, Expr]:
    """For each array and symbol an element of it, which knows what SymPy was told: positive, integer, …"""
    symbols = {s.name: s for e in formulas for s in e.atoms(Symbol)}
    return symbols | {str(x.base.label): x for e in formulas for x in e.atoms(Indexed)}


def _tried(sizes: set) -> str:
    return "; ".join(sorted(", ".join(f"{k} = {v}" for k, v in key) for key in sizes if key)) or "no dimension"


class Point:
    """Random sizes and values that satisfy the hypotheses by construction where that is simple."""

    def __init__(
        self,
        rng: Random,
        attempt: int,
        dimensions: Sequence[Symbol],
        hypotheses: Hypotheses,
        assumed: Mapping[str, Expr] | None = None,
    ):
        self.rng, self.hypotheses, self.assumed = Random(rng.random()), hypotheses, assumed or {}
        choices = [2, 3, 4] if attempt % 3 else [2, 3]
        self.rng.shuffle(choices)
        self.sizes = {d: choices[k % len(choices)] for k, d in enumerate(dimensions)}
        self.key = tuple((str(d), s) for d, s in self.sizes.items())
        self.style = ("signed", "positive", "unit")[attempt % 3]
        self.values: dict[tuple[str, tuple[int, ...]], Fraction] = {}
        self.coefficients: dict[tuple, Fraction] = {}

    def evaluation(self, arithmetic) -> Evaluation:
        seed = self.rng.random()

        def other(*key) -> Fraction:
            return Fraction(Random(f"{seed}{key}").randint(1, 10**6), 999983)

        shadow = Evaluation(Floats(), self.sizes, other, other)
        return Evaluation(arithmetic, self.sizes, self.value, self.coefficient, shadow)

    def value(self, name: str, where: tuple[int, ...]) -> Fraction:
        if (name, where) not in self.values:
            definition = self.hypotheses.value(name, where, self)
            self.values.setdefault((name, where), self.draw(name) if definition is None else definition)
        return self.values[name, where]

    def draw(self, name: str) -> Fraction:
        if name in self.hypotheses.below_one or self.style == "unit":
            top = self.rng.randint(1, 8)
            size = Fraction(top, top + self.rng.randint(1, 6))
        else:
            size = Fraction(self.rng.randint(1, 12), self.rng.choice((1, 2, 3, 4, 5)))
        kind = self.assumed.get(name)
        if kind is not None and kind.is_integer:
            size = Fraction(self.rng.randint(1, 4))
        if kind is not None and kind.is_negative:
            return -size
        positive = (
            self.style != "signed" or name in self.hypotheses.positive or (kind is not None and kind.is_nonnegative)
        )
        return size if positive or self.rng.random() < 0.5 else -size

    def coefficient(self, *key) -> Fraction:
        if key not in self.coefficients:
            self.coefficients[key] = Fraction(self.rng.choice((-1, 1)) * self.rng.randint(1, 5), self.rng.randint(1, 3))
        return self.coefficients[key]

    def assignments(self, free: Sequence[Idx]) -> Iterator[dict[Idx, int]]:
        """Values of the free indices, equal ones and different ones among them, that the hypotheses allow."""
        evaluation = Evaluation(Floats(), self.sizes, self.value, self.coefficient)
        ranges = [range(evaluation.integer(k.lower, {}), evaluation.integer(k.upper, {}) + 1) for k in free]
        every = [dict(zip(free, values, strict=True)) for values in cartesian(*ranges)]
        if len(every) > ASSIGNMENTS:
            every = every[:1] + self.rng.sample(every[1:], ASSIGNMENTS - 1)
        for env in every:
            if all(evaluation.integer(a, env) != evaluation.integer(b, env) for a, b in self.hypotheses.different):
                yield env

    def satisfies(self, evaluation: Evaluation, conditions: Sequence[Relational], free: Sequence[Idx]) -> bool:
        """True if every condition holds here for every value of its indices."""
        for condition in (*self.hypotheses.conditions, *conditions):
            own = sorted(free_indices(condition), key=str)
            for env in evaluation.ranges([(k, k.lower, k.upper) for k in own], {}):
                if any(
                    a in env and b in env and evaluation.integer(a, env) == evaluation.integer(b, env)
                    for a, b in self.hypotheses.different
                ):
                    continue
                if not evaluation.holds(condition, env):
                    return False
        return all(self.obeys(evaluation, *equation) for equation in self.hypotheses.equations)

    def obeys(self, evaluation: Evaluation, left: Expr, right: Expr) -> bool:
        """True if left = right for every value of the indices, up to rounding."""
        own = sorted(free_indices(left) | free_indices(right), key=str)
        values = [
            (evaluation(left, env), evaluation(right, env))
            for env in evaluation.ranges([(k, k.lower, k.upper) for k in own], {})
        ]
        return all(abs(a - b) <= 1e-9 * (1 + abs(b)) for a, b in values)

    def confirm(self, left: Expr, right: Expr, env: Mapping[Idx, int]) -> Counterexample | None:
        """The counterexample at this point, if exact or interval arithmetic agrees that the sides differ."""
        exact = self.evaluation(Intervals())
        try:
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
    return f"{float(value.mid):.12g} ± {float(value.delta) / 2:.1g}"
