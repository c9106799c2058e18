"""The constructors of atoms: each applies its function's laws and returns a polynomial.

Every law's docstring says why it is sound and which side condition it needs.
"""

from fractions import Fraction

from sympy import factorint

from derivations.engine.kernel.assumptions import Reasoning, Undefined
from derivations.engine.kernel.conditions import possible_signs
from derivations.engine.kernel.powers import (
    REBUILD,
    is_nonnegative,
    is_positive,
    is_size,
    needs,
    over_one_denominator,
    pivot_of,
    power,
    take_out,
    times,
    without_signs,
)
from derivations.engine.kernel.signs import TWO, absolute_power, oriented, size, step
from derivations.engine.kernel.terms import (
    ONE,
    ZERO,
    Atom,
    Exponent,
    Poly,
    Powers,
    integer_power,
    monomial,
    number,
    single,
    total,
)
from derivations.engine.kernel.whole import delta, index_value
from derivations.engine.language.indices import Affine
from derivations.engine.language.words import BY_NAME


def variable(under: Reasoning, name: str, indices: tuple[Affine, ...] = ()) -> Poly:
    """An entry or a symbol, with the sign that it was declared to have or that a hypothesis gives to it."""
    sign = under.sign_of(name, indices)
    atom = Atom(
        under, "variable", name, indices, positive=sign == "positive", nonnegative=sign in ("positive", "nonnegative")
    )
    return monomial({atom: 1})


def constant(under: Reasoning, name: str) -> Poly:
    """π."""
    return single(Atom(under, "constant", name, positive=True))


def exp(under: Reasoning, argument: Poly) -> Poly:
    """exp(Σ c m) = Π exp(m)^c, and exp(c log |x|) = |x|^c."""
    result = ONE
    for m, c in argument.terms.items():
        if len(m) == 1 and m[0][1] == 1 and m[0][0].kind == "log":
            factor = _size_power(under, m[0][0].args[0], _exponent(c))
        else:
            positive = not any(map(_may_be_endless, (a for a, _ in m)))
            atom = Atom(under, "exp", args=(Poly({m: Fraction(1)}),), positive=positive, nonnegative=True)
            factor = single(atom, _exponent(c))
        result = result * factor
    return result


def _may_be_endless(atom: Atom) -> bool:
    """True of log |x| where x may be 0: exp(n log |x|) is |x|^n, and 0 there."""
    if atom.kind == "log" and not is_positive(atom.args[0]) and 0 in possible_signs(atom.under, atom.args[0]):
        return True
    return any(_may_be_endless(a) for p in atom.args for m in p.terms for a, _ in m)


def _size_power(under: Reasoning, x: Poly, c: Exponent) -> Poly:
    """|x|^c."""
    if x.single and len(x.single[0]) == 1 and x.single[0][0][1] == 1 and x.single[1] == 1:
        return absolute_power(under, x.single[0][0][0], c)
    signs = possible_signs(under, x)
    if signs <= {0, 1}:
        return power(x, c, under, positive=True)
    if c.denominator == 1:
        whole_power = power(x, c, under)
        return whole_power * (step(under, x).scale(TWO) - ONE) if c % 2 else whole_power
    return monomial({a: e * c for a, e in size(under, x).single[0]})  # type: ignore[index]


def _exponent(c: Fraction) -> Exponent:
    return int(c) if c.denominator == 1 else c


def log(under: Reasoning, argument: Poly, positive: bool = False) -> Poly:
    """log x, where x > 0 (`positive`: it is known to be), as log |x|."""
    if not (positive or is_positive(argument)):
        _require_positive(under, argument)
    return log_size(under, argument)


def _require_positive(under: Reasoning, argument: Poly) -> None:
    """The factors that stand in it in odd powers have a product > 0, the others are not 0."""
    if is_size(argument) or is_nonnegative(argument):
        found = needs("positive", argument)
    else:
        (powers, c), rest = take_out(argument, integer=True)
        odd = monomial({a: 1 for a, e in powers.items() if e % 2 and not a.positive})
        found = [("nonzero", single(a)) for a, e in powers.items() if e % 2 == 0 and not a.positive]
        found.append(("positive", (odd if is_positive(rest) else odd * rest).scale(Fraction(1 if c > 0 else -1))))
    for condition in found:
        under.require(*condition)


def log_size(under: Reasoning, argument: Poly) -> Poly:
    """log |c Π a^e · rest| = log |c| + Σ e log |a| + log |rest|; log exp m = m. For x > 0 it is log x."""
    if not argument:
        raise Undefined("the logarithm of zero")
    numerator, denominator = over_one_denominator(argument)
    if not argument.single and denominator:
        below = total(_log_atom(under, a.args[0]).scale(Fraction(e)) for a, e in denominator.items())
        return log_size(under, numerator) - below
    (factors, c), rest = take_out(without_signs(argument), integer=True)
    if rest.single and rest.single[0]:
        raise Undefined("the logarithm of what is zero somewhere")
    parts = [_log_number(under, abs(c))]
    for atom, e in factors.items():
        if atom.kind == "parity":
            continue
        inner = atom.args[0] if atom.kind in ("exp", "quotient", "size") else single(atom)
        parts.append((inner if atom.kind == "exp" else _log_atom(under, inner)).scale(Fraction(e)))
    if rest.constant is None:
        parts.append(_log_atom(under, oriented(rest)[0] if not is_positive(rest) else rest))
    return total(parts)


def _log_atom(under: Reasoning, argument: Poly) -> Poly:
    """log |x|."""
    return single(Atom(under, "log", args=(argument,)))


def _log_number(under: Reasoning, c: Fraction) -> Poly:
    return total(
        _log_atom(under, number(prime)).scale(Fraction(sign * multiplicity))
        for base, sign in ((c.numerator, 1), (c.denominator, -1))
        for prime, multiplicity in factorint(base, limit=10**4).items()
    )


def function(under: Reasoning, name: str, arguments: tuple[Poly, ...]) -> Poly:
    """A word's function, at the sign of x that comes first: f(−x) = a + b x + c f(x), such as σ(−x) = 1 − σ(x)."""
    word, (x,) = BY_NAME[name], arguments
    if word.reflection is not None:
        a, b, c = map(Fraction, word.reflection)
        if not x.terms and (a, c) == (0, -1):
            return ZERO
        if x.terms and x.terms[min(x.terms, key=lambda m: "*".join(f"{a.key}^{e}" for a, e in m))] < 0:
            flipped = x.scale(Fraction(-1))
            return number(a) + flipped.scale(b) + function(under, name, (flipped,)).scale(c)
    return single(Atom(under, "function", name, (), arguments, positive=word.sign == 2))


def unknown(under: Reasoning, name: str, arguments: tuple[Poly, ...], indices: tuple[Affine, ...] = ()) -> Poly:
    """A function of which nothing is known, whatever its name."""
    return single(Atom(under, "unknown", name, indices, arguments))


REBUILD.update(
    variable=lambda atom, indices, args: variable(atom.under, atom.name, indices),
    index=lambda atom, indices, args: index_value(atom.under, indices[0]),
    delta=lambda atom, indices, args: delta(atom.under, indices[0], Affine(0, ())),
    exp=lambda atom, indices, args: exp(atom.under, args[0]),
    log=lambda atom, indices, args: log_size(atom.under, args[0]),
    function=lambda atom, indices, args: function(atom.under, atom.name, args),
    unknown=lambda atom, indices, args: unknown(atom.under, atom.name, args, indices),
    quotient=lambda atom, indices, args: args[0],
)


def order_steps(powers: Powers) -> Poly | None:
    """step(x) step(x + c) = step(x) for c > 0: where the first is 1, so is the second."""
    steps = [a for a in powers if a.kind == "step"]
    for a in steps:
        for b in steps:
            if a is not b and is_positive(b.args[0] - a.args[0]):
                return monomial({other: e for other, e in powers.items() if other is not b})
    return None


def fold_primes(powers: Powers) -> Poly | None:
    """2^(3/2) = 2 · 2^(1/2): a prime's exponent is kept in [0, 1)."""
    for atom, e in powers.items():
        if atom.kind == "prime" and not 0 <= e < 1:
            whole = e.numerator // e.denominator
            return monomial(powers | {atom: e - whole}).scale(Fraction(int(atom.name)) ** whole)
    return None


def unfold_quotients(powers: Powers) -> Poly | None:
    """Q^r with r ≥ 1 is Q^(r − whole) · Q^whole, the whole part multiplied out."""
    for atom, e in powers.items():
        if atom.kind == "quotient" and e >= 1:
            whole = e.numerator // e.denominator
            return monomial(powers | {atom: e - whole}) * integer_power(atom.args[0], whole)
    return None


def reduce_quotients(powers: Powers) -> Poly | None:
    """p Q^r = ((Q − rest)/c) Q^r for Q = c p + rest and r < 0: no multiple of the pivot p stands beside Q^r.

    (A partial fraction; for Q = 1 + exp z: exp(z)/Q = 1 − 1/Q.) Where all terms of Q but a number c₀ hold p, its
    negative powers are raised in the same way: 1 = (Q − others)/c₀.
    """
    for atom, e in powers.items():
        if atom.kind != "quotient" or e >= 0:
            continue
        q = atom.args[0]
        pivot = pivot_of(q)
        if pivot is None:
            continue
        p, c = pivot
        if all(powers.get(x, 0) >= d for x, d in p):
            rest = Poly({m: k for m, k in q.terms.items() if m != p})
            base = powers | {x: powers[x] - d for x, d in p}
            return (monomial(base | {atom: e + 1}) - times(rest, base)).scale(1 / c)
        free = q.terms.get((), 0)
        if (
            free
            and all(powers.get(x, 0) <= -d for x, d in p)
            and all(dict(p).items() <= dict(m).items() for m in q.terms if m)
        ):
            return (monomial(powers | {atom: e + 1}) - times(q - number(free), powers)).scale(1 / free)
    return None
