"""Points at which a claim is looked at: sizes, and inputs that satisfy its hypotheses.

Sizes go through 1 to 4 and the edges of every range; inputs are small rationals, zeros, ties and negatives.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from fractions import Fraction
from functools import lru_cache
from itertools import product as cartesian
from math import prod
from random import Random
from typing import Any

from sympy import Basic, Expr, Idx, Indexed, Integer, Product, Sum, Symbol
from sympy.core.relational import Eq, Ge, Gt, Lt, Ne, Relational

from derivations.engine.judging.claims import dimensions_of
from derivations.engine.judging.constructions import Construction
from derivations.engine.judging.hypotheses import Hypotheses
from derivations.engine.language.indices import least
from derivations.engine.language.nodes import atoms
from derivations.engine.language.renaming import free_indices
from derivations.engine.numbers.arithmetic import Floats, Inadmissible
from derivations.engine.numbers.evaluate import Evaluation
from derivations.engine.numbers.linear import (
    Constraint,
    End,
    Form,
    Forms,
    Opaque,
    as_form,
    contradiction,
    plus,
    scaled,
    solution,
)

ASSIGNMENTS, LARGEST_SIZE = 12, 9

# There is no value at this point: of the formula, or in floating point.
NOT_THERE = (Inadmissible, OverflowError, ZeroDivisionError)


def close(arithmetic: Any, a: Any, b: Any) -> bool:
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
    ranges: set[Any] = {(k.lower, k.upper) for e in parts for k in atoms(e, Idx)}
    ranges |= {limit[1:] for e in parts for s in atoms(e, Sum, Product) for limit in s.limits if len(limit) == 3}
    found: set[int] = set()
    for lower, upper in ranges:
        offset = lower - upper + d if isinstance(upper, Expr) and upper.free_symbols == {d} else None
        if isinstance(offset, Integer):
            found |= {int(offset) + shift for shift in (-1, 0, 1)}
    return {size for size in found if 4 < size <= LARGEST_SIZE}


def assumptions(*formulas: Expr) -> dict[tuple[str, bool], Expr]:
    """For each symbol and array (False, True) an element, which knows what SymPy was told: positive, integer, …"""
    symbols = {(s.name, False): s for e in formulas for s in atoms(e, Symbol)}
    return symbols | {(str(x.base.label), True): x for e in formulas for x in atoms(e, Indexed)}


@lru_cache(maxsize=1024)
def _indices(parts: tuple[Basic, ...]) -> tuple[Idx, ...]:
    """The free indices of the parts, by their names."""
    return tuple(sorted(frozenset().union(*map(free_indices, parts)), key=str))


def constraint(condition: Relational, forms: Evaluation, env: Mapping[Idx, int]) -> list[Constraint]:
    """The condition at these indices; none for ≠."""
    if isinstance(condition, Ne):
        return []
    above, below = (condition.lhs, condition.rhs) if isinstance(condition, Eq) else (condition.gts, condition.lts)
    gap: Form = plus(as_form(forms(above, env)), scaled(as_form(forms(below, env)), Fraction(-1)))
    return [Constraint(gap, "=" if isinstance(condition, Eq) else ">" if isinstance(condition, (Gt, Lt)) else "≥")]


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

    def solve(self, extra: Sequence[Relational] = (), env: Mapping[Idx, int] | None = None) -> tuple[Relational, ...]:
        """Give the entries values that meet what is linear of the hypotheses, and of `extra` at these indices.

        Where there are none, what can't hold together is returned, of which no part can be left out.
        """
        said = self.system(extra, env or {})
        contrary = contradiction(said)
        if not contrary:
            every = (c for constraints in said.values() for c in constraints)
            self.values |= solution((c for c in every if not c.opaque), self.choose) or {}
        return tuple(h for h in contrary if isinstance(h, Relational))

    def system(self, extra: Sequence[Relational], env: Mapping[Idx, int]) -> dict[Any, list[Constraint]]:
        """What each hypothesis says of the entries here, and what is known of their signs."""
        forms = Evaluation(Forms(), self.sizes, self.unknown, self.coefficient)
        hypotheses = [*self.hypotheses.conditions, *(Eq(*pair, evaluate=False) for pair in self.hypotheses.equations)]
        said: dict[Any, list[Constraint]] = {}
        for condition, fixed in [*((h, {}) for h in hypotheses), *((c, env) for c in extra)]:
            for inner in self._everywhere((condition,), fixed, fixed.keys()):
                with suppress(*NOT_THERE):
                    said.setdefault(condition, []).extend(constraint(condition, forms, {**fixed, **inner}))
        for v in dict.fromkeys(v for constraints in said.values() for c in constraints for v in c.variables):
            sign, origin = (v.sign, v) if isinstance(v, Opaque) else self.sign(*v)
            if sign:
                said.setdefault(origin, []).append(Constraint({v: Fraction(sign[0])}, sign[1]))
        return said

    def unknown(self, name: str, where: tuple[int, ...]) -> Any:
        """An entry's name; a whole number has a value."""
        kind = self.declared.get((name, bool(where)))
        return self.value(name, where) if kind is not None and kind.is_integer else (name, where)

    def sign(self, name: str, where: tuple[int, ...]) -> tuple[Any, Any]:
        """±1 and ">" or "≥" of an entry, and the declaration that says so."""
        kind: Any = self.declared.get((name, bool(where)))
        for sign, relation, has in ((1, ">", "positive"), (1, "≥", "nonnegative"), (-1, ">", "negative")):
            if getattr(kind, f"is_{has}", False):
                return (sign, relation), Ge(sign * kind, 0, evaluate=False)
        return None, None

    def choose(self, low: End | None, high: End | None) -> Fraction:
        """A value between these ends, now and then one of them."""
        if low is None or high is None:
            away = Fraction(self.rng.randint(0, 12), self.rng.choice((1, 2, 3, 4, 5)))
            end, away = (low, away) if low else (high, -away)
            return away if end is None else end.value + (away or Fraction(int(end.open)) * (1 if low else -1))
        part = Fraction(self.rng.randint(int(low.open), 8 - int(high.open)), 8)
        return low.value + part * (high.value - low.value)

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
        ranges = [self.range_of(k) for k in free]
        if prod(map(len, ranges)) > ASSIGNMENTS:
            first = tuple(r[0] for r in ranges)
            drawn = (tuple(map(self.rng.choice, ranges)) for _ in range(2 * ASSIGNMENTS))
            every = list(dict.fromkeys((first, *drawn)))[:ASSIGNMENTS]
        else:
            every = list(cartesian(*ranges))
        yield from filter(self.different, (dict(zip(free, values, strict=True)) for values in every))

    def satisfies(self, evaluation: Evaluation, env: Mapping[Idx, int], defined: Sequence[Relational] = ()) -> bool:
        """True if the hypotheses hold here for every value of their indices, and the conditions at these indices."""
        for condition in self.hypotheses.conditions:
            if not all(evaluation.holds(condition, there) for there in self._everywhere((condition,), env)):
                return False
        for left, right in self.hypotheses.equations:
            for there in self._everywhere((left, right), env):
                a, b = evaluation(left, there), evaluation(right, there)
                if not (a == b or close(evaluation.arithmetic, a, b)):
                    return False
        return all(self.holds(condition, env, evaluation) for condition in defined)

    def holds(self, condition: Relational, env: Mapping[Idx, int], evaluation: Evaluation) -> bool:
        """True if the condition holds at these indices, and for every value of its others."""
        others = [(k, k.lower, k.upper) for k in _indices((condition,)) if k not in env]
        return all(evaluation.holds(condition, inner) for inner in evaluation.ranges(others, env))

    def _everywhere(
        self, parts: Sequence[Basic], env: Mapping[Idx, int], fixed: Collection[Idx] = ()
    ) -> Iterator[dict[Idx, int]]:
        """Every value of the indices of the parts, but for the fixed ones, at which none are equal that were assumed
        to differ."""
        own = [k for k in _indices(tuple(parts)) if k not in fixed]
        for values in cartesian(*map(self.range_of, own)):
            inner = dict(zip(own, values, strict=True))
            if self.different({**env, **inner}):
                yield inner
