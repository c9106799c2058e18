"""Regions of sizes: where a comparison of sizes is true, and where it is not, each with sizes of its own.

n ≥ 9 is n = n' + 8 with n' ≥ 1, every multiple of 4 is n = 4 n', n = m is n = m: what is read, compared and proven in a
region is so for all its sizes.
"""

import ast
import operator
import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import product
from random import Random
from typing import Any

from sympy import Expr, Integer, Poly, Symbol, divisors, expand

from derivations import dimension
from derivations.reading.arrays import Outside
from derivations.reading.question import Shape
from derivations.reading.sizes import is_never_negative, polynomial

Sizes = dict[str, Any]  # of names: what is put in for them
FEW = 12  # sizes that are taken one by one
FUNCTIONS = {"mod": operator.mod, "floordiv": operator.floordiv, "max": max, "min": min, "__builtins__": {}}
REST = re.compile(r"mod\((.+?), (\d+)\)")


@dataclass(frozen=True)
class Region:
    """`sizes` are polynomials in the region's own sizes, `answers` comparisons gap ≥ 0 that hold or don't."""

    sizes: Mapping[str, Expr]
    answers: Mapping[str, bool] = field(default_factory=dict)

    def __str__(self) -> str:
        """n = 17, m ≥ 9, p = 4 k + 1."""
        own = {dimension(n) for n, e in self.sizes.items() if e != dimension(n)}
        letters = {s: Symbol("k") if len(own) == 1 else Symbol(f"k_{s}") for s in own}
        texts = []
        for n, e in self.sizes.items():
            s = dimension(n)
            slope, rest = linear(e, s)
            if e != s:
                up = slope == 1 and not rest.free_symbols & own
                texts.append(f"{n} ≥ {expand(rest + 1)}" if up else f"{n} = {e.xreplace(letters)}")
        return ", ".join(texts + [f"{gap} ≥ 0" if answer else f"{gap} < 0" for gap, answer in self.answers.items()])

    @property
    def names(self) -> list[str]:
        return sorted({s.name for e in self.sizes.values() for s in e.free_symbols})

    def shapes(self, shapes: Sequence[Shape]) -> tuple[Shape, ...]:
        put = {dimension(n): e for n, e in self.sizes.items()}

        def placed(d: Any) -> Any:
            e = Integer(d) if isinstance(d, int) else expand(parsed(d).subs(put, simultaneous=True))
            return int(e) if e.is_Integer else str(e)

        return tuple(tuple(map(placed, shape)) for shape in shapes)

    def given(self, own: Mapping[str, int]) -> dict[str, int]:
        """The sizes in numbers, by the region's own."""
        numbers = {dimension(n): k for n, k in own.items()}
        return {n: int(e.subs(numbers)) for n, e in self.sizes.items()}

    def own(self, numbers: Mapping[str, int]) -> dict[str, int] | None:
        """The region's own sizes where the given ones are these numbers; None if they lie outside of it."""
        found: dict[Any, int] = {}
        for n, e in sorted(self.sizes.items(), key=lambda item: len(item[1].free_symbols)):
            left = expand(e.subs(found) - numbers[n])
            if len(left.free_symbols) == 1:
                (s,) = left.free_symbols
                found[s] = -left.subs(s, 0) / left.coeff(s) if left.coeff(s) else Integer(0)
        own = {s.name: int(k) for s, k in found.items()}
        if any(k < 1 or k != own[s.name] for s, k in found.items()) or set(own) != set(self.names):
            return None
        return own if self.given(own) == dict(numbers) and self.holds(own) else None

    def holds(self, own: Mapping[str, int]) -> bool:
        return all((value(gap, own) >= 0) == answer for gap, answer in self.answers.items())

    def put(self, sizes: Sizes) -> "Region":
        swap = {dimension(n): e for n, e in sizes.items()}
        changed = {n: expand(e.subs(swap, simultaneous=True)) for n, e in self.sizes.items()}
        answers = {}
        for gap, answer in self.answers.items():
            with suppress(Outside):  # one with mod or max in it is asked again
                answers[str(expand(parsed(gap).subs(swap, simultaneous=True)))] = answer
        return Region(changed, answers)

    def answered(self, gap: str, answer: bool) -> "Region":
        return Region(self.sizes, {**self.answers, gap: answer})

    def split(self, gap: str, divisor: int = 0) -> list["Region"]:
        """Where gap ≥ 0 and where it is not; or by the rest that `gap` leaves by the divisor. Empty if that is many."""
        if divisor:
            return self.by_rests(parsed(gap), divisor)
        try:
            e = parsed(gap)
        except Outside:
            return [self.answered(gap, True), self.answered(gap, False)]
        found = []
        for h, answer in ((e, True), (expand(-e - 1), False)):
            parts = at_least(h)
            found += [self.answered(gap, answer)] if parts in (None, [{}]) else list(map(self.put, parts))
        return found

    def by_rests(self, e: Expr, divisor: int) -> list["Region"]:
        rests = [at_rest(e, divisor, r) for r in range(divisor)] if divisor <= FEW else [None]
        return [] if None in rests else [self.put(s) for parts in rests for s in parts or ()]

    def equal(self, gap: str) -> list["Region"] | None:
        """Where gap = 0; None if that is not known."""
        parts = solutions(gap)
        return None if parts is None else list(map(self.put, parts))

    def zeros(self, gap: str) -> list[dict[str, int]]:
        """Some sizes up to 64 at which the gap is 0, far from each other, of a gap in two sizes."""
        asked = [n for n in self.names if re.search(rf"\b{n}\b", gap)]
        rest = dict.fromkeys(self.names, 3)
        if not 1 <= len(asked) <= 2:
            return []
        grid = (rest | dict(zip(asked, k, strict=True)) for k in product(range(1, 65), repeat=len(asked)))
        found = [own for own in grid if value(gap, own) == 0 and self.holds(own)]
        return [found[0], found[len(found) // 2], found[-1]] if found else []

    def trial(self, fits: Any) -> dict[str, int] | None:
        """Small numbers for the region's own sizes, of which most differ."""
        rng, names = Random(0), self.names
        usual = {n: (3, 4, 2, 5)[k % 4] for k, n in enumerate(names)}
        others = ({n: rng.choice((1, 2, 3, 3, 4, 5, 7, 9)) for n in names} for _ in range(200))
        return next((own for own in (usual, *others) if self.holds(own) and fits(own)), None)


def whole(names: Sequence[str]) -> Region:
    return Region({n: dimension(n) for n in names})


def parsed(text: str) -> Expr:
    return expand(polynomial(ast.parse(str(text).replace("^", "**"), mode="eval").body))


def value(text: str, own: Mapping[str, int]) -> int:
    """A text of sizes, with mod and floordiv, in numbers."""
    return eval(text.replace("^", "**"), FUNCTIONS, dict(own))


def at_least(gap: Expr) -> list[Sizes] | None:
    """The sizes for which gap ≥ 0, each family with sizes that are ≥ 1; None if that has no such form."""
    if is_never_negative(gap):
        return [{}]
    if is_never_negative(expand(-gap - 1)):
        return []
    for s in sorted(gap.free_symbols, key=str):
        slope, rest = linear(gap, s)
        if slope is None:
            continue
        if rest.is_Integer and slope > 0:
            low = -(rest // slope)
            return [{s.name: s + low - 1}]
        if rest.is_Integer and rest // -slope <= FEW:
            return [{s.name: Integer(k)} for k in range(1, rest // -slope + 1)]
        if slope == 1 and is_never_negative(expand(-rest - 1)):
            return [{s.name: s - rest - 1}]
    return None


def solutions(text: str) -> list[Sizes] | None:
    """The sizes for which the gap is 0; None if they are not found."""
    if (rest := REST.search(text)) is not None:
        r = Symbol("r_")
        try:
            gap, inner = parsed_with(text, rest, r), parsed(rest[1])
        except Outside:
            return None
        slope, c = linear(gap, r)
        if slope not in (1, -1) or not c.is_Integer:
            return None
        wanted = -c * slope
        return at_rest(inner, int(rest[2]), int(wanted)) if 0 <= wanted < int(rest[2]) else []
    try:
        gap = parsed(text)
    except Outside:
        return None
    if is_never_negative(expand(gap - 1)) or is_never_negative(expand(-gap - 1)):
        return []
    symbols = sorted(gap.free_symbols, key=str)
    for s in symbols:
        slope, rest = linear(gap, s)
        if slope in (1, -1):
            e = expand(-rest * slope)
            if is_never_negative(expand(e - 1)):
                return [{s.name: e}]
    return multiples(gap, symbols) or factored(gap, symbols)


def parsed_with(text: str, rest: Any, r: Symbol) -> Expr:
    e = parsed(text.replace(rest[0], "r_"))
    return e.xreplace({dimension("r_"): r})


def multiples(gap: Expr, symbols: Sequence[Any]) -> list[Sizes] | None:
    """a s = b t."""
    if len(symbols) == 2:
        s, t = symbols
        a: Any = gap.coeff(s)
        b: Any = (-gap).coeff(t)
        if a.is_Integer and b.is_Integer and a * b > 0 and expand(gap - a * s + b * t) == 0:
            common = Integer(abs(a)).gcd(abs(b))
            return [{s.name: abs(b) / common * s, t.name: abs(a) / common * s}]
    return None


def factored(gap: Expr, symbols: Sequence[Any]) -> list[Sizes] | None:
    """s t … = c, by the divisors of c; s² = c as well."""
    poly = Poly(gap, *symbols)
    c = -poly.eval(dict.fromkeys(symbols, 0)) if symbols else Integer(0)
    if not 0 < c <= 4096 or len(symbols) > 3:
        return None
    found = [
        numbers
        for numbers in product(divisors(c), repeat=len(symbols))
        if gap.subs(dict(zip(symbols, numbers, strict=True))) == 0
    ]
    if len(poly.terms()) != 2 or len(found) > FEW:
        return None
    return [{s.name: Integer(k) for s, k in zip(symbols, numbers, strict=True)} for numbers in found]


def at_rest(e: Expr, divisor: int, rest: int) -> list[Sizes] | None:
    """The sizes for which e ≡ rest by the divisor, where e is ± one size and a number."""
    symbols = list(e.free_symbols)
    slope, c = linear(e, symbols[0]) if len(symbols) == 1 else (None, e)
    if slope not in (1, -1):
        return None
    (s,) = symbols
    r = int((rest - c) * slope) % divisor
    return [{s.name: Integer(r)}] * bool(r) + [{s.name: divisor * s + r}]


def linear(e: Expr, s: Any) -> tuple[Any, Any]:
    """a and b of e = a s + b, with a number a; None if it is not of this form."""
    slope: Any = e.coeff(s)
    rest = expand(e - slope * s)
    return (slope, rest) if slope.is_Integer and slope != 0 and not rest.has(s) else (None, e)
