"""The axioms of the checker, carried out: from terms of the format to polynomials over atoms."""

from collections.abc import Callable, Iterable
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
    minus,
    number,
    only,
    primes,
    put_index,
    scale,
    single,
    solved,
)
from derivations.engine.certificates.search import Search
from derivations.engine.certificates.words import EVEN, KINKS, SLOPES, WRITTEN, X

ZERO_ONE = ("d", "step", "zero")
KINDS = {"positive": 2, "nonnegative": 1}
NOTHING: Any = MappingProxyType({})


def leaf_names(names: dict[str, Index]) -> tuple[str, ...]:
    return tuple(i[1][0][0] for i in names.values())


def parsed(t: list) -> tuple[str, str, list, list, list]:
    """Kind, name, indices, bound leaves and parts of a term."""
    match t:
        case ["x" as kind, name, indices]:
            return kind, name, indices, [], []
        case ["k" | "d" as kind, *indices]:
            return kind, "", indices, [], []
        case ["S" | "M" as kind, leaves, *parts]:
            return kind, "", [], leaves, parts
        case ["F" as kind, name, indices, leaves, body]:
            return kind, name, indices, leaves, [body]
        case ["f" | "u" as kind, name, *parts]:
            return kind, name, [], [], parts
        case ["step" as kind, y]:
            return kind, "", [], [], [y]
        case ["c" as kind, "pi"]:
            return kind, "pi", [], [], []
    raise Refused(f"{t[0]} is not part of the format")


class Laws(Search):
    def __init__(self, record: dict[str, Any], allowed: Iterable[str]):
        super().__init__(record, allowed)
        self.signs: dict[tuple, int] = {}  # polynomials that are ≥ 0 (1) or > 0 (2) by what they are made of
        self.facts: list[tuple[str, Poly]] = []  # the inequalities of the hypotheses
        self.rules: list[tuple[tuple, Fraction, Poly]] = []  # Π entries or one sum, times a number = polynomial
        self.anew = self.searching = False
        self.ties: list[Poly] = []  # that must be 0
        self.independent: frozenset[tuple[str, int]] = frozenset()  # arrays whose definitions are not put in

    # --- terms

    def poly(self, t: list, env: dict[str, Index]) -> Poly:
        """The term, with leaves replaced as `env` says."""
        match t:
            case ["n", c]:
                return number(Fraction(c))
            case ["x", "·", x]:  # what X stands for
                return dict(x)
            case ["+", *parts]:
                polys = [self.poly(p, env) for p in parts]
                signs = [self.sign(p) for p in polys]
                return self.marked(add(*polys), max(signs) if all(signs) else 0)
            case ["*", *parts]:
                polys = [self.poly(p, env) for p in parts]
                return self.marked(self.times(*polys), min(map(self.sign, polys)))
            case ["^", base, e]:
                poly, exponent = self.poly(base, env), self.poly(e, env)
                if set(exponent) <= {()}:
                    e = exponent.get((), Fraction(0))
                    return self.marked(self.power(poly, e), max(self.sign(poly), int(e > 0 and e % 2 == 0)))
                return self.power_of(poly, exponent)
            case ["D", body, variables]:
                return self.derivative(body, variables, env)
            case ["cases", *branches]:
                self.use("kink")
                result, left = {}, number(1)
                for value, condition in branches:
                    holds = self.poly(condition, env)
                    result = add(result, self.times(left, holds, self.poly(value, env)))
                    left = self.times(left, self.denied(holds))
                if left:
                    self.need("nonzero", self.denied(left))
                return result
            case [word, *parts] if word in KINKS:
                self.use("kink")
                return self.marked(self.poly(KINKS[word](*parts), env), int(word == "abs"))
            case ["P", leaves, body]:
                new, inner = self.scope(leaves, env)
                return self.product(new, body, inner)
        kind, name, indices, leaves, parts = parsed(t)
        new, inner = self.scope(leaves, env)
        return self.made(kind, name, [self.index(i, env) for i in indices], new, [self.poly(p, inner) for p in parts])

    def scope(self, leaves: Iterable[str], env: dict[str, Index]) -> tuple[tuple[str, ...], dict[str, Index]]:
        new = {leaf: self.new(leaf) for leaf in leaves}
        return tuple(new.values()), env | {leaf: leaf_index(k) for leaf, k in new.items()}

    def made(self, kind: str, name: str, at: list[Index], leaves: tuple[str, ...], inner: list[Poly]) -> Poly:
        """What is made of these parts, by the laws of its kind."""
        match kind:
            case "x":
                return self.entry(name, at)
            case "k":
                return self.whole(at[0])
            case "d":
                return self.delta(at[0] if len(at) == 1 else minus(*at))
            case "q":
                return inner[0]
            case "S":
                sign = min(self.sign(inner[0]), 1 if any(map(self.may_be_empty, leaves)) else 2)
                return self.marked(self.sum(leaves, inner[0]), sign)
            case "M":
                return self.maximum(*leaves, *inner)
            case "exp" | "log" | "step" | "zero":
                return getattr(self, kind)(inner[0])
            case "parity":
                return self.parity(inner[0])
            case "f" if name == "log":
                self.need("positive", inner[0])
                return self.log(inner[0])
            case "f":
                return self.function(name, inner[0])
            case "F":
                return self.bound(kind, leaves, inner, name, at)
            case "u":
                return single(self.atom("u", name, inner=inner))
        return single(self.atom(kind, name))

    def denied(self, poly: Poly) -> Poly:
        return add(number(1), scale(poly, -1))

    def whole(self, i: Index) -> Poly:
        return add(number(i[0]), *(scale(single(self.atom("k", at=[leaf_index(leaf)])), c) for leaf, c in i[1]))

    def entry(self, name: str, indices: list[Index]) -> Poly:
        """An entry, or what it is defined to be."""
        if (name, len(indices)) not in self.independent:
            for (_, other, places), right in self.record["definitions"]:
                if other == name and len(places) == len(indices):
                    self.use("definition")
                    values = self.unify([self.index(i, {}) for i in places], indices)
                    if values is None or not all(self.inside(i, leaf) for leaf, i in values.items()):
                        raise Refused(f"the definition of {name} does not reach its indices")
                    return self.poly(right, values)
        return self.mono({self.atom("x", name, indices): 1})

    # --- what is known of signs

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

    # --- products of atoms

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

    # --- other indices

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

    # --- δ, step and other functions

    def delta(self, gap: Index) -> Poly:
        self.use("delta")
        if not gap[1] or self.apart(gap):
            return number(int(not gap[1] and gap[0] == 0))
        divisor = gcd(gap[0], *(c for _, c in gap[1])) * (1 if gap[1][0][1] > 0 else -1)
        return single(self.atom("d", at=[(gap[0] // divisor, tuple((leaf, c // divisor) for leaf, c in gap[1]))]))

    def step(self, poly: Poly) -> Poly:
        self.use("step")
        if set(poly) <= {()}:
            return number(int(poly.get((), 0) >= 0))
        chosen = next((a for a in atoms(poly) if a.kind in ("step", "zero")), None)
        if chosen is not None:
            return self.by_value(chosen, self.step, poly)
        _, _, rest = self.taken_out(poly, False)
        if set(rest) <= {()}:
            return self.step(rest)
        if self.sign(rest) >= (2 if self.independent else 1):
            return number(1)
        if self.sign(scale(rest, -1)) >= (2 if self.independent else 1):
            return self.zero(rest)
        first = min((m for m in rest if m), key=lambda m: (sorted((a.kind, a.name, e) for a, e in m), m))
        if rest[first] > 0 or any(a.kind == "M" for a in atoms(rest)):
            return single(self.atom("step", inner=[rest]))
        return add(self.denied(single(self.atom("step", inner=[scale(rest, -1)]))), self.zero(rest))

    def by_value(self, chosen: Atom, law: Callable[[Poly], Poly], poly: Poly) -> Poly:
        """law(poly), by the two values that an atom in it may have."""
        off = {m: c for m, c in poly.items() if chosen not in dict(m)}
        on = add(*({tuple(p for p in m if p[0] is not chosen): c} for m, c in poly.items()))
        return add(self.times(single(chosen), law(on)), self.times(self.denied(single(chosen)), law(off)))

    def zero(self, poly: Poly) -> Poly:
        """[x = 0]; of a product by its factors."""
        self.use("step")
        if set(poly) <= {()}:
            return number(int(not poly))
        chosen = next((a for a in atoms(poly) if a.kind in ZERO_ONE), None)
        if chosen is not None:
            return self.by_value(chosen, self.zero, poly)
        common, _, rest = self.taken_out(poly, True)
        parts = [dict(a.inner[0]) if a.kind == "q" else single(a) for a, e in common.items() if e > 0]
        found = [single(self.atom("zero", inner=[p])) for p in (*parts, rest) if self.may_vanish(p)]
        return self.denied(self.times(*map(self.denied, found)))

    def may_vanish(self, poly: Poly) -> bool:
        known = set(poly) <= {()} or 2 in (self.sign(poly), self.sign(scale(poly, -1)))
        return not known and not any(self.implies(have, ("nonzero", poly)) for have in self.facts)

    def function(self, name: str, x: Poly) -> Poly:
        if name == "exp":
            return self.exp(x)
        if name in WRITTEN:
            self.use("expansion")
            return self.with_x(WRITTEN[name], x)
        if name in EVEN and x and x[min(x)] < 0:
            self.use("reflection")
            return scale(self.function(name, scale(x, -1)), EVEN[name])
        return single(self.atom("f", name, inner=[x])) if x or EVEN.get(name) != -1 else {}

    def with_x(self, t: list, x: Poly) -> Poly:
        def filled(t: Any) -> Any:
            return ["x", "·", frozen(x)] if t == X else [filled(p) for p in t] if isinstance(t, list) else t

        return self.poly(filled(t), {})

    # --- powers, exp and log

    def power(self, poly: Poly, e: Any) -> Poly:
        e, found = Fraction(e), only(poly)
        whole, sign = e.denominator == 1, self.sign(poly)
        if e == 1:
            return poly
        if whole and e >= 0:
            if found:
                return scale(self.mono({a: k * e for a, k in found[0]}), found[1] ** int(e))
            return self.times(*[poly] * int(e))
        if not poly:
            raise Refused("division by zero")
        self.use("quotient" if whole else "root")
        common, c, rest = self.taken_out(poly, whole)
        for a in common if whole and sign < 2 else ():
            self.need("nonzero", dict(a.inner[0]) if a.kind == "q" else single(a))
        result = self.times(self.root(c, e), self.mono({a: k * e for a, k in common.items()}))
        found = only(rest)
        if found and not whole:  # (a²)^(1/2) = |a|
            for a, k in found[0]:
                if k % 2 == 0 and (k * e).denominator == 1:
                    if k * e < 0:
                        self.need("nonzero", single(a))
                    absolute = self.with_x(KINKS["sign"](X), single(a)) if (k * e) % 2 else number(1)
                    result = self.times(result, self.mono({a: k * e}), absolute)
                    rest = self.raised(rest, {a: -k})
            found = only(rest)
            if found and found[1] > 0 and len(found[0]) == 1:
                ((a, k),) = found[0]
                self.need("nonnegative" if k * e > 0 else "positive", single(a))
                return self.times(result, self.mono({a: k * e}))
        if rest == number(1):
            return result
        if sign == 2:
            self.marked(rest, 2 if all(self.sign_of(a) == 2 for a in common) else 0)
        else:
            self.need("nonzero" if whole else "nonnegative" if e > 0 else "positive", rest)
        return self.times(result, self.mono({self.atom("q", inner=[rest]): e}))

    def taken_out(self, poly: Poly, whole: bool) -> tuple[dict, Fraction, Poly]:
        """poly = common · c · rest; without `whole` only what is positive is taken out."""
        common = {
            a: e for a, e in self.common(poly).items() if a.kind not in ZERO_ONE and (whole or self.sign_of(a) == 2)
        }
        rest = self.raised(poly, {a: -e for a, e in common.items()})
        c = self.content(rest)
        c = c if whole else abs(c)
        return common, c, scale(rest, Fraction(1) / c)

    def root(self, c: Fraction, e: Fraction) -> Poly:
        """c^e as a product of powers of primes."""
        if e.denominator == 1:
            return number(Fraction(c) ** int(e))
        return self.times(*(single(self.atom("r", str(p)), k * e) for p, k in primes(c)))

    def power_of(self, base: Poly, exponent: Poly) -> Poly:
        """x^y = exp(y log x) for x > 0; with a whole y for any x ≠ 0, and (−1)^y for x < 0."""
        size = self.exp(self.times(exponent, self.log(base)))
        if not self.is_whole(exponent):
            self.need("positive", base)
            return size
        self.need("nonzero", base)
        below = scale(self.denied(self.with_x(KINKS["sign"](X), base)), Fraction(1, 2))
        return self.times(size, add(self.denied(below), self.times(below, self.parity(exponent))))

    def is_whole(self, poly: Poly) -> bool:
        sizes = self.record["sizes"]
        kinds = all(a.kind == "k" or (a.kind == "x" and a.name in sizes and not a.at) for a in atoms(poly))
        return kinds and all(e > 0 for m in poly for _, e in m) and all(c.denominator == 1 for c in poly.values())

    def parity(self, poly: Poly) -> Poly:
        """(−1)^y for a whole y."""
        odd = [m for m, c in poly.items() if c % 2]
        return self.times(*(single(self.atom("parity", inner=[{m: 1}])) if m else number(-1) for m in odd))

    def exp(self, poly: Poly) -> Poly:
        self.use("exp")
        parts = []
        for m, c in poly.items():
            inner = dict(m[0][0].inner[0]) if len(m) == 1 and m[0][1] == 1 and m[0][0].kind == "log" else None
            if inner is not None and (self.sign(inner) or c.denominator == 1):
                parts.append(self.power(inner, c))
                if not self.sign(inner) and c % 2:
                    parts.append(self.with_x(KINKS["sign"](X), inner))
            else:
                parts.append(self.mono({self.atom("exp", inner=[{m: 1}]): c}))
        return self.times(*parts)

    def log(self, poly: Poly) -> Poly:
        """log |x|; of a product by its factors. That x ≠ 0 is needed by who takes it."""
        self.use("log")
        if not poly:
            raise Refused("the logarithm of 0")
        top, below = self.numerator(poly)
        common, c, rest = self.taken_out(top, True)
        powers = {**common, **{a: common.get(a, 0) - e for a, e in below.items()}}
        parts = [scale(self.log_of(number(p)), e) for p, e in primes(c)]
        for a, e in powers.items():
            inner = dict(a.inner[0]) if a.kind in ("exp", "q") else single(a)
            parts.append(scale(inner if a.kind == "exp" else self.log_of(inner), e))
        return add(*parts, *([self.log_of(rest)] if rest != number(1) else []))

    def log_of(self, poly: Poly) -> Poly:
        return single(self.atom("log", inner=[poly]))

    # --- derivatives

    def derivative(self, body: list, variables: list, env: dict[str, Index]) -> Poly:
        """∂(…)/∂x: equations of the hypotheses say nothing of it, and what x is defined to be is put in afterwards."""
        self.use("derivative")
        before, self.rules, rules, poly, noted = self.independent, [], self.rules, None, len(self.needed)
        for t in variables:
            if t[0] != "x" or t[1] in self.record["sizes"]:
                raise Refused("a derivative by what is no variable")
            self.independent |= {(t[1], len(t[2]))}
            poly = self.poly(body, env) if poly is None else self.renewed(poly)
            poly = self.slope(poly, t[1], [self.index(i, env) for i in t[2]])
        self.independent, self.rules = before, rules
        self.needed[noted:] = [(kind, self.renewed(p)) for kind, p in self.needed[noted:]]
        return self.renewed(poly)

    def slope(self, poly: Poly, name: str, places: list[Index]) -> Poly:
        parts = []
        for m, c in poly.items():
            for a, e in m:
                if (name, len(places)) in a.arrays:
                    if e < 1 and e.denominator != 1:
                        self.need("positive", single(a))
                    rest = self.mono({**dict(m), a: e - 1})
                    parts.append(scale(self.times(rest, self.slope_of(a, name, places)), c * e))
        return add(*parts)

    def slope_of(self, a: Atom, name: str, places: list[Index]) -> Poly:
        names, inner = self.opened(a)
        leaves, slopes = leaf_names(names), [self.slope(p, name, places) for p in inner]
        match a.kind:
            case "x":
                return self.times(*(self.delta(minus(i, j)) for i, j in zip(a.at, places, strict=True)))
            case "q":
                return slopes[0]
            case "exp":
                return self.times(single(a), slopes[0])
            case "log":
                return self.times(self.power(inner[0], -1), slopes[0])
            case "f":
                return self.times(self.with_x(SLOPES[a.name], inner[0]), slopes[0])
            case "step" | "zero":
                self.need("nonzero", inner[0])
                return {}
            case "S":
                return self.sum(leaves, slopes[0])
            case "M":
                attained = self.times(inner[1], self.step(add(inner[0], scale(single(a), -1))))
                self.ties.append(add(self.sum(leaves, attained), number(-1)))
                return self.sum(leaves, self.times(attained, slopes[0]))
            case "u":
                primes = [f"{a.name}'" + (str(k + 1) if len(inner) > 1 else "") for k in range(len(inner))]
                return add(
                    *(
                        self.times(single(self.atom("u", p, inner=inner)), d)
                        for p, d in zip(primes, slopes, strict=True)
                    )
                )
            case "F":
                again, body = self.opened(a)
                outer = self.bound("F", leaf_names(again), body, f"{a.name}'", [*a.at, *names.values()])
                return self.sum(leaves, self.times(outer, slopes[0]))
        raise Refused(f"no rule for the derivative of {a.kind}")

    # --- what binds an index

    def maximum(self, leaf: str, body: Poly, where: Poly) -> Poly:
        self.use("maximum")
        fixed = {m: c for m, c in body.items() if not any(leaf in a.leaves for a, _ in m)}
        return add(fixed, self.bound("M", [leaf], [{m: c for m, c in body.items() if m not in fixed}, where]))

    def product(self, leaves: tuple, body: list, env: dict[str, Index]) -> Poly:
        """exp Σ log f; Π step(f) = step(min f)."""
        self.use("product")
        result = number(1)
        for factor in body[1:] if body[0] == "*" else [body]:
            if factor[0] == "step" and not any(map(self.may_be_empty, leaves)):
                greatest = scale(self.poly(factor[1], env), -1)
                for leaf in leaves:
                    greatest = self.maximum(leaf, greatest, number(1))
                result = self.times(result, self.step(scale(greatest, -1)))
            else:
                poly = self.poly(factor, env)
                self.need("positive", poly)
                result = self.times(result, self.exp(self.sum(leaves, self.log(poly))))
        return result

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

    def numerator(self, poly: Poly) -> tuple[Poly, dict]:
        """poly = numerator / Π of what is below."""
        below: dict = {}
        while len(below) < 12 and (lowest := self.denominator(poly)):
            a, e = lowest
            if a.kind != "q":
                raise Refused("what is below is no quotient")
            below[a] = below.get(a, 0) - e
            poly = self.raised(poly, {a: -e})
        return poly, below
