"""Points at which a claim is looked at: sizes, and entries that satisfy the hypotheses and nothing more.

What no hypothesis speaks of is drawn with any sign, zeros and ties among it. Where a hypothesis fails, the entries it
reads are drawn again or solved for, the others stay as they are.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from fractions import Fraction
from itertools import product as cartesian
from random import Random
from typing import Any

from sympy import Basic, Expr, Idx, Indexed, Rational, Sum, Symbol
from sympy.core.relational import Eq, Relational

from claims import numbers
from claims.binders import free_indices
from claims.exact import Evaluation
from claims.numbers import Dual, Refused, Undefined, subtract

REPAIRS, ENTRIES = 30, 4  # how often a hypothesis is mended, and by how many entries it is tried
KINDS = ("positive", "negative", "nonnegative", "nonpositive", "nonzero", "zero", "integer", "even", "odd", "prime")
Make = Callable[[Random, Mapping[str, int]], Mapping[tuple[int, ...], Any]]


def about_indices(h: Basic, sizes) -> bool:
    """i ≠ j, i < n, …: what restricts the values of the indices instead of those of the entries."""
    indices = h.atoms(Idx)
    others = h.atoms(Symbol) - {k.label for k in indices} - set(sizes) - indices
    return bool(indices) and not others and not h.atoms(Indexed, Sum)


class Point:
    """One draw. `make` builds whole arrays that no repair would find: an orthogonal matrix, …"""

    def __init__(self, rng: Random, sizes: Mapping[Symbol, int], given: Sequence, make: Mapping[str, Make], style: str):
        self.rng, self.sizes, self.style = rng, sizes, style
        self.between = [h for h in given if about_indices(h, sizes)]
        self.given = [h for h in given if h not in self.between]
        self.made = {Symbol(name) for name in make}
        self.defining: dict[Symbol, list] = {}
        for h in self.given:
            if isinstance(h, Eq) and isinstance(h.lhs, (Indexed, Symbol)):
                name = h.lhs.base.label if isinstance(h.lhs, Indexed) else h.lhs
                self.defining.setdefault(name, []).append(h)
        self.values: dict[tuple, Any] = {}
        self.coefficients: dict[tuple, Fraction] = {}
        self.read: list[tuple] = []
        named = {str(s): v for s, v in sizes.items()}
        for name, build in make.items():
            self.values |= {(Symbol(name), where): v for where, v in build(rng, named).items()}

    # what an evaluation asks

    def value(self, name: Symbol, where: tuple[int, ...]) -> Any:
        key = (name, where)
        if key not in self.values:
            self.values[key] = self.draw(name)
        self.read.append(key)
        return self.values[key]

    def coefficient(self, *key) -> Fraction:
        if key not in self.coefficients:
            self.coefficients[key] = Fraction(self.rng.choice((-3, -2, -1, 1, 2, 3)), self.rng.randint(1, 3))
        return self.coefficients[key]

    def definitions(self, evaluation: Evaluation, name: Symbol, where: tuple[int, ...]) -> Iterator[tuple[Expr, dict]]:
        """The right sides of the hypotheses that say what this entry is."""
        if name in self.made:
            return
        for h in self.defining.get(name, ()):
            indices = h.lhs.indices if isinstance(h.lhs, Indexed) else ()
            if len(indices) != len(where):
                continue
            for env in self._matching(evaluation, indices, where):
                yield h.rhs, env

    def _matching(self, evaluation: Evaluation, indices: tuple, where: tuple[int, ...]) -> Iterator[dict]:
        """The values of the indices on the left side of a definition at which it speaks of this entry."""
        env = dict(zip(indices, where, strict=True))
        if len(env) == len(where) and all(isinstance(k, Idx) for k in indices):
            inside = all(evaluation.whole(k.lower, env) <= v <= evaluation.whole(k.upper, env) for k, v in env.items())
            if inside and all(evaluation.holds(h, env) for h in self.between if free_indices(h) <= env.keys()):
                yield env
            return
        own = sorted(frozenset().union(*map(free_indices, indices)), key=str)
        for env in self.assignments(evaluation, own):
            if tuple(evaluation.whole(i, env) for i in indices) == where:
                yield env

    def assignments(self, evaluation: Evaluation, indices: Sequence) -> Iterator[dict]:
        """The values of these indices that the hypotheses about indices allow."""
        limits = [(k, k.lower, k.upper) for k in _inside_out(indices)]
        for env in evaluation.assignments(limits, {}):
            if all(evaluation.holds(h, env) for h in self.between if free_indices(h) <= env.keys()):
                yield env

    # entries

    def draw(self, name: Symbol) -> Fraction:
        """A small rational of the kind that the name's assumptions ask for."""
        if name.is_extended_real is False or name.is_complex is False:
            raise Refused(f"{name} is not real")
        for _ in range(200):
            value = self._number() if not name.is_integer else Fraction(self.rng.randint(-4, 4))
            value = -value if name.is_nonpositive else value
            number = Rational(value.numerator, value.denominator)
            if all(
                wanted is None or getattr(number, f"is_{kind}") == wanted
                for kind in KINDS
                if (wanted := getattr(name, f"is_{kind}")) is not None and kind not in ("zero",)
            ):
                return value
        raise Refused(f"{name} is of a strange kind")

    def _number(self) -> Fraction:
        r = self.rng
        if self.style == "ties":
            return Fraction(r.choice((-1, 0, 0, 1, 1, 2)))
        if self.style == "unit":
            below = r.randint(2, 9)
            return Fraction(r.randint(1, below - 1), below)
        size = Fraction(r.randint(1, 9), r.choice((1, 2, 3, 4)))
        return size if self.style == "positive" or r.random() < 0.5 else -size

    # hypotheses

    def settle(self) -> bool:
        """Draw and repair until every hypothesis holds; False if that is not reached."""
        for _ in range(REPAIRS):
            broken = self._broken(Evaluation(self)) or self._broken(Evaluation(self, defined=False))
            if broken is None:
                return True
            h, env = broken
            entries = self._entries(h, env)
            if not entries:
                return False
            if not (isinstance(h, Eq) and self._solve(h, env, entries)):
                self._redraw(entries)
        return False

    def _broken(self, evaluation: Evaluation) -> tuple[Relational, dict] | None:
        for h in self.given:
            for env in self.assignments(evaluation, sorted(free_indices(h), key=str)):
                try:
                    if not evaluation.holds(h, env):
                        return h, env
                except Undefined:
                    return h, env
        return None

    def _entries(self, h, env) -> list[tuple]:
        self.read = []
        with suppress(Undefined):
            Evaluation(self).holds(h, env)
        return [key for key in dict.fromkeys(self.read) if key[0] not in self.made]

    def _redraw(self, entries) -> None:
        kept = self.style
        for key in entries:
            self.style = self.rng.choice(("signed", "positive", "unit", "ties", kept))
            self.values[key] = self.draw(key[0])
        self.style = kept

    def _solve(self, h: Eq, env, entries) -> bool:
        """Newton's step for one of the entries; exact where the equation is linear in it."""
        self.rng.shuffle(entries)
        for key in entries[:ENTRIES]:
            before = self.values[key]
            for _ in range(12):
                gap = self._gap(h, env, key)
                if gap is None or not isinstance(gap, Dual) or numbers.is_zero(gap.b):
                    break
                try:
                    step = numbers.multiply(gap.a, numbers.reciprocal(gap.b))
                except Undefined:
                    break
                self.values[key] = _snapped(subtract(self.values[key], step))
                if abs(self.values[key]) > 100:
                    break
                again = self._gap(h, env, key)
                if again is not None and numbers.is_zero(numbers.real(again)):
                    return True
            self.values[key] = before
        return False

    def _gap(self, h: Eq, env, key) -> Any:
        try:
            evaluation = Evaluation(self)
            moved = ((0, *key),)
            return subtract(evaluation(h.lhs, env, moved), evaluation(h.rhs, env, moved))
        except Undefined:
            return None


def _inside_out(indices: Sequence) -> list:
    """An index whose range ends at another one comes before it."""
    if any(k.lower is None for k in indices):
        raise Refused("an index without a range")
    ends = {k: (k.lower.free_symbols | k.upper.free_symbols) & set(indices) for k in indices}
    placed: list = []
    while len(placed) < len(indices):
        free = [k for k in indices if k not in placed and ends[k] <= set(placed)]
        if not free:
            raise Refused("the ranges of the indices are circular")
        placed += free
    return placed[::-1]


def _snapped(x) -> Any:
    """A number of many digits that is a small fraction is that fraction."""
    if isinstance(x, Fraction):
        return x if x.denominator < 10**6 else numbers.REAL.mpf(x.numerator) / x.denominator
    near = Fraction(str(numbers.REAL.nstr(x, 30))).limit_denominator(60)
    return near if abs(x - numbers.REAL.mpf(near.numerator) / near.denominator) < 1e-25 else x


def sizes_of(sizes: Sequence[Symbol], least: Callable[[Symbol], int], rng: Random, most: int = 4) -> Iterator[dict]:
    """Every combination of sizes from the least to 4, the small ones first; a sample where there are many."""
    ranges = (range(least(s), max(most, least(s)) + 1) for s in sizes)
    every = sorted(cartesian(*ranges), key=lambda v: (max(v, default=0), v))
    if len(every) > 24:
        every = every[:4] + rng.sample(every[4:], 20)
    for values in every:
        yield dict(zip(sizes, values, strict=True))
