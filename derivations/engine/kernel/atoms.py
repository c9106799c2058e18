"""The constructors of atoms: each applies its function's laws and returns a polynomial.

Every law's docstring says why it is sound and which side condition it needs.
"""

from fractions import Fraction

from sympy import factorint

from derivations.engine.kernel.assumptions import Reasoning, Undefined
from derivations.engine.kernel.conditions import sign_by_fact
from derivations.engine.kernel.powers import REBUILD, is_positive, over_one_denominator, power, take_out, times
from derivations.engine.kernel.terms import (
    IDEMPOTENT,
    ONE,
    ZERO,
    Atom,
    Exponent,
    Monomial,
    Poly,
    Powers,
    integer_power,
    monomial,
    number,
    product,
    render_monomial,
    single,
    total,
)
from derivations.engine.kernel.whole import delta, index_value, step_of_whole, whole
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
    """exp(Σ c m) = Π exp(m)^c, and exp(c log x) = x^c; log x in the argument says that x > 0."""
    result = ONE
    for m, c in argument.terms.items():
        if len(m) == 1 and m[0][1] == 1 and m[0][0].kind == "log":
            factor = power(m[0][0].args[0], _exponent(c), under)
        else:
            factor = single(Atom(under, "exp", args=(Poly({m: Fraction(1)}),), positive=True), _exponent(c))
        result = result * factor
    return result


def _exponent(c: Fraction) -> Exponent:
    return int(c) if c.denominator == 1 else c


def log(under: Reasoning, argument: Poly, positive: bool = False) -> Poly:
    """log(c Π a^e · rest) = log c + Σ e log a + log rest, where c and every a are > 0; log exp m = m.

    What is taken out of a sum of several terms is positive anyway. A single term with c > 0 parts altogether, with the
    side condition that its factors are positive; with c < 0 the rest keeps its sign: log(−x) stays, for −x > 0.
    """
    if not argument:
        raise Undefined("the logarithm of zero")
    numerator, denominator = over_one_denominator(argument)
    if not argument.single and denominator and all(a.positive for a in denominator):
        below = total(_log_atom(under, a.args[0]).scale(Fraction(e)) for a, e in denominator.items())
        return log(under, numerator, positive) - below
    if argument.single and argument.single[1] > 0:
        (m, c), rest = argument.single, ONE
        factors = dict(m)
    else:
        (factors, c), rest = take_out(argument, integer=False)
    parts = [_log_number(under, c)]
    for atom, e in factors.items():
        if atom.kind in IDEMPOTENT:
            raise Undefined("the logarithm of what is zero somewhere")
        if not atom.positive and not positive:
            under.require("positive", single(atom))
        inner = atom.args[0] if atom.kind in ("exp", "quotient") else single(atom)
        parts.append((inner if atom.kind == "exp" else _log_atom(under, inner)).scale(Fraction(e)))
    if rest != ONE:
        if not positive and not is_positive(rest):
            under.require("positive", rest)
        parts.append(_log_atom(under, rest))
    return total(parts)


def _log_atom(under: Reasoning, argument: Poly) -> Poly:
    return single(Atom(under, "log", args=(argument,)))


def _log_number(under: Reasoning, c: Fraction) -> Poly:
    return total(
        _log_atom(under, number(prime)).scale(Fraction(sign * multiplicity))
        for base, sign in ((c.numerator, 1), (c.denominator, -1))
        for prime, multiplicity in factorint(base, limit=10**4).items()
    )


def step(under: Reasoning, argument: Poly, strict: bool = False) -> Poly:
    """step(x) = 1 for x ≥ 0, else 0. A positive factor drops out; step(−x) = 1 − step(x) for x ≠ 0.

    A whole number has no kink (see `whole`), and where a hypothesis gives the sign of x there is none either; x ≥ 0 is
    not enough for the step of a sign, which is `strict`: sign 0 = 0.
    Where a maximum over an index is in x, x = 0 is no accident but the place that attains it: the sign stays.
    A step s inside takes two values: step(x(s)) = s step(x(1)) + (1 − s) step(x(0)).
    """
    if argument.constant is not None:
        return number(int(argument.constant >= 0))
    found = whole(under, argument)
    if found is not None:
        return step_of_whole(under, argument, *found)
    inner = next((a for m in argument.terms for a, _ in m if a.kind == "step"), None)
    if inner is not None:
        on, off = (step(under, _with_value(argument, inner, value)) for value in (ONE, ZERO))
        return single(inner) * on + (ONE - single(inner)) * off
    (_, _), rest = take_out(argument, integer=False)
    if rest.constant is not None:
        return step(under, rest)
    if is_positive(rest):
        return ONE
    sign = sign_by_fact(under, rest, strict)
    if sign is not None:
        return ONE if sign >= 0 else ZERO
    c = min((render_monomial(m, {}), c) for m, c in rest.terms.items() if m)[1]
    if c > 0 or any(a.kind == "maximum" for m in rest.terms for a, _ in m):
        return single(Atom(under, "step", args=(rest,)))
    under.require("nonzero", rest)
    return ONE - single(Atom(under, "step", args=(rest.scale(Fraction(-1)),)))


def _with_value(poly: Poly, atom: Atom, value: Poly) -> Poly:
    return total(
        (monomial({a: e for a, e in m if a != atom}) * (value if atom in dict(m) else ONE)).scale(c)
        for m, c in poly.terms.items()
    )


def sign(under: Reasoning, argument: Poly) -> Poly:
    """sign x = 2 step(x) − 1 for x ≠ 0."""
    return heaviside(under, argument).scale(Fraction(2)) - ONE


def heaviside(under: Reasoning, argument: Poly) -> Poly:
    """H(x) = step(x) for x ≠ 0."""
    if argument.constant == 0:
        return number(Fraction(1, 2))
    under.require("nonzero", argument)
    return step(under, argument, strict=True)


def absolute(under: Reasoning, argument: Poly) -> Poly:
    """|x| = x (2 step(x) − 1), for every x."""
    return argument * (step(under, argument).scale(Fraction(2)) - ONE)


def maximum(under: Reasoning, arguments: tuple[Poly, ...]) -> Poly:
    """max(a, b) = b + (a − b) step(a − b), for every a and b; for more: Σ_l a_l Π_{m≠l} step(a_l − a_m) off ties."""
    if len(arguments) == 2:
        a, b = arguments
        return b + (a - b) * step(under, a - b)
    for l, a in enumerate(arguments):
        for b in arguments[:l]:
            under.require("nonzero", a - b)
    return total(
        a * product(step(under, a - b) for m, b in enumerate(arguments) if m != l) for l, a in enumerate(arguments)
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
    log=lambda atom, indices, args: log(atom.under, args[0], positive=True),  # as it was, or its condition is noted
    step=lambda atom, indices, args: step(atom.under, args[0], strict=True),  # it may be a sign's
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


def pivot_of(q: Poly) -> tuple[Monomial, Fraction] | None:
    """A term of Q to eliminate beside 1/Q: the highest power of an atom, or a product of atoms in no other term.

    Then what replaces it has less of these atoms, and elimination ends. Plain symbols come first.
    """
    choices = []
    for m, c in q.terms.items():
        others = [dict(other) for other in q.terms if other != m]
        highest = len(m) == 1 and all(other.get(m[0][0], 0) < m[0][1] for other in others)
        alone = all(x not in other for x, _ in m for other in others)
        if (
            m
            and (highest or alone)
            and all(d > 0 and x.kind in ("variable", "exp", "function", "unknown") for x, d in m)
        ):
            choices.append((len(m), any(x.leaves for x, _ in m), [(x.kind, x.key) for x, _ in m], m, c))
    return min(choices, key=lambda choice: choice[:3])[3:] if choices else None
