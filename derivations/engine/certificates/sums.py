"""Sums and maxima over indices."""

from fractions import Fraction
from typing import Any

from derivations.engine.certificates.functions import Functions
from derivations.engine.certificates.polynomials import (
    Atom,
    Index,
    Poly,
    Refused,
    add,
    atoms,
    leaf_index,
    minus,
    number,
    scale,
    single,
    solved,
)
from derivations.engine.certificates.products import leaf_names


class Sums(Functions):
    def maximum(self, leaf: str, body: Poly, where: Poly) -> Poly:
        self.use("maximum")
        fixed = {m: c for m, c in body.items() if not any(leaf in a.leaves for a, _ in m)}
        return add(fixed, self.bound("M", [leaf], [{m: c for m, c in body.items() if m not in fixed}, where]))

    def sum(self, leaves: tuple, poly: Poly) -> Poly:
        self.use("sum")
        return add(*(scale(self.close(leaves, dict(m)), c) for m, c in poly.items()))

    def close(self, leaves: tuple, powers: dict) -> Poly:
        """Σ over the leaves of one product."""
        if not leaves:
            return self.mono(powers)
        for a, e in powers.items():
            if a.kind == "d":  # Σ_k δ_ki f_k = f_i
                for leaf, c in a.at[0][1]:
                    if leaf in leaves and abs(c) == 1:
                        value, rest = solved(a.at[0], leaf, c), {b: k for b, k in powers.items() if b is not a}
                        found = self.contracted(value, leaf, rest)
                        if found is not None:
                            return self.sum(tuple(k for k in leaves if k != leaf), found)
            if a.kind == "S" and e > 0 and e.denominator == 1 and not a.leaves.isdisjoint(leaves):
                names, (body,) = self.opened(a)
                new = leaf_names(names)
                return self.sum((*leaves, *new), self.times(self.mono({**powers, a: e - 1}), body))
        group = {leaves[0]}  # and all that stands in a factor with it
        while (more := {k for a in powers if a.leaves & group for k in a.leaves & set(leaves)} | group) != group:
            group = more
        mine = {a: e for a, e in powers.items() if a.leaves & group}
        if len(mine) < len(powers) or len(group) < len(leaves):
            others = tuple(k for k in leaves if k not in group)
            outside = {a: e for a, e in powers.items() if a not in mine}
            return self.times(self.close(tuple(k for k in leaves if k in group), mine), self.close(others, outside))
        return self.close_group(leaves, powers)

    def contracted(self, value: Index, leaf: str, rest: dict) -> Poly | None:
        """Σ_k δ_ki f_k = f_i, less f_i where i lies below the range."""
        low, first = self.range[leaf][0], self.ends(value)[0].get((), Fraction(0))
        begin = min(low, int(first)) if set(self.ends(value)[0]) <= {()} else low
        longer = self.new(leaf)
        self.range[longer] = begin, self.range[leaf][1]
        if low - begin > 64 or not self.inside(value, longer):
            return None
        if begin < low and not all(self.everywhere(b, e, leaf) for b, e in rest.items()):
            return None
        below = [
            self.times(self.delta(minus(value, (v, ()))), self.put_powers(rest, {leaf: (v, ())}))
            for v in range(begin, low)
        ]
        return add(self.put_powers(rest, {leaf: value}), scale(add(*below), -1))

    def close_group(self, leaves: tuple, powers: dict) -> Poly:
        for leaf in leaves:
            (low, up), others = self.range[leaf], tuple(k for k in leaves if k != leaf)

            def at(value: Index, leaf: str = leaf, others: tuple = others) -> Poly:
                return self.sum(others, self.put_powers(powers, {leaf: value}))

            if set(up) <= {()}:
                return add(*(at((v, ())) for v in range(low, int(up.get((), 0)) + 1)))
            everywhere = low < 1 or all(self.everywhere(a, e, leaf) for a, e in powers.items())
            if low != 1 and abs(low) < 65 and self.counts(low, up) and self.counts(1, up) and everywhere:
                whole = self.new(leaf)
                self.range[whole] = (1, up)
                parts = [at((v, ())) for v in range(min(low, 1), max(low, 1))]
                all_of_it = self.sum((*others, whole), self.put_powers(powers, {leaf: leaf_index(whole)}))
                return add(all_of_it, *(scale(p, 1 if low < 1 else -1) for p in parts))
        if not powers and self.counts(*self.range[leaves[0]]):
            return add(self.range[leaves[0]][1], number(1 - self.range[leaves[0]][0]))
        for leaf in leaves:  # a sum over one of them that is known, or that stands in a denominator
            inside = {a: e for a, e in powers.items() if leaf in a.leaves}
            outside, others = (
                {a: e for a, e in powers.items() if a not in inside},
                tuple(k for k in leaves if k != leaf),
            )
            whole = self.sum_atom((leaf,), inside)
            value = self.known_sum(whole)
            if value is not None:
                return self.sum(others, self.times(self.mono(outside), value))
        return single(self.sum_atom(leaves, powers))

    def known_sum(self, have: Atom) -> Poly | None:
        for ((want, _), *more), c, right in self.rules:
            if want.kind == "S" and not more:
                bound = dict(have.binders)
                for values in self.placings(want.leaves, single(have)):
                    here = self.allows(values) and not any(leaf in bound for i in values.values() for leaf, _ in i[1])
                    if here and self.renewed(single(want), values, False) == single(have):
                        self.use("hypothesis")
                        return scale(self.put(right, values), Fraction(1) / c)
        return None

    def everywhere(self, a: Atom, e: Any, leaf: str) -> bool:
        """Is it defined also where its index leaves the range?"""
        simple = e > 0 and e.denominator == 1 and a.kind not in ("log", "q", "r")
        return leaf not in a.leaves or (
            simple and all(self.everywhere(b, k, leaf) for p in a.inner for m, _ in p for b, k in m)
        )

    def sum_atom(self, leaves: tuple, powers: dict) -> Atom:
        """Σ Π powers, its leaves in the order that makes it least."""
        poly, before, found = {tuple(sorted(powers.items())): 1}, list(self.needed), []
        for order in self.orders(leaves, poly) if len(leaves) > 1 else [leaves]:
            if sorted(order) != sorted(leaves):
                raise Refused("no order of the leaves")
            self.needed = list(before)
            found.append((next(atoms(self.bound("S", order, [poly]))), self.needed))
        atom, self.needed = min(found, key=lambda pair: pair[0].order)
        return atom
