"""Signs: steps, "is 0", absolute values, maxima, and (−1)^p. All of it holds at ties and kinks, without a condition.

    step(−x) = 1 − step(x) + [x = 0],  sign x = 2 step(x) − 1 − [x = 0],  |x| = x (2 step(x) − 1)

[x = 0] is an atom of its own, "zero", with the values 0 and 1.
"""

from collections.abc import Callable
from fractions import Fraction
from math import lcm

from sympy import Integer

from derivations.engine.kernel.assumptions import Reasoning
from derivations.engine.kernel.conditions import possible_signs
from derivations.engine.kernel.powers import REBUILD, over_one_denominator, pivot_of, power, take_out
from derivations.engine.kernel.terms import (
    IDEMPOTENT,
    ONE,
    ZERO,
    Atom,
    Exponent,
    Monomial,
    Poly,
    Powers,
    monomial,
    number,
    product,
    render_monomial,
    single,
    total,
)
from derivations.engine.kernel.whole import delta, step_of_whole, whole
from derivations.engine.language.indices import Affine, bounds, never_negative

MINUS, TWO = Fraction(-1), Fraction(2)
FACTORS = 3  # a product's sign is the product of its factors' signs up to here


def step(under: Reasoning, argument: Poly) -> Poly:
    """step(x) = 1 for x ≥ 0, else 0. A positive factor drops out; step(−x) = 1 − step(x) + [x = 0].

    A whole number has no kink (see `whole`). The sign of a product is that of its factors, and where a maximum over an
    index is in x, the sign stays.
    """
    if argument.constant is not None:
        return number(int(argument.constant >= 0))
    argument = _floored(under, argument)
    found = whole(under, argument)
    if found is not None:
        return step_of_whole(under, argument, *found)
    inner = _two_valued(argument)
    if inner is not None:
        return _by_cases(under, step, argument, inner)
    (_, _), rest = take_out(argument, integer=False)
    if rest.constant is not None or whole(under, rest) is not None:
        return step(under, rest)
    signs = possible_signs(under, rest)
    if -1 not in signs:
        return ONE
    if 1 not in signs:
        return zero(under, rest)
    if rest.single and _splits(rest.single[0]):
        sign_of_product = _sign_of_product(under, *rest.single)
        return (ONE + sign_of_product + zero(under, rest)).scale(1 / TWO)
    straight, turned = oriented(rest)
    return ONE - _step(under, straight) + zero(under, straight) if turned else _step(under, straight)


def _floored(under: Reasoning, argument: Poly) -> Poly:
    """p + ⌊c⌋ for p + c, p whole: of both the step is the same, as of i − k + 1/2 and i − k."""
    scale = lcm(*(c.denominator for m, c in argument.terms.items() if m))
    constant = argument.terms.get((), Fraction(0)) * scale
    varying = argument.scale(Fraction(scale)) - number(constant)
    if constant.denominator == 1 == scale or whole(under, varying) is None:
        return argument
    return varying + number(constant.numerator // constant.denominator)


def _step(under: Reasoning, argument: Poly) -> Poly:
    return single(Atom(under, "step", args=(argument,)))


def oriented(poly: Poly) -> tuple[Poly, bool]:
    """The polynomial or its negative, whose first term is positive, and whether it was turned; a maximum stays."""
    c = min((render_monomial(m, {}), c) for m, c in poly.terms.items() if m)[1]
    if c > 0 or any(a.kind == "maximum" for m in poly.terms for a, _ in m):
        return poly, False
    return poly.scale(MINUS), True


def zero(under: Reasoning, argument: Poly) -> Poly:
    """[x = 0]: 1 where x is 0, else 0; that of a product says that one of its factors is 0."""
    if argument.constant is not None:
        return number(int(argument.constant == 0))
    inner = _two_valued(argument)
    if inner is not None:
        return _by_cases(under, zero, argument, inner)
    (powers, _), rest = take_out(over_one_denominator(argument)[0], integer=True)
    none = product(ONE - _zero_of_factor(under, a) for a, e in powers.items() if e > 0 and not a.positive)
    if rest.constant is None:
        none = none * (ONE - _zero(under, rest))
    return ONE - none


def _zero_of_factor(under: Reasoning, a: Atom) -> Poly:
    return zero(under, a.args[0]) if a.kind in ("quotient", "size") else _zero(under, single(a))


def _zero(under: Reasoning, rest: Poly) -> Poly:
    constant = rest.terms.get((), Fraction(0))
    if constant.denominator != 1 and whole(under, rest - number(constant)) is not None:
        return ZERO
    found = whole(under, rest)
    if found is not None:
        indices, size = found
        if isinstance(size, Integer):
            return delta(under, Affine(int(size), indices.terms), Affine(0, ()))
        low, high = bounds(indices)
        if never_negative(low + size - 1) or never_negative(-high - size - 1):
            return ZERO
    return ZERO if 0 not in possible_signs(under, rest) else single(Atom(under, "zero", args=(rest,)))


def _two_valued(poly: Poly) -> Atom | None:
    return next((a for m in poly.terms for a, e in m if a.kind == "parity" or (a.kind in IDEMPOTENT and e == 1)), None)


def _by_cases(under: Reasoning, function: Callable[[Reasoning, Poly], Poly], argument: Poly, inner: Atom) -> Poly:
    """f(x(s)) = s f(x(1)) + (1 − s) f(x(0)) for a step, a δ or the like; (1 ± u)/2 for a parity u = ±1."""
    on = single(inner) if inner.kind in IDEMPOTENT else (ONE + single(inner)).scale(1 / TWO)
    other = ZERO if inner.kind in IDEMPOTENT else number(-1)
    first, second = (function(under, with_value(argument, inner, value)) for value in (ONE, other))
    return on * first + (ONE - on) * second


def with_value(poly: Poly, atom: Atom, value: Poly) -> Poly:
    """The polynomial at a value of one of its atoms."""
    return total(
        (monomial({a: e for a, e in m if a != atom}) * (value if atom in dict(m) else ONE)).scale(c)
        for m, c in poly.terms.items()
    )


def _splits(m: Monomial) -> bool:
    return m[0][1] != 1 if len(m) == 1 else len(m) <= FACTORS


def _sign_of_product(under: Reasoning, m: Monomial, c: Fraction) -> Poly:
    """sign(Π a^e): sign a for odd e, [a ≠ 0] for even ones and for roots."""
    signs = (sign(under, single(a)) if isinstance(e, int) and e % 2 else ONE - _zero_of_factor(under, a) for a, e in m)
    return product(signs).scale(Fraction(1 if c > 0 else -1))


def sign(under: Reasoning, argument: Poly) -> Poly:
    """sign x = 2 step(x) − 1 − [x = 0]."""
    return step(under, argument).scale(TWO) - ONE - zero(under, argument)


def heaviside(under: Reasoning, argument: Poly, at_zero: Poly) -> Poly:
    """H(x) = step(x) off 0, and what it was told to be at 0."""
    return step(under, argument) - (ONE - at_zero) * zero(under, argument)


def absolute(under: Reasoning, argument: Poly) -> Poly:
    """|Π a^e (x − y)| = Π |a|^e |x − y|, and |x| = x (2 step(x) − 1)."""
    if argument.constant is not None:
        return number(abs(argument.constant))
    (powers, c), rest = take_out(argument, integer=True)
    result = product(absolute_power(under, a, e) for a, e in powers.items()).scale(abs(c))
    if rest.constant is not None:
        return result.scale(abs(rest.constant))
    straight, _ = oriented(rest)
    return result * straight * (step(under, straight).scale(TWO) - ONE)


def absolute_power(under: Reasoning, a: Atom, e: Exponent) -> Poly:
    """|a|^e, with |a|^(2k) = a^(2k) and |a|^(2k + 1) = a^(2k + 1) (2 step(a) − 1); where e < 0 for a ≠ 0."""
    if a.nonnegative or (e.denominator == 1 and e % 2 == 0):
        return monomial({a: e})
    if e.denominator == 1:
        return monomial({a: e}) * (step(under, single(a)).scale(TWO) - ONE)
    return monomial({Atom(under, "size", args=(single(a),), nonnegative=True): e})


def size(under: Reasoning, argument: Poly) -> Poly:
    """|x| as an atom, whose roots stand in formulas."""
    if argument.constant is not None:
        return number(abs(argument.constant))
    signs = possible_signs(under, argument)
    if signs <= {0, 1} or signs <= {-1, 0}:
        return argument if signs <= {0, 1} else argument.scale(MINUS)
    return single(Atom(under, "size", args=(oriented(argument)[0],), nonnegative=True))


def whole_sizes(powers: Powers) -> Poly | None:
    """|x|^e is a root of |x| with 0 ≤ e < 1, times a whole power of |x|."""
    for atom, e in powers.items():
        if atom.kind == "size" and not 0 <= e < 1:
            count, x = e.numerator // e.denominator, atom.args[0]
            result = monomial({**powers, atom: e - count}) * power(x, count, atom.under)
            return result * (step(atom.under, x).scale(TWO) - ONE) if count % 2 else result
    return None


def maximum(under: Reasoning, arguments: tuple[Poly, ...]) -> Poly:
    """max(a, b) = b + (a − b) step(a − b); of more: Σ_l a_l Π_{m≠l} step(a_l − a_m) where there are no ties."""
    if len(arguments) == 1:
        return arguments[0]
    gaps = [(a, b) for l, a in enumerate(arguments) for b in arguments[:l]]
    if len(arguments) > 2 and all(_differ(under, a - b) for a, b in gaps):
        return total(
            a * product(step(under, a - b) for m, b in enumerate(arguments) if m != l) for l, a in enumerate(arguments)
        )
    *others, last = sorted(arguments, key=lambda poly: poly.key) if len(arguments) > 2 else arguments
    return _greater(under, maximum(under, tuple(others)), last)


def _differ(under: Reasoning, gap: Poly) -> bool:
    return gap.constant != 0 if gap.constant is not None else 0 not in possible_signs(under, gap)


def _greater(under: Reasoning, a: Poly, b: Poly) -> Poly:
    gap = a - b
    if gap.constant is not None:
        return a if gap.constant > 0 else b
    straight, turned = oriented(gap)
    return (a if turned else b) + straight * step(under, straight)


def negative(under: Reasoning, argument: Poly) -> Poly:
    """1 where x < 0 and 0 where x > 0, for x ≠ 0: of −x it is 1 less that of x."""
    if argument.constant is not None:
        return number(int(argument.constant < 0))
    straight, turned = oriented(argument)
    return step(under, straight) if turned else ONE - step(under, straight)


def parity(under: Reasoning, argument: Poly) -> Poly:
    """(−1)^p for a whole number p: (−1)^(p + q) = (−1)^p (−1)^q, and (−1)^s = 1 − 2 s for s of 0 and 1."""
    result, broken = ONE, {m: c % 2 for m, c in argument.terms.items() if c.denominator != 1}
    for m, c in argument.terms.items():
        if c.denominator == 1 and c % 2:
            body = Poly({m: Fraction(1)})
            binary = all(a.kind in IDEMPOTENT for a, _ in m)
            result = result * (ONE - body.scale(TWO) if binary else single(Atom(under, "parity", args=(body,))))
    return result * single(Atom(under, "parity", args=(Poly(broken),))) if broken else result


def known_parities(powers: Powers) -> Poly | None:
    """(−1)^p where something that the claim needs, such as a base that is > 0, says what it is."""
    under = next(iter(powers)).under if powers else None
    for atoms, value in under.parities if under else ():
        if atoms <= powers.keys():
            return monomial({a: e for a, e in powers.items() if a not in atoms}).scale(Fraction(value))
    return None


def signs_at_zero(powers: Powers) -> Poly | None:
    """[q = 0] step(±q) = [q = 0], and [q = 0] p = −[q = 0] rest/c for q = c p + rest."""
    for atom, e in powers.items():
        if atom.kind != "zero" or e != 1:
            continue
        q = atom.args[0]
        for other in powers:
            if other.kind == "step" and (other.args[0] == q or other.args[0] == q.scale(MINUS)):
                return monomial({a: k for a, k in powers.items() if a is not other})
        pivot = pivot_of(q, (*PIVOTS, "sum"))
        if pivot is None or not all(powers.get(x, 0) >= d for x, d in pivot[0]):
            continue
        p, c = pivot
        rest = Poly({m: k for m, k in q.terms.items() if m != p}).scale(-1 / c)
        return rest * monomial({**powers, **{x: powers[x] - d for x, d in p}})
    return None


PIVOTS = ("variable", "exp", "function", "unknown")

REBUILD.update(
    step=lambda atom, indices, args: step(atom.under, args[0]),
    zero=lambda atom, indices, args: zero(atom.under, args[0]),
    absolute=lambda atom, indices, args: absolute(atom.under, args[0]),
    size=lambda atom, indices, args: size(atom.under, args[0]),
    parity=lambda atom, indices, args: parity(atom.under, args[0]),
)
