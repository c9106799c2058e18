"""The checker on powers, exponentials and logarithms."""

from fractions import Fraction
from math import gcd, prod

from derivations.engine.certificates.algebra import (
    ZERO_ONE,
    Poly,
    Refused,
    add,
    arg,
    atom,
    factors,
    number,
    only,
    poly_of,
    scale,
    single,
)
from derivations.engine.certificates.terms import Terms


class Powers(Terms):
    def power(self, poly: Poly, e, known: bool = False) -> Poly:
        before, e = len(self.needed), Fraction(e)
        result = self._power(poly, e)
        if known:  # the whole is > 0, and so is what was taken out of it
            del self.needed[before:]
            self.known |= {a for m in result for a, _ in m if a[0] == "q"}
        return result

    def _power(self, poly: Poly, e: Fraction) -> Poly:
        if e == 1:
            return poly
        found = only(poly)
        if e.denominator == 1 and e > 0:
            if found:
                return scale(self.mono({a: k * e for a, k in found[0]}), found[1] ** int(e))
            return self.times(number(1), *[poly] * int(e))
        if not poly:
            raise Refused("division by zero")
        self.use("quotient" if e.denominator == 1 else "root")
        if found and e.denominator == 1:
            for a, _ in found[0]:
                if a[0] == "d":
                    raise Refused("division by a δ")
                if self.sign_of(a) != "positive":
                    self.need("nonzero", single(a))
            return scale(self.mono({a: k * e for a, k in found[0]}), found[1] ** int(e))
        common, c, rest = self.taken_out(poly, e.denominator == 1)
        result = self.times(self.root(c, e), self.mono({a: k * e for a, k in common.items()}))
        if rest == number(1):
            return result
        found = only(rest)
        if found and e.denominator != 1:
            left = {}
            for a, k in found[0]:
                if k % 2 or (k * e).denominator != 1:
                    left[a] = k
                    continue
                if (k * e) < 0:
                    self.need("nonzero", single(a))
                absolute = self.sign(single(a)) if (k * e) % 2 else number(1)
                result = self.times(result, self.mono({a: k * e}), absolute)
            rest = scale(self.mono(left), found[1])
            if rest == number(1):
                return result
            found = only(rest)
            if found and found[1] > 0 and len(found[0]) == 1:
                ((a, k),) = found[0]
                self.need("positive", single(a))
                return self.times(result, self.root(found[1], e), self.mono({a: k * e}))
        if not self.positive(rest):
            self.need("nonzero" if e.denominator == 1 else "positive", rest)
        return self.times(result, self.mono({atom("q", "", arg(rest)): e}))

    def taken_out(self, poly: Poly, whole: bool) -> tuple[dict, Fraction, Poly]:
        """poly = common · c · rest; without `whole` only what is positive is taken out."""
        monomials = [dict(m) for m in poly]
        common = {}
        for a in sorted({a for m in monomials for a in m}, key=repr):
            least = min(m.get(a, 0) for m in monomials)
            if least and a[0] not in ZERO_ONE and (whole or self.sign_of(a) == "positive"):
                common[a] = least
        rest = self.times_raw(poly, {a: -e for a, e in common.items()})
        numerators = [c.numerator for c in rest.values()]
        c = Fraction(gcd(*numerators), prod({k.denominator for k in rest.values()}))
        c = Fraction(gcd(*((k / c).numerator for k in rest.values()))) * c
        c = -c if whole and rest[min(rest, key=repr)] < 0 else c
        return common, c, scale(rest, 1 / c)

    def times_raw(self, poly: Poly, powers: dict) -> Poly:
        """poly · Π powers, exponents added first, so that Q^(−1) Q is 1."""
        return add(
            *(scale(self.mono({**powers, **{a: powers.get(a, 0) + e for a, e in m}}), c) for m, c in poly.items())
        )

    def root(self, c: Fraction, e: Fraction) -> Poly:
        if e.denominator == 1 or c == 1:
            return number(c ** int(e) if e.denominator == 1 else 1)
        result = number(1)
        for base, sign in ((c.numerator, 1), (c.denominator, -1)):
            for prime in factors(base):
                result = self.times(result, self.mono({atom("r", str(prime)): sign * e}))
        return result

    def exp(self, poly: Poly) -> Poly:
        self.use("exp")
        result = number(1)
        for m, c in poly.items():
            if len(m) == 1 and m[0][1] == 1 and m[0][0][0] == "log":
                x = poly_of(m[0][0][2][0])  # log x stands for log |x|
                if not self.signs(x) <= {0, 1}:
                    if c.denominator != 1:
                        raise Refused("a root of |x|")
                    result = self.times(result, self.sign(x)) if c % 2 else result
                result = self.times(result, self.power(x, c))
            else:
                result = self.times(result, self.mono({atom("exp", "", arg({m: Fraction(1)})): c}))
        return result

    def log(self, poly: Poly, known: bool = False) -> Poly:
        before = len(self.needed)
        result = self._log(poly)
        if known:
            del self.needed[before:]
        return result

    def _log(self, poly: Poly) -> Poly:
        self.use("log")
        if not poly:
            raise Refused("the logarithm of 0")
        found = only(poly)
        if found and found[1] > 0:
            powers, c, rest = dict(found[0]), found[1], number(1)
        else:
            top, below = self.numerator(poly)
            if any(self.sign_of(a) != "positive" for a in below):
                top, below = poly, {}
            poly = top
            powers, c, rest = self.taken_out(poly, False)
            powers = {**powers, **{a: powers.get(a, 0) - e for a, e in below.items()}}
        parts = [
            scale(single(atom("log", "", arg(number(p)))), s)
            for b, s in ((c.numerator, 1), (c.denominator, -1))
            for p in factors(b)
        ]
        for a, e in powers.items():
            if a[0] in ZERO_ONE:
                raise Refused("the logarithm of what is 0 somewhere")
            if self.sign_of(a) != "positive":
                self.need("positive", single(a))
            inner = poly_of(a[2][0]) if a[0] in ("exp", "q") else single(a)
            parts.append(scale(inner if a[0] == "exp" else single(atom("log", "", arg(inner))), e))
        if rest != number(1):
            if not self.positive(rest):
                self.need("positive", rest)
            parts.append(single(atom("log", "", arg(rest))))
        return add(*parts)
