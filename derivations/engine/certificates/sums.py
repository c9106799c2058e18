"""The checker on what binds an index, and whether a polynomial is 0."""

from fractions import Fraction
from itertools import permutations
from itertools import product as cartesian

from derivations.engine.certificates.algebra import (
    Poly,
    Refused,
    add,
    affine,
    arg,
    at,
    atom,
    frozen,
    leaf_index,
    leaves_of,
    number,
    only,
    poly_of,
    put,
    scale,
    single,
)
from derivations.engine.certificates.laws import Laws


class Sums(Laws):
    # --- what binds an index

    def bound(self, kind: str, name: str, leaves: list, parts: list) -> tuple:
        """The atom with its bound leaves called by their level and place, one above every level inside."""
        level = 1 + max((self.level(p) for p in parts), default=0)
        named = {}
        for k, leaf in enumerate(leaves):
            low, up = self.range[leaf]
            named[leaf] = f"·{level:02d}.{k:02d}:{low}..{frozen(up)}"
            self.range[named[leaf]] = (low, up)
        values = {leaf: leaf_index(n) for leaf, n in named.items()}
        moved = [at(put(p[1], values)) if p[0] == "at" else arg(self.put(poly_of(p), values)) for p in parts]
        return atom(kind, name, *moved, binders=tuple((n, self.key(n)) for n in named.values()))

    def key(self, leaf: str) -> tuple:
        return self.range[leaf][0], frozen(self.range[leaf][1])

    def level(self, part: tuple) -> int:
        if part[0] == "at":
            return 0
        inner = [max([self.level(p) for p in a[2]] or [0]) + bool(a[3]) for m, _ in part[1] for a, _ in m]
        return max(inner, default=0)

    def maximum(self, leaf: str, body: Poly, where: Poly) -> Poly:
        self.use("maximum")
        fixed = {m: c for m, c in body.items() if leaf not in leaves_of(("poly", ((m, c),)))}
        rest = {m: c for m, c in body.items() if m not in fixed}
        return add(fixed, single(self.bound("M", "", [leaf], [arg(rest), arg(where)])))

    def product(self, leaves: tuple, body: list) -> Poly:
        self.use("product")
        result = number(1)
        for factor in body[1:] if body[0] == "*" else [body]:
            if factor[0] == "step" and not any(map(self.empty_at_times, leaves)):
                greatest = scale(self.poly(factor[1]), -1)
                for leaf in leaves:
                    greatest = self.maximum(leaf, greatest, number(1))
                result = self.times(result, self.step(scale(greatest, -1)))
                continue
            poly = self.poly(factor)
            new = {leaf: self.new(leaf) for leaf in leaves}
            poly = self.put(poly, {leaf: leaf_index(n) for leaf, n in new.items()})
            result = self.times(result, self.exp(self.sum(tuple(new.values()), self.log(poly))))
        return result

    def sum(self, leaves: tuple, poly: Poly) -> Poly:
        self.use("sum")
        return add(*(scale(self.close(leaves, dict(m)), c) for m, c in poly.items()))

    def close(self, leaves: tuple, powers: dict) -> Poly:
        for a in powers:
            mine = leaves_of(("poly", ((((a, 1),), 1),)))
            if a[0] == "d":
                for leaf, c in a[2][0][1][1]:
                    if leaf in leaves and abs(c) == 1:
                        value = put(a[2][0][1], {leaf: (0, ())})
                        value = affine(-c * value[0], ((o, -c * k) for o, k in value[1]))
                        if self.inside(value, leaf):
                            rest = self.put_powers({b: e for b, e in powers.items() if b != a}, {leaf: value})
                            return self.sum(tuple(k for k in leaves if k != leaf), rest)
            if a[0] == "S" and powers[a] > 0 and powers[a].denominator == 1 and not mine.isdisjoint(leaves):
                new = {leaf: self.new(leaf) for leaf, _ in a[3]}
                body = self.put(poly_of(a[2][0]), {leaf: leaf_index(n) for leaf, n in new.items()})
                rest = self.mono({**powers, a: powers[a] - 1})
                return self.sum((*leaves, *new.values()), self.times(rest, body))
        free = {a: e for a, e in powers.items() if leaves_of(("poly", ((((a, 1),), 1),))).isdisjoint(leaves)}
        result, left = self.mono(free), list(leaves)
        while left:
            group, factors_ = {left[0]}, {}
            while True:
                joined = {
                    a: e for a, e in powers.items() if not leaves_of(("poly", ((((a, 1),), 1),))).isdisjoint(group)
                }
                if len(joined) == len(factors_):
                    break
                factors_ = joined
                group |= {k for a in joined for k in leaves_of(("poly", ((((a, 1),), 1),))) if k in left}
            result = self.times(result, self.close_group([k for k in left if k in group], factors_))
            left = [k for k in left if k not in group]
        return result

    def close_group(self, leaves: list, powers: dict) -> Poly:
        for leaf in leaves:
            low, up = self.range[leaf]
            if set(up) <= {()}:
                values = range(low, int(up.get((), 0)) + 1)
                others = tuple(k for k in leaves if k != leaf)
                return add(*(self.sum(others, self.put_powers(powers, {leaf: (v, ())})) for v in values))
            if low != 1 and abs(low) < 65 and self.exact(low, up) and self.exact(1, up):
                if low > 1 and not all(self.everywhere(a, e) for a, e in powers.items()):
                    continue
                others = tuple(k for k in leaves if k != leaf)
                whole = self.new(leaf)
                self.range[whole] = (1, up)
                result = self.sum((*others, whole), self.put_powers(powers, {leaf: leaf_index(whole)}))
                for v in range(min(low, 1), max(low, 1)):
                    part = self.sum(others, self.put_powers(powers, {leaf: (v, ())}))
                    result = add(result, scale(part, 1 if low < 1 else -1))
                return result
        if not powers and self.exact(*self.range[leaves[0]]):
            return add(self.range[leaves[0]][1], number(1 - self.range[leaves[0]][0]))
        for leaf in leaves:  # a sum over one of them that is known, or that stands in a denominator
            inside = {a: e for a, e in powers.items() if leaf in leaves_of(("poly", ((((a, 1),), 1),)))}
            whole = self.atom_of([leaf], inside)
            outside = {a: e for a, e in powers.items() if a not in inside}
            others = tuple(k for k in leaves if k != leaf)
            found = only(whole)
            if found and len(leaves) > 1 and any(outside.get(a, 0) < 0 for a, _ in found[0]):
                return self.sum(others, self.times(self.mono(outside), whole))
            for left, right in self.rules:
                pattern = only(left)
                if found and pattern and len(pattern[0]) == 1 and pattern[0][0][0][0] == "S":
                    value = self.known_sum(pattern, right, found)
                    if value is not None:
                        self.use("hypothesis")
                        return self.sum(others, self.times(self.mono(outside), value))
        return self.atom_of(leaves, powers)

    def known_sum(self, pattern: tuple, right: Poly, found: tuple) -> Poly | None:
        ((want, _),), c = pattern
        ((have, _),), k = found if len(found[0]) == 1 else (((None, 0),), 0)
        if have is None or have[0] != "S":
            return None
        free = sorted(leaves_of(("poly", ((((want, 1),), 1),))))
        places = sorted(set(self.places(arg(single(have)))))
        for chosen in cartesian(places, repeat=len(free)) if len(places) ** len(free) < 257 else ():
            values = dict(zip(free, chosen, strict=True))
            bound = {leaf for leaf, _ in have[3]}
            if any(leaf in bound for i in chosen for leaf, _ in i[1]) or not self.allows(values):
                continue
            if self.put_atom(want, values) == single(have):
                return scale(self.put(right, values), k / c)
        return None

    def exact(self, low: int, up: Poly) -> bool:
        return self.never_negative(add(up, number(1 - low)))

    def everywhere(self, a: tuple, e) -> bool:
        whole = e > 0 and e.denominator == 1 and a[0] not in ("log", "q", "r")
        return whole and all(self.everywhere(b, k) for p in a[2] if p[0] == "poly" for m, _ in p[1] for b, k in m)

    def atom_of(self, leaves: list, powers: dict) -> Poly:
        """Σ Π powers as one atom: of all orders of the leaves that a first look leaves open, the least text."""

        def look(leaf: str) -> str:
            others = {k: leaf_index("?" + repr(self.key(k))) for k in leaves if k != leaf}
            return repr(
                sorted(
                    repr(
                        (
                            a[:2],
                            [put(p[1], {**others, leaf: leaf_index("!")}) if p[0] == "at" else len(p[1]) for p in a[2]],
                            e,
                        )
                    )
                    for a, e in powers.items()
                )
            )

        if len(leaves) > 1:
            looks = {leaf: repr(self.key(leaf)) + look(leaf) for leaf in leaves}
            cells = [sorted(k for k in leaves if looks[k] == text) for text in sorted(set(looks.values()))]
            orders = [[k for cell in choice for k in cell] for choice in cartesian(*(permutations(c) for c in cells))]
        else:
            orders = [leaves]
        if len(orders) > 720:
            raise Refused("too many indices that look alike")
        poly = {tuple(sorted(powers.items(), key=repr)): Fraction(1)}
        return single(min((self.bound("S", "", order, [arg(poly)]) for order in orders), key=repr))

    # --- is it 0?

    def numerator(self, poly: Poly) -> tuple[Poly, dict]:
        below: dict = {}
        for _ in range(12):
            lowest: dict = {}
            for m in poly:
                for a, e in m:
                    if a[0] == "q" and e < 0:
                        lowest[a] = min(e, lowest.get(a, 0))
            if not lowest:
                break
            a = min(lowest, key=lambda a: (self.level(arg(single(a))), repr(a)))
            below[a] = below.get(a, 0) - lowest[a]
            poly = self.times_raw(poly, {a: -lowest[a]})
        return poly, below

    def is_zero(self, poly: Poly) -> bool:
        """Over one denominator; then with the sums over the same ranges made one, and that over one denominator."""
        poly, _ = self.numerator(poly)
        if not poly:
            return True
        groups: dict[tuple, list] = {}
        rest: Poly = {}
        for m, c in poly.items():
            sums = [a for a, e in m if a[0] == "S" and e == 1]
            if len(sums) == 1:
                groups.setdefault(tuple(key for _, key in sums[0][3]), []).append((sums[0], m, c))
            else:
                rest[m] = c
        if not any(len(group) > 1 for group in groups.values()):
            return False
        for group in groups.values():
            new = [self.new(leaf) for leaf, _ in group[0][0][3]]
            inside: Poly = {}
            for a, m, c in group:
                values = {leaf: leaf_index(n) for (leaf, _), n in zip(a[3], new, strict=True)}
                body = self.times(self.put(poly_of(a[2][0]), values), self.mono({b: e for b, e in m if b != a}))
                inside = add(inside, scale(body, c))
            top, below = self.numerator(inside)
            if top:
                rest = add(rest, self.sum(tuple(new), self.times_raw(top, {a: -e for a, e in below.items()})))
        return not self.numerator(rest)[0]
