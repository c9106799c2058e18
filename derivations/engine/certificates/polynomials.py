"""Indices, atoms, polynomials and ranges of the checker: tuples, dictionaries and fractions."""

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from itertools import count
from math import gcd
from typing import Any

from derivations.engine.certificates.format import AXIOMS

LARGEST_WORK = 400_000
Index = tuple[int, tuple[tuple[str, int], ...]]  # a constant, and leaves with whole coefficients
Poly = dict  # monomial, a sorted tuple of (atom, exponent), -> number


class Refused(Exception):
    """The certificate does not show what it claims."""


@dataclass(frozen=True, eq=False)
class Atom:
    """What stands for a number and is not looked into: an entry at indices, or a function, sum … of polynomials."""

    order: int
    kind: str
    name: str
    at: tuple[Index, ...]
    inner: tuple[tuple, ...]  # frozen polynomials
    binders: tuple[tuple[str, tuple], ...]  # bound leaves and their ranges
    leaves: frozenset[str]  # that are free in it
    arrays: frozenset[tuple[str, int]]  # that stand in it, with their ranks
    level: int  # how deep its binders are nested

    def __lt__(self, other: "Atom") -> bool:
        return self.order < other.order


def affine(constant: int, terms: Iterable[tuple[str, int]]) -> Index:
    collected: dict[str, int] = {}
    for leaf, c in terms:
        collected[leaf] = collected.get(leaf, 0) + c
    return constant, tuple(sorted((leaf, c) for leaf, c in collected.items() if c))


def leaf_index(leaf: str) -> Index:
    return 0, ((leaf, 1),)


def put_index(i: Index, values: dict[str, Index]) -> Index:
    found = [(values.get(leaf, leaf_index(leaf)), c) for leaf, c in i[1]]
    return affine(i[0] + sum(c * v[0] for v, c in found), [(leaf, c * k) for v, c in found for leaf, k in v[1]])


def minus(a: Index, b: Index) -> Index:
    return put_index((a[0] - b[0], (*a[1], *((leaf, -c) for leaf, c in b[1]))), {})


def solved(gap: Index, leaf: str, c: int) -> Index:
    """The value of the leaf, of coefficient c = ±1, that makes the index 0."""
    return affine(-c * gap[0], ((other, -c * k) for other, k in gap[1] if other != leaf))


def exact(c: Any) -> Any:
    """The number as an int where it is whole: these are faster."""
    c = Fraction(c)
    return c.numerator if c.denominator == 1 else c


def number(c: Any) -> Poly:
    return {(): exact(c)} if c else {}


def add(*polys: Poly) -> Poly:
    result: Poly = {}
    for poly in polys:
        for m, c in poly.items():
            result[m] = result.get(m, 0) + c
    return {m: c for m, c in result.items() if c}


def scale(poly: Poly, c: Any) -> Poly:
    return {m: k * c for m, k in poly.items()} if c else {}


def single(a: Atom, e: Any = 1) -> Poly:
    return {((a, e),): 1}


def only(poly: Poly) -> tuple | None:
    return next(iter(poly.items())) if len(poly) == 1 else None


def frozen(poly: Poly) -> tuple:
    return tuple(sorted(poly.items()))


def atoms(poly: Poly) -> Iterable[Atom]:
    return (a for m in poly for a, _ in m)


def leaves_of(poly: Poly) -> frozenset[str]:
    return frozenset().union(*(a.leaves for a in atoms(poly)))


def primes(c: Any) -> list[tuple[int, int]]:
    """Prime factors of |c| and their exponents, those below the line negative; what has no small one is left whole."""
    found: list[tuple[int, int]] = []
    for rest, sign in ((abs(c.numerator), 1), (c.denominator, -1)):
        p = 2
        while rest > 1 and p < 10**4:
            while rest % p == 0:
                found.append((p, sign))
                rest //= p
            p += 1
        found += [(rest, sign)] if rest > 1 else []
    return found


class Ranges:
    """The record's indices, their ranges, and what was used and needed so far."""

    def __init__(self, record: dict[str, Any], allowed: Iterable[str] = AXIOMS):
        self.record, self.allowed, self.used, self.fresh, self.work = record, set(allowed), set(), count(), 0
        self.needed: list[tuple[str, Poly]] = []  # what must be "nonzero" or "positive"
        self.table: dict[tuple, Atom] = {}
        self.names: dict[tuple, str] = {}  # of bound leaves
        self.range: dict[str, tuple[int, Poly]] = {}
        for leaf, (low, up) in record["indices"].items():
            self.range[leaf] = int(low), self.size(up)
        self.different = [minus(self.index(a, {}), self.index(b, {})) for a, b in record["different"]]

    def use(self, axiom: str) -> None:
        if axiom not in self.allowed:
            raise Refused(f"the certificate does not name the axiom {axiom}")
        self.used.add(axiom)

    def atom(self, kind: str, name: str = "", at: Iterable = (), inner: Iterable[Poly] = (), binders: Iterable = ()):
        at, polys, binders = tuple(at), list(inner), tuple(binders)
        key = kind, name, at, tuple(map(frozen, polys)), binders
        if key not in self.table:
            within = [a for poly in polys for a in atoms(poly)]
            leaves = {leaf for i in at for leaf, _ in i[1]}.union(*(a.leaves for a in within))
            arrays = {(name, len(at))} if kind == "x" else set()
            self.table[key] = Atom(
                len(self.table),
                *key,
                frozenset(leaves - {leaf for leaf, _ in binders}),
                frozenset(arrays.union(*(a.arrays for a in within))),
                max((a.level for a in within), default=0) + bool(binders),
            )
        return self.table[key]

    def index(self, i: list, env: dict[str, Index]) -> Index:
        return put_index((int(i[0]), tuple((leaf, int(c)) for leaf, c in i[1])), env)

    def size(self, term: list) -> Poly:
        """The end of a range: a polynomial in sizes, with whole coefficients."""
        match term:
            case ["n", c]:
                return number(int(c))
            case ["x", name, []] if name in self.record["sizes"]:
                return single(self.atom("x", name))
            case ["+", *parts]:
                return add(*map(self.size, parts))
            case ["*", *parts]:
                return self.plain_product(map(self.size, parts))
            case ["^", base, ["n", e]] if 0 < int(e) < 9:
                return self.plain_product([self.size(base)] * int(e))
        raise Refused(f"{term} is not the end of a range")

    def plain_product(self, polys: Iterable[Poly]) -> Poly:
        result = number(1)
        for poly in polys:
            parts = []
            for m, c in result.items():
                for n, k in poly.items():
                    powers = dict(m)
                    for a, e in n:
                        powers[a] = powers.get(a, 0) + e
                    parts.append({tuple(sorted(powers.items())): c * k})
            result = add(*parts)
        return result

    def never_negative(self, poly: Poly) -> bool:
        """With every size n = least + t all coefficients are ≥ 0."""
        shifted = [
            scale(
                self.plain_product(
                    add(single(a), number(self.record["sizes"][a.name])) for a, e in m for _ in range(int(e))
                ),
                c,
            )
            for m, c in poly.items()
        ]
        return all(c >= 0 for c in add(*shifted).values())

    def ends(self, i: Index) -> tuple[Poly, Poly]:
        low, high = [number(i[0])], [number(i[0])]
        for leaf, c in i[1]:
            least, most = number(self.range[leaf][0]), self.range[leaf][1]
            low.append(scale(least if c > 0 else most, c))
            high.append(scale(most if c > 0 else least, c))
        return add(*low), add(*high)

    def inside(self, i: Index, leaf: str) -> bool:
        if len(i[1]) == 1 and i == leaf_index(i[1][0][0]) and self.range[i[1][0][0]] == self.range[leaf]:
            return True
        (low, high), (least, most) = self.ends(i), self.range[leaf]
        return self.never_negative(add(low, number(-least))) and self.never_negative(add(most, scale(high, -1)))

    def apart(self, gap: Index) -> bool:
        """True if the difference of two indices never is 0."""
        if not gap[1]:
            return gap[0] != 0
        if gap[0] % gcd(*(c for _, c in gap[1])) or gap in self.different or minus((0, ()), gap) in self.different:
            return True
        low, high = self.ends(gap)
        return self.never_negative(add(low, number(-1))) or self.never_negative(add(scale(high, -1), number(-1)))

    def allows(self, values: dict[str, Index]) -> bool:
        """Each index in its range, and none equal that were assumed to differ."""
        return all(self.inside(i, leaf) for leaf, i in values.items()) and all(
            self.apart(put_index(gap, values)) for gap in self.different if any(leaf in values for leaf, _ in gap[1])
        )

    def counts(self, low: int, up: Poly) -> bool:
        """Has low … up always up − low + 1 members?"""
        return self.never_negative(add(up, number(1 - low)))

    def may_be_empty(self, leaf: str) -> bool:
        return not self.counts(self.range[leaf][0] + 1, self.range[leaf][1])

    def new(self, leaf: str) -> str:
        name = f"%{next(self.fresh)}"
        self.range[name] = self.range[leaf]
        return name

    def unify(self, pattern: Iterable[Index], indices: Iterable[Index]) -> dict[str, Index] | None:
        """The values of the pattern's leaves at which it is these indices."""
        values: dict[str, Index] = {}
        for p, i in zip(pattern, indices, strict=True):
            if len(p[1]) == 1 and p[1][0][1] == 1:
                value = i[0] - p[0], i[1]
                if values.setdefault(p[1][0][0], value) != value:
                    return None
            elif p != i:
                return None
        return values

    def fits(self, pattern: Atom, a: Atom) -> dict[str, Index] | None:
        """The values of the pattern's leaves, in their ranges, at which it is this entry."""
        if (pattern.kind, pattern.name, len(pattern.at)) != (a.kind, a.name, len(a.at)):
            return None
        values = self.unify(pattern.at, a.at)
        return values if values is not None and self.allows(values) else None
