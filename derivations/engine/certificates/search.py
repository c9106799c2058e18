"""What the checker tries: factors, orders and values. Nothing here has to be trusted, each choice is verified."""

from abc import ABC, abstractmethod
from collections.abc import Iterable
from fractions import Fraction
from itertools import permutations
from itertools import product as cartesian
from math import factorial, gcd, prod
from typing import Any

from derivations.engine.certificates.polynomials import (
    Atom,
    Index,
    Poly,
    Ranges,
    Refused,
    atoms,
    frozen,
    leaf_index,
    leaves_of,
)


class Search(Ranges, ABC):
    @abstractmethod
    def put(self, poly: Poly, values: dict[str, Index]) -> Poly: ...

    def matches(self, pattern: tuple, powers: dict) -> Iterable[dict[str, Index]]:
        first = max((a for a, _ in pattern), key=lambda a: len(a.at))
        for a in powers:
            values = self.fits(first, a)
            if values is not None and all(b.leaves <= values.keys() for b, _ in pattern):
                yield values

    def common(self, poly: Poly) -> dict[Atom, Any]:
        """The powers that stand in every monomial."""
        monomials = [dict(m) for m in poly]
        least = {a: min(m.get(a, 0) for m in monomials) for a in sorted({a for m in monomials for a in m})}
        return {a: e for a, e in least.items() if e and a.kind not in ("d", "step")}

    def content(self, poly: Poly) -> Fraction:
        """The greatest number that leaves whole coefficients, with the sign of the first."""
        below = prod({c.denominator for c in poly.values()})
        return Fraction(gcd(*(int(c * below) for c in poly.values())), below) * (1 if poly[min(poly)] > 0 else -1)

    def placings(self, leaves: Iterable[str], poly: Poly) -> Iterable[dict[str, Index]]:
        """Values for the leaves, taken from the indices that stand in the polynomial."""
        leaves, places = sorted(leaves), {leaf_index(leaf) for leaf in leaves_of(poly)} | set(self.places(poly))
        for chosen in cartesian(sorted(places), repeat=len(leaves)) if len(places) ** len(leaves) < 257 else ():
            values = dict(zip(leaves, chosen, strict=True))
            if self.allows(values):
                yield values

    def places(self, poly: Poly) -> Iterable[Index]:
        for a in atoms(poly):
            yield from a.at
            for p in a.inner:
                yield from self.places(dict(p))

    def denominator(self, poly: Poly) -> tuple[Atom, Any] | None:
        """The innermost quotient that stands below, and its lowest power."""
        found: dict[Atom, Any] = {}
        for a, e in (power for m in poly for power in m):
            if a.kind == "q" and e < 0:
                found[a] = min(e, found.get(a, 0))
        return min(found.items(), key=lambda item: (item[0].level, item[0]), default=None)

    def orders(self, leaves: tuple[str, ...], poly: Poly) -> Iterable[list[str]]:
        """The orders of leaves that look alike, where a leaf looks as the polynomial does with all others made one."""
        keys = {k: (self.range[k][0], frozen(self.range[k][1])) for k in leaves}
        looks: dict[Any, list[str]] = {}
        for leaf in leaves:
            names = {k: "?!"[k == leaf] + self.names.setdefault(keys[k], f"·{len(self.names)}") for k in leaves}
            self.range |= {name: self.range[k] for k, name in names.items()}
            look = self.put(poly, {k: leaf_index(name) for k, name in names.items()})
            looks.setdefault((keys[leaf], frozen(look)), []).append(leaf)
        if prod(factorial(len(cell)) for cell in looks.values()) > 720:
            raise Refused("too many indices that look alike")
        for cells in cartesian(*(permutations(looks[look]) for look in sorted(looks))):
            yield [k for cell in cells for k in cell]
