"""What a claim is worth: false, with a point at which it fails; true at every point tried; empty; refused."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from random import Random
from typing import Any

from sympy import Basic, Expr, Idx, Indexed, Symbol, sympify

from claims import numbers
from claims.binders import free_indices
from claims.exact import Evaluation
from claims.judging import Answer, least
from claims.numbers import OutOfReach, Refused, Undefined, subtract
from claims.points import Make, Point, sizes_of

STYLES = ("signed", "ties", "positive", "unit")
MOST, ENOUGH = 40, 300  # assignments of the free indices at one point; comparisons


@dataclass(frozen=True)
class Claim:
    """left = right under the hypotheses, for all values of the free indices. `make` builds arrays for a point."""

    left: Expr
    right: Expr
    given: tuple = ()
    make: Mapping[str, Make] = field(default_factory=dict)

    @property
    def parts(self) -> tuple[Basic, ...]:
        return (self.left, self.right, *self.given)

    def __str__(self) -> str:
        where = f" given {', '.join(map(str, self.given))}" if self.given else ""
        return f"{self.left} = {self.right}{where}"


def claim(left, right, *given, **make) -> Claim:
    return Claim(sympify(left), sympify(right), given, make)


@dataclass(frozen=True)
class Truth:
    """`word` is false, true, empty (no point was found at which it says something) or refused."""

    word: str
    at: str = ""
    compared: int = 0


def sizes_in(parts: Sequence[Basic]) -> list[Symbol]:
    """The symbols that are positive whole numbers, and those at the ends of ranges."""
    indices = {k for e in parts for k in e.atoms(Idx)}
    ends = {s for k in indices for end in (k.lower, k.upper) if end is not None for s in end.free_symbols}
    labels = {k.label for k in indices} | {x.base.label for e in parts for x in e.atoms(Indexed)}
    named = {s for e in parts for s in e.atoms(Symbol) if s.is_integer and s.is_positive and not isinstance(s, Idx)}
    return sorted((ends | named) - labels - indices, key=str)


def free_of(claim: Claim) -> list[Idx]:
    return sorted(free_indices(claim.left) | free_indices(claim.right), key=str)


def decide(claim: Claim, seed: int = 0, draws: int = 6, most: int = 4, enough: int = ENOUGH) -> Truth:
    """Look at every combination of sizes 1 to 4, with so many draws each; more where there was little to compare."""
    rng = Random(seed)
    compared = 0
    try:
        sizes = list(sizes_of(sizes_in(claim.parts), least, rng, most))
        for draw in range(6 * draws):
            if draw >= draws and not 0 < compared < enough:
                break
            for some in sizes:
                point = Point(rng, some, claim.given, claim.make, STYLES[draw % len(STYLES)])
                found, count = at_point(claim, point, rng)
                compared += count
                if found:
                    return Truth("false", found, compared)
    except Refused as error:
        return Truth("refused", str(error))
    return Truth("true" if compared else "empty", compared=compared)


def glance(claim: Claim, seed: int = 0) -> Truth:
    """A cheaper look: one draw where every size is 1, one where each is 2, and one at sizes up to 4."""
    rng = Random(seed)
    sizes, compared = sizes_in(claim.parts), 0
    mixed = {s: rng.randint(least(s), max(4, least(s))) for s in sizes}
    if len(sizes) > 2:
        mixed = {s: min(v, max(3, least(s))) for s, v in mixed.items()}
    for some in ({s: least(s) for s in sizes}, {s: max(2, least(s)) for s in sizes}, mixed):
        point = Point(rng, some, claim.given, claim.make, rng.choice(STYLES))
        found, count = at_point(claim, point, rng)
        compared += count
        if found:
            return Truth("false", found, compared)
    return Truth("true" if compared else "empty", compared=compared)


def at_point(claim: Claim, point: Point, rng: Random) -> tuple[str, int]:
    """A description of where the claim fails at this point, or "", and how many comparisons were made."""
    if not point.settle():
        return "", 0
    evaluation = Evaluation(point)
    compared = 0
    try:
        every = list(point.assignments(evaluation, free_of(claim)))
    except Undefined:
        return "", 0
    for env in every if len(every) <= MOST else rng.sample(every, MOST):
        try:
            left, right = evaluation(claim.left, env), evaluation(claim.right, env)
        except Undefined:
            continue
        compared += 1
        if not numbers.is_zero(subtract(left, right)):
            return described(point, env, left, right), compared
    return "", compared


def confirmed(claim: Claim, found) -> bool:
    """Whether the claim fails at the point that the prover found; unknown functions are drawn anew."""
    sizes = {s: found.dimensions[str(s)] for s in sizes_in(claim.parts) if str(s) in found.dimensions}
    for seed in range(40):
        point = Point(Random(seed), sizes, claim.given, claim.make, "ties")
        for text, value in found.inputs.items():
            name, _, where = text.rstrip("]").partition("[")
            places = tuple(int(p) for p in where.split(",")) if where else ()
            point.values |= {(s, places): value for s in _symbols(claim) if s.name == name}
        evaluation = Evaluation(point)
        env = {k: found.indices.get(str(k), int(k.lower)) for k in free_of(claim)}
        try:
            if point.settle() and not numbers.is_zero(
                subtract(evaluation(claim.left, env), evaluation(claim.right, env))
            ):
                return True
        except Undefined:
            continue
    return False


def _symbols(claim: Claim) -> set[Symbol]:
    parts = claim.parts
    arrays = {x.base.label for e in parts for x in e.atoms(Indexed)}
    return arrays | {s for e in parts for s in e.atoms(Symbol)}


def all_hold(evaluation: Evaluation, point: Point, conditions: Sequence) -> bool:
    """Whether each of the conditions holds for all values of its indices."""
    try:
        return all(
            evaluation.holds(c, env)
            for c in conditions
            for env in point.assignments(evaluation, sorted(free_indices(c), key=str))
        )
    except Undefined:
        return False


def uncovered(claim: Claim, answer: Answer, seed: int = 0, draws: int = 4) -> str:
    """Where a proof says too much: its conditions hold at a point, and one side has no value there; "" if nowhere."""
    rng = Random(seed)
    for sizes in sizes_of(sizes_in(claim.parts), least, rng, most=3):
        for draw in range(draws):
            point = Point(rng, sizes, claim.given, claim.make, STYLES[draw % len(STYLES)])
            evaluation = Evaluation(point)
            if not point.settle() or not all_hold(evaluation, point, answer.conditions):
                continue
            for env in point.assignments(evaluation, free_of(claim)):
                try:
                    evaluation(claim.left, env), evaluation(claim.right, env)
                except OutOfReach:
                    continue
                except Undefined as error:
                    return f"{error} {described(point, env, None, None)}"
    return ""


def described(point: Point, env: Mapping, left: Any, right: Any) -> str:
    named = {str(k): v for k, v in (*point.sizes.items(), *env.items())}
    named |= {f"{name}{list(where) if where else ''}": v for (name, where), v in sorted(point.values.items(), key=str)}
    named |= {"left": left, "right": right}
    return "at " + ", ".join(f"{k} = {_text(v)}" for k, v in named.items() if v is not None)


def _text(v) -> str:
    return str(v) if isinstance(v, (int, Fraction)) else numbers.REAL.nstr(v, 12)
