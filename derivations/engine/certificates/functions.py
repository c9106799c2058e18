"""Steps, powers, exponentials and logarithms, and functions of one number."""

from abc import abstractmethod
from collections.abc import Callable
from fractions import Fraction
from typing import Any

from derivations.engine.certificates.polynomials import (
    Atom,
    Index,
    Poly,
    Refused,
    add,
    atoms,
    frozen,
    number,
    only,
    primes,
    scale,
    single,
)
from derivations.engine.certificates.products import ZERO_ONE, Products
from derivations.engine.certificates.words import EVEN, KINKS, WRITTEN, X


class Functions(Products):
    @abstractmethod
    def poly(self, t: list, env: dict[str, Index]) -> Poly: ...

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
