"""Powers of polynomials, and indices replaced inside them.

Reciprocals and roots of sums of several terms are "quotient" atoms; what may be taken out of them, and under which side
condition, is said at `power`.
"""

from collections.abc import Callable, Mapping
from fractions import Fraction
from math import gcd, isqrt, lcm

from sympy import factorint

from derivations.engine.kernel.assumptions import Reasoning, Undefined
from derivations.engine.kernel.terms import (
    IDEMPOTENT,
    LARGEST_POWER,
    ONE,
    ZERO,
    Atom,
    Exponent,
    Monomial,
    Poly,
    Powers,
    TooLarge,
    integer_power,
    monomial,
    number,
    render_monomial,
    single,
    total,
)
from derivations.engine.language.indices import Affine, Leaf, inside, solve
from derivations.engine.language.indices import substitute as substitute_index


def contract_deltas(powers: Powers) -> Poly | None:
    """δ(i − j) f(j) = δ(i − j) f(i): where the delta is not 0, the two indices are the same number.

    The index whose name comes last is replaced, so that both sides of an equality write the same one. Where i may leave
    the range of j, f(i) might have no value, or another sign: then f must be a product of entries.
    """
    for delta in powers:
        if delta.kind != "delta":
            continue
        for leaf in sorted(delta.leaves, reverse=True, key=lambda leaf: leaf.name):
            value = solve(delta.indices[0], leaf)
            if value is None:
                continue
            moved = {a: e for a, e in powers.items() if leaf in a.leaves and a is not delta}
            if not moved:
                break
            if inside(value, leaf) or all(_anywhere(a, e) for a, e in moved.items()):
                rest = {a: e for a, e in powers.items() if a is not delta}
                return single(delta) * substitute_powers(rest, {leaf: value})
    return None


def _anywhere(atom: Atom, e: Exponent) -> bool:
    """True of entries, indices, deltas and steps of such: they have a value, and no sign, whatever their indices."""
    if atom.kind == "step":
        return e > 0 and all(_anywhere(a, k) for m in atom.args[0].terms for a, k in m)
    return e > 0 and atom.kind in ("variable", "index", "delta")


PIVOTS = ("variable", "exp", "function", "unknown")
LARGEST_NUMBER = 10**60  # that is still factored

# Each kind of atom is rebuilt, when its parts change, by its constructor here: (old atom, indices, args) -> Poly.
REBUILD: dict[str, Callable[[Atom, tuple[Affine, ...], tuple[Poly, ...]], Poly]] = {}


def substitute_atom(atom: Atom, values: Mapping[Leaf, Affine]) -> Poly:
    """The atom with leaves replaced. Bound names never meet the values': see `Atom.level`."""
    if atom.leaves.isdisjoint(values):
        return single(atom)
    indices = tuple(substitute_index(i, values) for i in atom.indices)
    args = tuple(substitute(a, values) for a in atom.args)
    return REBUILD[atom.kind](atom, indices, args)


def substitute_powers(powers: Mapping[Atom, Exponent], values: Mapping[Leaf, Affine]) -> Poly:
    untouched = {a: e for a, e in powers.items() if a.leaves.isdisjoint(values)}
    result = monomial(untouched)
    for atom, e in powers.items():
        if atom not in untouched:
            known = atom.positive and atom.kind != "variable"  # for every value in the range
            result = result * power(substitute_atom(atom, values), e, atom.under, known)
    return result


def substitute(poly: Poly, values: Mapping[Leaf, Affine]) -> Poly:
    if poly.leaves.isdisjoint(values):
        return poly
    return total(substitute_powers(dict(m), values).scale(c) for m, c in poly.terms.items())


def never_negative(m: Monomial) -> bool:
    """True if a product is provably ≥ 0: of factors ≥ 0, even powers and roots."""
    return all(a.nonnegative or e.denominator != 1 or e % 2 == 0 for a, e in m)


def is_nonnegative(poly: Poly) -> bool:
    """True if the polynomial is provably ≥ 0: no term is negative."""
    return all(c > 0 and never_negative(m) for m, c in poly.terms.items())


def is_positive(poly: Poly) -> bool:
    """True if the polynomial is provably > 0: no term is negative, and one is a product of positive atoms."""
    return (
        bool(poly.terms)
        and all(c > 0 and never_negative(m) for m, c in poly.terms.items())
        and any(all(a.positive for a, _ in m) for m in poly.terms)
    )


def power(poly: Poly, exponent: Exponent, under: Reasoning, positive: bool = False) -> Poly:
    """poly^exponent for a rational exponent; `positive` says that the base is known to be > 0.

    (c Π a^e)^r = c^r Π a^(e r) holds for integers r wherever no factor is 0, and for fractions r where the factors that
    are taken out are > 0; |a|^(2k) = a^(2k) lets even powers out too. What can't be taken out is kept whole in a
    "quotient" atom: Q^r, with the relations of `quotient_relations`. A base that is ±A by a step has the powers of A.
    """
    if exponent == 1:
        return poly
    if exponent.denominator == 1 and exponent > 0:
        return integer_power(poly, int(exponent))
    if not poly:
        if exponent > 0:
            return ZERO
        raise Undefined("division by zero")
    if exponent.denominator == 1:
        return _whole_power(poly, int(exponent), under, positive)
    outside, inside = take_out(poly, integer=False)
    m, c = outside
    root = square_root(inside) if (2 * exponent).denominator == 1 else None
    if root is not None:
        result = number_power(c, exponent, under) * monomial({a: e * exponent for a, e in m.items()})
        size = power(root, int(2 * exponent), under)
        sign = REBUILD["step"](_any(root), (), (root,)).scale(Fraction(2)) - ONE
        return result * size * (sign if 2 * exponent % 2 else ONE)
    result = number_power(c, exponent, under) * monomial({a: e * exponent for a, e in m.items()})
    if inside == ONE:
        return result
    if inside.single:
        result, inside = even_powers(result, inside, exponent)
        if inside == ONE:
            return result
    if not (positive or is_positive(inside)):
        for condition in needs("positive" if exponent < 0 else "nonnegative", inside):
            under.require(*condition)
    if is_size(inside):
        ((size, e),) = REBUILD["size"](_any(inside), (), (without_signs(inside),)).single[0]  # type: ignore[index]
        return result * monomial({size: e * exponent})
    if inside.single and len(inside.single[0]) == 1 and inside.single[1] > 0:
        ((atom, e),), c = inside.single
        return result * number_power(c, exponent, under) * monomial({atom: e * exponent})
    positive = positive or is_positive(inside)
    return result * monomial({Atom(under, "quotient", args=(inside,), positive=positive): exponent})


def _whole_power(poly: Poly, exponent: int, under: Reasoning, positive: bool) -> Poly:
    """poly^exponent for a negative whole exponent, where the base is not 0."""
    (m, c), inside = take_out(poly, integer=True)
    for a in dict(inside.single[0]) if inside.single else ():
        if a.kind == "delta":
            raise Undefined("division by a δ, which is zero for some indices")
        under.require("nonzero", single(a))
    for a in m:
        if not (a.positive or positive):
            under.require("nonzero", single(a))
    result = number_power(c, exponent, under) * monomial({a: e * exponent for a, e in m.items()})
    if inside.single:
        return result
    signed = up_to_sign(inside)
    if signed is not None:
        base, sign = signed
        return result * _whole_power(base, exponent, under, positive) * (sign if exponent % 2 else ONE)
    positive = positive or is_positive(inside)
    if not positive:
        under.require("nonzero", inside)
    return result * monomial({Atom(under, "quotient", args=(inside,), positive=positive): exponent})


def square_root(poly: Poly) -> Poly | None:
    """r for poly = r², r of several terms; found from one of its squares, and verified."""
    if len(poly.terms) < 3:
        return None
    for m, c in poly.terms.items():
        exact = Fraction(isqrt(max(c.numerator, 0)), isqrt(c.denominator))
        if not m or exact**2 != c or not all(e.denominator == 1 and e % 2 == 0 for _, e in m):
            continue
        half = {a: e // 2 for a, e in m}
        others = {
            n: k for n, k in poly.terms.items() if n != m and all(dict(n).get(a, 0) == e for a, e in half.items())
        }
        rest = (monomial({a: e for a, e in n if a not in half}).scale(k / (2 * exact)) for n, k in others.items())
        root = monomial(half).scale(exact) + total(rest)
        if len(root.terms) > 1 and root * root == poly:
            return root
    return None


def up_to_sign(poly: Poly) -> tuple[Poly, Poly] | None:
    """A and 2 s − 1 for poly = (2 s − 1) A, s a step or the like."""
    for s in {a: None for m in poly.terms for a, e in m if a.kind in IDEMPOTENT and e == 1}:
        on = total(monomial({a: e for a, e in m if a != s}).scale(c) for m, c in poly.terms.items())
        off = total(monomial(dict(m)).scale(c) for m, c in poly.terms.items() if s not in dict(m))
        if on and not (on + off):
            return on, single(s).scale(Fraction(2)) - ONE
    return None


def without_signs(poly: Poly) -> Poly:
    """A for poly = ±A, the signs by steps and the like: x for |x|."""
    found = up_to_sign(poly)
    return poly if found is None else without_signs(found[0])


def is_size(poly: Poly) -> bool:
    """True of |x|."""
    inner = without_signs(poly)  # a number for |sign x|
    return inner is not poly and inner.constant is None and REBUILD["absolute"](_any(inner), (), (inner,)) == poly


def _any(poly: Poly) -> Atom:
    return next(a for m in poly.terms for a, _ in m)


def needs(kind: str, poly: Poly) -> list[tuple[str, Poly]]:
    """The same condition in parts: a product is not 0 where no factor is, and |x| and x² are > 0 where x is not 0."""
    if kind == "nonnegative" and (is_nonnegative(poly) or is_size(poly)):
        return []
    if kind == "positive" and (is_nonnegative(poly) or is_size(poly)):
        kind = "nonzero"
    if kind != "nonzero" or not poly:
        return [(kind, poly)]
    (powers, _), rest = take_out(without_signs(poly), integer=True)
    if any(a.kind in IDEMPOTENT for m in rest.terms for a, _ in m) and up_to_sign(rest) is not None:
        rest = without_signs(rest)
    inside = [] if rest.constant is not None else [("nonzero", rest)]
    return [*(("nonzero", single(a)) for a in powers if not a.positive), *inside]


def take_out(poly: Poly, integer: bool) -> tuple[tuple[Powers, Fraction], Poly]:
    """poly = c · m · rest: the common monomial, and the greatest number that leaves whole coefficients.

    With `integer` c has the sign of the first term; without, only positive atoms and numbers are taken out.
    """
    common: Powers = {}
    monomials = [dict(m) for m in poly.terms]
    for atom in sorted({a for m in monomials for a in m}, key=lambda a: a.key):
        least = min(m.get(atom, 0) for m in monomials)
        if least and atom.kind not in IDEMPOTENT and (integer or atom.positive):
            common[atom] = least
    rest = total(
        monomial(
            {a: e - common.get(a, 0) for a, e in m.items()} | {a: -e for a, e in common.items() if a not in m}
        ).scale(c)
        for m, c in zip(monomials, poly.terms.values(), strict=True)
    )
    first = rest.terms[min(rest.terms, key=lambda m: render_monomial(m, {}))]
    coefficients = rest.terms.values()
    c = Fraction(gcd(*(k.numerator for k in coefficients)), lcm(*(k.denominator for k in coefficients)))
    c = -c if integer and first < 0 else c
    return (common, c), rest.scale(1 / c)


def times(poly: Poly, powers: Mapping[Atom, Exponent]) -> Poly:
    """poly · Π powers, the exponents added term by term, so that Q^(−1) Q is 1 and not multiplied out."""
    return total(
        monomial({**powers, **{a: powers.get(a, 0) + e for a, e in m}}).scale(c) for m, c in poly.terms.items()
    )


def over_one_denominator(poly: Poly) -> tuple[Poly, Powers]:
    """poly = numerator / Π Q^e, e ≥ 0: no quotient has a negative power in the numerator.

    Q ≠ 0 is a side condition of Q^(−1), noted when that was formed, so the polynomial is 0 exactly where its numerator
    is. Where terms can cancel, their exponents of Q differ by whole numbers k: Q^k is multiplied out.
    """
    denominator: Powers = {}
    for _ in range(12):
        lowest: Powers = {}
        for m in poly.terms:
            for atom, e in m:
                if atom.kind == "quotient" and e < 0:
                    lowest[atom] = min(e, lowest.get(atom, 0))
        if not lowest:
            break
        atom = min(lowest, key=lambda a: (a.level, a.key))
        denominator[atom] = denominator.get(atom, 0) - lowest[atom]
        poly = times(poly, {atom: -lowest[atom]})
    return poly, denominator


def even_powers(result: Poly, inside: Poly, exponent: Exponent) -> tuple[Poly, Poly]:
    """(a² b)^r = |a|^(2r) b^r, with |a|^(2r) = a^(2r) for even 2r and a^(2r) (2 step(a) − 1) for odd 2r."""
    m, c = inside.single  # type: ignore[misc]
    left: Powers = {}
    for atom, e in m:
        if e % 2 or (e * exponent).denominator != 1:
            left[atom] = e
            continue
        result = result * monomial({atom: e * exponent})
        if (e * exponent) % 2:
            result = result * (REBUILD["step"](atom, (), (single(atom),)).scale(Fraction(2)) - ONE)
    return result, monomial(left).scale(c)


def number_power(c: Fraction, exponent: Exponent, under: Reasoning) -> Poly:
    """c^exponent, roots of numbers as products of roots of primes."""
    if c == 1:
        return ONE
    if abs(exponent) > LARGEST_POWER or max(abs(c.numerator), c.denominator) > LARGEST_NUMBER:
        raise TooLarge(f"{c} to the power {exponent}")
    if exponent.denominator == 1:
        return number(c ** int(exponent))
    result = number(1)
    for base, sign in ((c.numerator, 1), (c.denominator, -1)):
        for prime, multiplicity in factorint(base, limit=10**4).items():
            e = Fraction(multiplicity * sign) * exponent
            whole = e.numerator // e.denominator
            result = result.scale(Fraction(prime) ** whole)
            if e != whole:
                result = result * single(Atom(under, "prime", str(prime), positive=True), e - whole)
    return result


def pivot_of(q: Poly, kinds: tuple[str, ...] = PIVOTS) -> tuple[Monomial, Fraction] | None:
    """A term of Q to eliminate beside 1/Q: the highest power of an atom, or a product of atoms in no other term.

    Then what replaces it has less of these atoms, and elimination ends. Plain symbols come first.
    """
    choices = []
    for m, c in q.terms.items():
        others = [dict(other) for other in q.terms if other != m]
        highest = len(m) == 1 and all(other.get(m[0][0], 0) < m[0][1] for other in others)
        alone = all(x not in other for x, _ in m for other in others)
        if m and (highest or alone) and all(d > 0 and x.kind in kinds for x, d in m):
            choices.append((len(m), any(x.leaves for x, _ in m), [(x.kind, x.key) for x, _ in m], m, c))
    return min(choices, key=lambda choice: choice[:3])[3:] if choices else None
