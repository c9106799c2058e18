"""The checker on ranges: which indices stay inside, which never meet; what is taken for granted is kept here."""

from itertools import count
from math import gcd
from typing import Any

from derivations.engine.certificates.algebra import (
    Index,
    Poly,
    Refused,
    add,
    affine,
    atom,
    minus,
    number,
    put,
    scale,
    single,
)


class Ranges:
    """What is taken for granted, and what was used. `needed` collects what must be ≠ 0 or > 0, `range` the ranges."""

    def __init__(self, record: dict[str, Any], allowed: set[str]):
        self.record, self.allowed, self.used, self.fresh = record, allowed, set(), count()
        self.needed: list[tuple[str, Poly]] = []
        self.known: set[tuple] = set()  # quotients that are > 0 by their form
        self.work = 0
        self.axes: dict[tuple, set] = {}
        self.ties: list[Poly] = []
        self.rules: list[tuple[Poly, Poly]] = []
        self.patterns: list[tuple[str, tuple, str]] = []
        self.facts: list[tuple[str, Poly]] = []
        self.range: dict[str, tuple[int, Poly]] = {}
        for leaf, (low, up) in record["indices"].items():
            self.range[leaf] = (int(low), self.size(up))
        self.different = [minus(self.index(a), self.index(b)) for a, b in record["different"]]

    def use(self, axiom: str) -> None:
        if axiom not in self.allowed:
            raise Refused(f"the certificate does not name the axiom {axiom}")
        self.used.add(axiom)

    # --- ranges

    def size(self, term: list) -> Poly:
        """The end of a range: a polynomial in sizes, with whole coefficients."""
        match term:
            case ["n", c]:
                return number(int(c))
            case ["x", name, []] if name in self.record["sizes"]:
                return single(atom("x", name))
            case ["+", *parts]:
                return add(*map(self.size, parts))
            case ["*", *parts]:
                return self.times(*map(self.size, parts))
            case ["^", base, ["n", e]] if 0 < int(e) < 9:
                return self.times(*[self.size(base)] * int(e))
        raise Refused(f"{term} is not the end of a range")

    def never_negative(self, poly: Poly) -> bool:
        """With every size n = least + t all coefficients are ≥ 0."""
        shifted: Poly = {}
        for m, c in poly.items():
            part = number(c)
            for a, e in m:
                part = self.times(part, *[add(single(a), number(self.record["sizes"][a[1]]))] * e)
            shifted = add(shifted, part)
        return all(c >= 0 for c in shifted.values())

    def ends(self, i: Index) -> tuple[Poly, Poly]:
        low = high = number(i[0])
        for leaf, c in i[1]:
            least, most = number(self.range[leaf][0]), self.range[leaf][1]
            low = add(low, scale(least if c > 0 else most, c))
            high = add(high, scale(most if c > 0 else least, c))
        return low, high

    def inside(self, i: Index, leaf: str) -> bool:
        low, high = self.ends(i)
        least, most = self.range[leaf]
        same = len(i[1]) == 1 and i[0] == 0 and i[1][0][1] == 1 and self.range[i[1][0][0]] == self.range[leaf]
        return same or (
            self.never_negative(add(low, number(-least))) and self.never_negative(add(most, scale(high, -1)))
        )

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
            self.apart(put(gap, values)) for gap in self.different if any(leaf in values for leaf, _ in gap[1])
        )

    def empty_at_times(self, leaf: str) -> bool:
        return not self.never_negative(add(self.range[leaf][1], number(-self.range[leaf][0])))

    def new(self, leaf: str) -> str:
        name = f"{leaf.split('#')[0].split('%')[0]}%{next(self.fresh)}"
        self.range[name] = self.range[leaf]
        return name

    def index(self, i: list) -> Index:
        return affine(int(i[0]), [(leaf, int(c)) for leaf, c in i[1]])
