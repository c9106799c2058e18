"""Products of atoms, their signs, and the replacement of indices."""

from abc import abstractmethod
from collections.abc import Iterable
from fractions import Fraction
from math import gcd
from types import MappingProxyType
from typing import Any

from derivations.engine.certificates.polynomials import (
    LARGEST_WORK,
    Atom,
    Index,
    Poly,
    Refused,
    add,
    atoms,
    exact,
    frozen,
    leaf_index,
    leaves_of,
    number,
    only,
    put_index,
    scale,
    single,
    solved,
)
from derivations.engine.certificates.search import Search

ZERO_ONE = ("d", "step", "zero")
KINDS = {"positive": 2, "nonnegative": 1}
NOTHING: Any = MappingProxyType({})


def leaf_names(names: dict[str, Index]) -> tuple[str, ...]:
    return tuple(i[1][0][0] for i in names.values())


class Products(Search):
    @abstractmethod
    def made(self, kind: str, name: str, at: list[Index], leaves: tuple[str, ...], inner: list[Poly]) -> Poly: ...

    @abstractmethod
    def power(self, poly: Poly, e: Any) -> Poly: ...

    def __init__(self, record: dict[str, Any], allowed: Iterable[str]):
        super().__init__(record, allowed)
        self.signs: dict[tuple, int] = {}  # polynomials that are ≥ 0 (1) or > 0 (2) by what they are made of
        self.facts: list[tuple[str, Poly]] = []  # the inequalities of the hypotheses
        self.rules: list[tuple[tuple, Fraction, Poly]] = []  # Π entries or one sum, times a number = polynomial
        self.anew = self.searching = False
        self.ties: list[Poly] = []  # that must be 0
        self.independent: frozenset[tuple[str, int]] = frozenset()  # arrays whose definitions are not put in

    def denied(self, poly: Poly) -> Poly:
        return add(number(1), scale(poly, -1))

    def need(self, kind: str, poly: Poly) -> None:
        if set(poly) <= {()}:
            value = poly.get((), 0)
            if not (value > 0 or (value and kind == "nonzero") or (not value and kind == "nonnegative")):
                raise Refused(f"{value} is not {kind}")
        elif self.sign(poly) < (1 if kind == "nonnegative" else 2):
            self.needed.append((kind, poly))

    def marked(self, poly: Poly, sign: int) -> Poly:
        if sign:
            key = frozen(poly)
            self.signs[key] = max(sign, self.signs.get(key, 0))
        return poly

    def sign(self, poly: Poly) -> int:
        """2 if the polynomial is > 0, 1 if it is ≥ 0, by its form or a hypothesis; else 0."""
        signs = [min((int(c > 0) * 2, *(self.sign_of(a) or int(e % 2 == 0) for a, e in m))) for m, c in poly.items()]
        found = max(max(signs, default=1) if all(signs) else 0, self.signs.get(frozen(poly), 0))
        return found or self.known(poly)

    def known(self, poly: Poly) -> int:
        """The same by the inequalities that are given."""
        facts = () if self.searching else [have for have in self.facts if have[0] != "nonzero"]
        return max((KINDS[k] for k, p in facts if self.implies((k, p), (k, poly))), default=0)

    def implies(self, have: tuple[str, Poly], want: tuple[str, Poly]) -> bool:
        if have[0] not in ("positive", want[0]) or len(have[1]) != len(want[1]):
            return False
        before, self.searching = self.searching, True
        target, placings = self.scaled(*want), self.placings(leaves_of(have[1]), want[1])
        found = any(
            self.allows(values) and self.scaled(want[0], self.put(have[1], values)) == target for values in placings
        )
        self.searching = before
        return found

    def scaled(self, kind: str, poly: Poly) -> tuple:
        c = poly[min(poly)] if poly else Fraction(1)
        return frozen(scale(poly, Fraction(1) / (c if kind == "nonzero" else abs(c))))

    def sign_of(self, a: Atom) -> int:
        match a.kind:
            case "exp" | "c" | "r":
                return 2
            case "step" | "d":
                return 1
            case "x":
                key, said = f"{a.name}/{len(a.at)}", self.record["declared"]
                if (a.name in self.record["sizes"] and not a.at) or key in said["positive"]:
                    return 2
                return self.known(single(a)) or int(key in said["nonnegative"])
            case "k":
                low = self.range[a.at[0][1][0][0]][0]
                return 2 if low > 0 else 1 if low == 0 else 0
            case "S":
                return min(self.sign(dict(a.inner[0])), 1 if any(self.may_be_empty(k) for k, _ in a.binders) else 2)
            case "q":
                return self.sign(dict(a.inner[0]))
        return 0

    def times(self, *polys: Poly) -> Poly:
        result = number(1)
        for poly in polys:
            product: Poly = {}
            for m, c in result.items():
                for k, d in poly.items():
                    powers = dict(m)
                    for a, e in k:
                        powers[a] = powers.get(a, 0) + e
                    for monomial, factor in (self.mono(powers) if m and k else {m or k: 1}).items():
                        product[monomial] = product.get(monomial, 0) + c * d * factor
            result = {m: c for m, c in product.items() if c}
        return result

    def raised(self, poly: Poly, powers: dict) -> Poly:
        """poly · Π powers, exponents added first, so that Q^(−1) Q is 1."""
        terms = ((c, {**powers, **{a: powers.get(a, 0) + e for a, e in m}}) for m, c in poly.items())
        return add(*(scale(self.mono(new), c) for c, new in terms))

    def mono(self, powers: dict) -> Poly:
        self.work += 1
        if self.work > LARGEST_WORK:
            raise Refused("too much work")
        powers = {a: 1 if a.kind in ZERO_ONE and e > 0 else e for a, e in powers.items() if e}
        for a, e in powers.items():
            rest = {b: k for b, k in powers.items() if b is not a}
            if a.kind == "d":  # δ_ij f_j = δ_ij f_i
                for leaf, c in sorted(a.at[0][1], reverse=True):
                    moved = [b for b in rest if leaf in b.leaves]
                    if abs(c) == 1 and not moved:
                        break
                    value = solved(a.at[0], leaf, c)
                    plain = all(b.kind in ("x", "k", "d") and rest[b] > 0 for b in moved)
                    if abs(c) == 1 and (plain or self.inside(value, leaf)):
                        self.use("delta")
                        return self.times(single(a), self.put_powers(rest, {leaf: value}))
            if a.kind == "zero":
                poly = dict(a.inner[0])
                for b in rest:  # [x = 0] step(x) = [x = 0]
                    if b.kind == "step" and dict(b.inner[0]) in (poly, scale(poly, -1)):
                        return self.mono({c: k for c, k in powers.items() if c is not b})
                linear = [(m[0][0], c) for m, c in poly.items() if len(m) == 1 and m[0][0].kind == "x" and m[0][1] == 1]
                pivot, c = max(linear, default=(None, 1), key=lambda pair: pair[0].order if pair[0] else 0)
                others = {m: -k / Fraction(c) for m, k in poly.items() if m != ((pivot, 1),)}
                if rest.get(pivot, 0) >= 1 and pivot not in set(atoms(others)):  # [x = y] x = [x = y] y
                    return self.times(others, self.mono({**powers, pivot: powers[pivot] - 1}))
            if a.kind == "parity" and e not in (0, 1):
                return self.mono({**rest, a: e % 2})
            whole = e.numerator // e.denominator
            if a.kind == "r" and whole:
                return scale(self.mono({**rest, a: e - whole}), Fraction(a.name) ** whole)
            if a.kind == "q" and e >= 1:
                self.use("quotient")
                return self.times(self.mono({**rest, a: e - whole}), *[dict(a.inner[0])] * whole)
        for pattern, c, right in self.rules:
            if pattern[0][0].kind == "x":
                for values in self.matches(pattern, powers):
                    used = {self.moved(a, values): e for a, e in pattern}
                    if not self.allows(values):
                        continue
                    new = scale(self.put(right, values), Fraction(1) / c) if self.is_less(right, used, values) else None
                    if new is not None and all(powers.get(a, 0) >= e for a, e in used.items()):
                        self.use("hypothesis")
                        return self.times(self.mono({a: e - used.get(a, 0) for a, e in powers.items()}), new)
        return {tuple(sorted((a, exact(e)) for a, e in powers.items())): 1}

    def moved(self, a: Atom, values: dict[str, Index]) -> Atom:
        return self.atom("x", a.name, [put_index(i, values) for i in a.at])

    def is_less(self, right: Poly, used: dict, values: dict[str, Index]) -> bool:
        """A_ij = A_ji is used in one direction."""
        found = only(right)
        if found is None or [a.name for a, _ in found[0]] != [a.name for a in used]:
            return True
        return [self.moved(a, values) for a, _ in found[0]] < list(used)

    def put(self, poly: Poly, values: dict[str, Index]) -> Poly:
        """With leaves replaced."""
        if not self.anew and leaves_of(poly).isdisjoint(values):
            return poly
        new = add(*(scale(self.put_powers(dict(m), values), c) for m, c in poly.items()))
        return self.marked(new, self.signs.get(frozen(poly), 0))

    def put_powers(self, powers: dict, values: dict[str, Index]) -> Poly:
        fixed = {} if self.anew else {a: e for a, e in powers.items() if a.leaves.isdisjoint(values)}
        moved = [self.power(self.put_atom(a, values), e) for a, e in powers.items() if a not in fixed]
        return self.times({tuple(sorted(fixed.items())): 1}, *moved)

    def put_atom(self, a: Atom, values: dict[str, Index]) -> Poly:
        names, inner = self.opened(a, values)
        return self.made(a.kind, a.name, [put_index(i, values | names) for i in a.at], leaf_names(names), inner)

    def opened(self, a: Atom, values: dict[str, Index] = NOTHING) -> tuple[dict[str, Index], list[Poly]]:
        """New leaves for what the atom binds, and what stands in it."""
        names = {leaf: leaf_index(self.new(leaf)) for leaf, _ in a.binders}
        return names, [self.put(dict(p), values | names) for p in a.inner]

    def renewed(self, poly: Poly, values: dict[str, Index] = NOTHING, rules: bool = True) -> Poly:
        """Every law applied anew, the equations of the hypotheses only with `rules`."""
        before, self.anew, self.rules = (self.anew, self.rules), True, self.rules if rules else []
        poly = self.put(poly, values)
        self.anew, self.rules = before
        return poly

    def bound(
        self, kind: str, leaves: Iterable[str], inner: list[Poly], name: str = "", at: Iterable[Index] = ()
    ) -> Poly:
        """One atom, its bound leaves named by their level, place and range."""
        level, values = 1 + max((a.level for poly in inner for a in atoms(poly)), default=0), {}
        for place, leaf in enumerate(leaves):
            key = self.range[leaf][0], frozen(self.range[leaf][1])
            named = self.names.setdefault((level, place, key), f"·{len(self.names)}")
            self.range[named] = self.range[leaf]
            values[leaf] = named, key
        inner = (
            [self.put(p, {leaf: leaf_index(k) for leaf, (k, _) in values.items()}) for p in inner] if values else inner
        )
        return single(self.atom(kind, name, at, inner, values.values()))

    def delta(self, gap: Index) -> Poly:
        self.use("delta")
        if not gap[1] or self.apart(gap):
            return number(int(not gap[1] and gap[0] == 0))
        divisor = gcd(gap[0], *(c for _, c in gap[1])) * (1 if gap[1][0][1] > 0 else -1)
        return single(self.atom("d", at=[(gap[0] // divisor, tuple((leaf, c // divisor) for leaf, c in gap[1]))]))
