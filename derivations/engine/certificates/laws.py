"""The checker on functions: from terms to polynomials, by the axioms of products, powers, exp, log and step."""

from fractions import Fraction
from math import gcd

from derivations.engine.certificates.algebra import (
    BY_EXP,
    LARGEST_WORK,
    POSITIVE,
    REFLECTED,
    WRITTEN,
    ZERO_ONE,
    Index,
    Poly,
    Refused,
    add,
    affine,
    arg,
    at,
    atom,
    elsewhere,
    leaf_index,
    leaves_of,
    minus,
    number,
    only,
    poly_of,
    put,
    scale,
    single,
)
from derivations.engine.certificates.powers import Powers


class Laws(Powers):
    # --- from terms to polynomials

    def poly(self, t: list) -> Poly:
        match t:
            case ["n", c]:
                return number(Fraction(c))
            case ["c", "pi"]:
                return single(atom("c", "pi"))
            case ["x", name, indices]:
                return self.mono({atom("x", name, *(at(self.index(i)) for i in indices)): 1})
            case ["k", i]:
                i = self.index(i)
                return add(number(i[0]), *(scale(single(atom("k", "", at(leaf_index(leaf)))), c) for leaf, c in i[1]))
            case ["+", *parts]:
                return add(*map(self.poly, parts))
            case ["*", *parts]:
                return self.times(*map(self.poly, parts))
            case ["^", base, e]:
                exponent, known = self.poly(e), self.form(base) == 2
                if set(exponent) <= {()}:
                    return self.power(self.poly(base), exponent.get((), Fraction(0)), known)
                if not known and self.is_whole(exponent):
                    return self.whole_power(self.poly(base), exponent)
                return self.exp(self.times(exponent, self.log(self.poly(base), known)))
            case ["d", i, j]:
                return self.delta(minus(self.index(i), self.index(j)))
            case ["S", leaves, body]:
                return self.sum(tuple(leaves), self.poly(body))
            case ["P", leaves, body]:
                return self.product(tuple(leaves), body)
            case ["M", [leaf], body, where]:
                return self.maximum(leaf, self.poly(body), self.poly(where))
            case ["F", name, indices, leaves, body]:
                places = [at(self.index(i)) for i in indices]
                return single(self.bound("F", name, leaves, [*places, arg(self.poly(body))]))
            case ["u", name, *parts]:
                return single(atom("u", name, *(arg(self.poly(p)) for p in parts)))
            case ["f", name, y]:
                return self.function(name, y)
            case ["step", y]:
                return self.step(self.poly(y))
            case ["H", y, at_0]:
                at_zero = self.times(self.not_(self.poly(at_0)), self.zero(self.poly(y)))
                return add(self.step(self.poly(y)), scale(at_zero, -1))
            case ["sign", y]:
                self.use("kink")
                return add(self.sign(self.poly(y)), scale(self.zero(self.poly(y)), -1))
            case ["abs", y]:
                self.use("kink")
                return self.absolute(self.poly(y))
            case ["max" | "min" as kind, *parts]:
                self.use("kink")
                flip = 1 if kind == "max" else -1
                return scale(self.largest([scale(self.poly(p), flip) for p in parts]), flip)
            case ["cases", *branches]:
                self.use("kink")
                result, left = {}, number(1)
                for value, condition in branches:
                    holds = self.holds(condition)
                    result = add(result, self.times(left, holds, self.poly(value)))
                    left = self.times(left, add(number(1), scale(holds, -1)))
                if left:
                    self.need("nonzero", add(number(1), scale(left, -1)))
                return result
        raise Refused(f"{t[0]} is not part of the format")

    def holds(self, c: list) -> Poly:
        match c:
            case ["true"]:
                return number(1)
            case ["and", *parts]:
                return self.times(number(1), *map(self.holds, parts))
            case ["or", *parts]:
                return self.not_(self.times(number(1), *(self.not_(self.holds(p)) for p in parts)))
            case ["not", part]:
                return self.not_(self.holds(part))
            case ["same", i, j]:
                return self.delta(minus(self.index(i), self.index(j)))
            case [">=" | "<", _, _]:
                holds = self.step(self.poly_gap(c))
                return holds if c[0] == ">=" else self.not_(holds)
            case ["<=" | ">", _, _]:
                holds = self.step(scale(self.poly_gap(c), -1))
                return holds if c[0] == "<=" else self.not_(holds)
        raise Refused(f"condition {c}")

    def not_(self, poly: Poly) -> Poly:
        return add(number(1), scale(poly, -1))

    # --- the laws

    def need(self, kind: str, poly: Poly) -> None:
        if set(poly) <= {()}:
            value = poly.get((), 0)
            if not (value > 0 or (value and kind == "nonzero")):
                raise Refused(f"{value} is not {kind}")
        else:
            self.needed.append((kind, poly))

    def sign_of(self, a: tuple) -> str:
        """ "positive", "nonnegative" or "" by the form of the atom, its declaration, or a hypothesis."""
        kind, name, parts, binders = a
        if kind in ("exp", "c", "r") or (kind == "f" and name in POSITIVE):
            return "positive"
        if kind == "x":
            key = f"{name}/{len(parts)}"
            declared = self.record["declared"]
            found = "positive" if (name in self.record["sizes"] and not parts) or key in declared["positive"] else ""
            found = found or ("nonnegative" if key in declared["nonnegative"] else "")
            for other, pattern, said in self.patterns:
                if found != "positive" and other == name and self.covers(pattern, parts):
                    found = said if said == "positive" or not found else found
            return found
        if kind == "k":
            low = self.range[parts[0][1][1][0][0]][0]
            return "positive" if low > 0 else "nonnegative" if low == 0 else ""
        if kind == "S":
            (m, c) = only(poly_of(parts[0])) or ((), 0)
            signs = {self.sign_of(b) if e % 2 else self.sign_of(b) or "nonnegative" for b, e in m}
            if c > 0 and "" not in signs:
                full = signs <= {"positive"} and not any(self.empty_at_times(leaf) for leaf, _ in binders)
                return "positive" if full else "nonnegative"
        if kind == "q":
            return "positive" if a in self.known or self.positive(poly_of(parts[0])) else ""
        return "nonnegative" if kind in ZERO_ONE else ""

    def form(self, t: list) -> int:
        """2 if the term is > 0 as it is written, 1 if it is ≥ 0: squares, exp, sums and products of such."""
        match t:
            case ["n", c]:
                return 2 if Fraction(c) > 0 else 1 if Fraction(c) == 0 else 0
            case ["c", _] | ["f", "exp" | "sigmoid" | "softplus" | "cosh", _]:
                return 2
            case ["x", name, indices]:
                places = [at(self.index(i)) for i in indices]
                return {"positive": 2, "nonnegative": 1, "": 0}[self.sign_of(atom("x", name, *places)) or ""]
            case ["+", *parts]:
                signs = [self.form(p) for p in parts]
                return max(signs) if all(signs) else 0
            case ["*", *parts]:
                return min(self.form(p) for p in parts)
            case ["S", leaves, body]:
                return min(self.form(body), 1 if any(map(self.empty_at_times, leaves)) else 2)
            case ["^", base, ["n", e]] if Fraction(e) > 0 and Fraction(e) % 2 == 0:
                return max(self.form(base), 1)
            case ["^", base, _]:
                return self.form(base)
            case ["abs" | "step" | "d", *_]:
                return 1
        return 0

    def covers(self, pattern: tuple, parts: tuple) -> bool:
        values: dict[str, Index] = {}
        for (_, p), (_, i) in zip(pattern, parts, strict=True):
            if p[0] == 0 and len(p[1]) == 1 and p[1][0][1] == 1:
                if values.setdefault(p[1][0][0], i) != i:
                    return False
            elif p != i:
                return False
        return self.allows(values)

    def positive(self, poly: Poly) -> bool:
        strict = False
        for m, c in poly.items():
            signs = {self.sign_of(a) or ("nonnegative" if e % 2 == 0 else "") for a, e in m}
            if c < 0 or "" in signs:
                return False
            strict |= signs <= {"positive"}
        return strict

    def places(self, part: tuple):
        if part[0] == "at":
            yield part[1]
        else:
            for m, _ in part[1]:
                for a, _ in m:
                    for inner in a[2]:
                        yield from self.places(inner)

    def times(self, *polys: Poly) -> Poly:
        result = number(1)
        for poly in polys:
            product: Poly = {}
            for m, c in result.items():
                for n, k in poly.items():
                    powers = dict(m)
                    for a, e in n:
                        powers[a] = powers.get(a, 0) + e
                    for monomial, factor in (self.mono(powers) if m and n else {m or n: 1}).items():
                        product[monomial] = product.get(monomial, 0) + c * k * factor
            result = {m: c for m, c in product.items() if c}
        return result

    def mono(self, powers: dict) -> Poly:
        self.work += 1
        if self.work > LARGEST_WORK:
            raise Refused("too much work")
        powers = {a: 1 if a[0] in ZERO_ONE and e > 0 else e for a, e in powers.items() if e}
        powers = {a: 1 if a[0] == "parity" else e for a, e in powers.items() if a[0] != "parity" or e % 2}
        for a, e in powers.items():
            rest = {b: k for b, k in powers.items() if b != a}
            if a[0] == "d":
                ((_, gap),) = a[2]
                for leaf, c in sorted(gap[1], reverse=True):
                    moved = [b for b in rest if leaf in leaves_of(("poly", ((((b, 1),), 1),)))]
                    value = put(gap, {leaf: (0, ())}) if abs(c) == 1 else None
                    if value is None:
                        continue
                    if not moved:
                        break
                    value = affine(-c * value[0], ((o, -c * k) for o, k in value[1]))
                    if self.inside(value, leaf) or all(b[0] in ("x", "k", "d") and rest[b] > 0 for b in moved):
                        self.use("delta")
                        return self.times(single(a), self.put_powers(rest, {leaf: value}))
            if a[0] == "zero":
                q = poly_of(a[2][0])
                for b in rest:
                    if b[0] == "step" and poly_of(b[2][0]) in (q, scale(q, -1)):
                        return self.mono({x: k for x, k in powers.items() if x != b})
                pivot = max(
                    ((m[0][0], c) for m, c in q.items() if len(m) == 1 and m[0][1] == 1), key=repr, default=None
                )
                if pivot and pivot[0][0] == "x" and rest.get(pivot[0], 0) >= 1:
                    self.use("step")
                    less = {**powers, pivot[0]: powers[pivot[0]] - 1}
                    others = {m: -c / pivot[1] for m, c in q.items() if m != ((pivot[0], 1),)}
                    return self.times(others, self.mono(less)) if others else {}
            if a[0] == "r" and not 0 <= e < 1:
                whole = e.numerator // e.denominator
                return scale(self.mono({**rest, a: e - whole}), Fraction(a[1]) ** whole)
            if a[0] == "q" and e >= 1:
                self.use("quotient")
                whole = e.numerator // e.denominator
                return self.times(self.mono({**rest, a: e - whole}), *[poly_of(a[2][0])] * whole)
        for left, right in self.rules:
            found, exchanged = only(left), only(right)
            if found and found[0] and all(a[0] == "x" for a, _ in found[0]):
                for values in self.matches(found[0], powers):
                    used = {elsewhere(a, values): e for a, e in found[0]}
                    if not all(powers.get(a, 0) >= e for a, e in used.items()):
                        continue
                    if exchanged and [(a[:2], e) for a, e in exchanged[0]] == [(a[:2], e) for a, e in found[0]]:
                        if repr([elsewhere(a, values) for a, _ in exchanged[0]]) >= repr(list(used)):
                            continue  # A_ij = A_ji: towards the first by its text
                        new = {tuple((elsewhere(a, values), e) for a, e in exchanged[0]): exchanged[1] / found[1]}
                    else:
                        new = scale(self.put(right, values), 1 / found[1])
                    self.use("hypothesis")
                    return self.times(self.mono({a: e - used.get(a, 0) for a, e in powers.items()}), new)
        return {tuple(sorted(powers.items(), key=repr)): Fraction(1)}

    def matches(self, pattern: tuple, powers: dict):
        """Values of the pattern's leaves at which its first factor is one of these."""
        (first, _), *_ = sorted(pattern, key=lambda item: -len(item[0][2]))
        for a in powers:
            if a[:2] == first[:2] and len(a[2]) == len(first[2]):
                values: dict[str, Index] = {}
                ok = True
                for p, i in zip(first[2], a[2], strict=True):
                    plain = p[0] == "at" == i[0] and p[1][0] == 0 and len(p[1][1]) == 1 and p[1][1][0][1] == 1
                    ok &= values.setdefault(p[1][1][0][0], i[1]) == i[1] if plain else p == i
                wanted = set().union(*(leaves_of(("poly", ((((b, 1),), 1),))) for b, _ in pattern))
                if ok and wanted <= values.keys() and self.allows(values):
                    yield values

    def put(self, poly: Poly, values: dict[str, Index]) -> Poly:
        return add(*(scale(self.put_powers(dict(m), values), c) for m, c in poly.items()))

    def put_powers(self, powers: dict, values: dict[str, Index]) -> Poly:
        return self.times(
            number(1), *(self.power(self.put_atom(a, values), e, a in self.known) for a, e in powers.items())
        )

    def put_atom(self, a: tuple, values: dict[str, Index]) -> Poly:
        kind, name, parts, binders = a
        if leaves_of(("poly", ((((a, 1),), 1),))).isdisjoint(values):
            return single(a)
        new = {leaf: self.new(leaf) for leaf, _ in binders}
        values = {**values, **{leaf: leaf_index(n) for leaf, n in new.items()}}
        moved = [at(put(p[1], values)) if p[0] == "at" else self.put(poly_of(p), values) for p in parts]
        parts = [p if isinstance(p, tuple) else arg(p) for p in moved]
        match kind:
            case "x":
                return self.mono({atom("x", name, *parts): 1})
            case "k":
                return self.poly(["k", [parts[0][1][0], list(parts[0][1][1])]])
            case "d":
                return self.delta(parts[0][1])
            case "q":
                return moved[0]
            case "S":
                return self.sum(tuple(new.values()), moved[0])
            case "M":
                return self.maximum(next(iter(new.values())), moved[0], moved[1])
            case "exp" | "log" | "step" | "zero":
                return {"exp": self.exp, "log": self.log, "step": self.step, "zero": self.zero}[kind](moved[0])
            case "f":
                return self.word(name, moved[0])
        if binders:
            return single(self.bound(kind, name, list(new.values()), parts))
        return single(atom(kind, name, *parts))

    def delta(self, gap: Index) -> Poly:
        self.use("delta")
        if not gap[1] and gap[0] == 0:
            return number(1)
        if self.apart(gap):
            return {}
        divisor = gcd(gap[0], *(c for _, c in gap[1])) * (1 if gap[1][0][1] > 0 else -1)
        return single(atom("d", "", at((gap[0] // divisor, tuple((leaf, c // divisor) for leaf, c in gap[1])))))

    def step(self, poly: Poly) -> Poly:
        self.use("step")
        if set(poly) <= {()}:
            return number(int(poly.get((), 0) >= 0))
        inner = next((a for m in poly for a, _ in m if a[0] in ("step", "zero")), None)
        if inner is not None:
            on, off = (self.step(self.at_value(poly, inner, value)) for value in (1, 0))
            return add(self.times(single(inner), on), self.times(self.not_(single(inner)), off))
        _, _, rest = self.taken_out(poly, False)
        if self.positive(rest):
            return number(1)
        if set(rest) <= {()}:
            return self.step(rest)
        signs = self.signs(rest)
        if -1 not in signs or 1 not in signs:
            return number(1) if -1 not in signs else self.zero(rest)
        if self.straight(rest):
            return single(atom("step", "", arg(rest)))
        turned = single(atom("step", "", arg(scale(rest, -1))))
        return add(number(1), scale(turned, -1), self.zero(rest))

    def straight(self, poly: Poly) -> bool:
        """Whether the sign of x stays in step(x): its first term is positive, or a maximum is in it."""
        first = poly[min((m for m in poly if m), key=repr)]
        return first > 0 or any(a[0] == "M" for m in poly for a, _ in m)

    def signs(self, poly: Poly) -> set[int]:
        """The signs that it may have by its form, the hypotheses and the conditions."""
        never = all(c > 0 and all(self.sign_of(a) or e % 2 == 0 for a, e in m) for m, c in poly.items())
        signs = {1} if self.positive(poly) else {0, 1} if never else {-1, 0, 1}
        minus_ = scale(poly, -1)
        for have in self.said:
            for kind, value, left in (
                ("positive", poly, {1}),
                ("positive", minus_, {-1}),
                ("nonnegative", poly, {0, 1}),
                ("nonnegative", minus_, {-1, 0}),
                ("nonzero", poly, {-1, 1}),
            ):
                if not signs <= left and self.implies(have, (kind, value)):
                    signs = signs & left
        return signs

    def zero(self, poly: Poly) -> Poly:
        """[x = 0], of a product by its factors."""
        self.use("step")
        if set(poly) <= {()}:
            return number(int(not poly))
        inner = next((a for m in poly for a, _ in m if a[0] in ZERO_ONE), None)
        if inner is not None:
            on, off = (self.zero(self.at_value(poly, inner, value)) for value in (1, 0))
            return add(self.times(single(inner), on), self.times(self.not_(single(inner)), off))
        common, _, rest = self.taken_out(poly, True)
        none = number(1)
        for a, e in common.items():
            if e > 0:
                inside = poly_of(a[2][0]) if a[0] == "q" else single(a)
                none = self.times(none, self.not_(self.zero_atom(inside)))
        if not set(rest) <= {()}:
            none = self.times(none, self.not_(self.zero_atom(rest)))
        return self.not_(none)

    def zero_atom(self, poly: Poly) -> Poly:
        return single(atom("zero", "", arg(poly))) if 0 in self.signs(poly) else {}

    def at_value(self, poly: Poly, inner: tuple, value: int) -> Poly:
        parts = ({tuple(p for p in m if p[0] != inner): c} for m, c in poly.items() if value or inner not in dict(m))
        return add(*parts)

    def sign(self, poly: Poly) -> Poly:
        """The sign off 0."""
        return add(scale(self.step(poly), 2), number(-1))

    def is_whole(self, poly: Poly) -> bool:
        """True of sums and products of indices and sizes."""
        atoms = [(a, e) for m in poly for a, e in m]
        kinds = all(a[0] == "k" or (a[0] == "x" and a[1] in self.record["sizes"] and not a[2]) for a, _ in atoms)
        return kinds and all(e > 0 for _, e in atoms) and all(c.denominator == 1 for c in poly.values())

    def whole_power(self, base: Poly, exponent: Poly) -> Poly:
        """x^k = |x|^k, with the sign (−1)^k for x < 0, where x ≠ 0."""
        self.need("nonzero", base)
        sign, below = number(1), scale(add(number(1), scale(self.sign(base), -1)), Fraction(1, 2))
        for m, c in exponent.items():
            if c % 2:
                sign = self.times(sign, single(atom("parity", "", arg({m: Fraction(1)}))) if m else number(-1))
        size = self.exp(self.times(exponent, self.log(base, known=True)))
        return self.times(size, add(number(1), scale(below, -1), self.times(below, sign)))

    def absolute(self, poly: Poly) -> Poly:
        """|x| = x (2 step(x) − 1), of a product by its factors."""
        if set(poly) <= {()}:
            return number(abs(poly.get((), 0)))
        common, c, rest = self.taken_out(poly, True)
        result = number(abs(c))
        for a, e in common.items():
            even = e % 2 == 0 or self.sign_of(a)
            result = self.times(result, self.mono({a: e}), number(1) if even else self.sign(single(a)))
        if set(rest) <= {()}:
            return scale(result, abs(rest.get((), 0)))
        rest = rest if self.straight(rest) else scale(rest, -1)
        return self.times(result, rest, self.sign(rest))

    def largest(self, parts: list[Poly]) -> Poly:
        gaps = [add(a, scale(b, -1)) for k, a in enumerate(parts) for b in parts[:k]]
        if len(parts) > 2 and all(set(gap) <= {()} or 0 not in self.signs(gap) for gap in gaps):
            result: Poly = {}
            for k, a in enumerate(parts):
                above = [self.step(add(a, scale(b, -1))) for m, b in enumerate(parts) if m != k]
                result = add(result, self.times(a, *above))
            return result
        first, *others = sorted(parts, key=lambda part: repr(frozen(part))) if len(parts) > 2 else parts
        for other in others:
            gap = add(first, scale(other, -1))
            if gap and not set(gap) <= {()} and not self.straight(gap):
                first, other, gap = other, first, scale(gap, -1)
            first = add(other, self.times(gap, self.step(gap)))
        return first

    def function(self, name: str, y: list) -> Poly:
        if name in ("exp", "log"):
            return self.exp(self.poly(y)) if name == "exp" else self.log(self.poly(y), self.form(y) == 2)
        if name in WRITTEN or (self.record["expand"] and name in BY_EXP):
            self.use("expansion")
            return self.poly((WRITTEN.get(name) or BY_EXP[name])(y))
        return self.word(name, self.poly(y))

    def word(self, name: str, x: Poly) -> Poly:
        if name in REFLECTED:
            self.use("reflection")
            a, b, c = REFLECTED[name]
            if not x and (a, b, c) == (0, 0, -1):
                return {}
            if x and x[min(x, key=repr)] < 0:
                return add(number(a), scale(x, -b), scale(self.word(name, scale(x, -1)), c))
        return single(atom("f", name, arg(x)))
