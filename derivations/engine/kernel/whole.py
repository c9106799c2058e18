"""Whole numbers: indices, deltas, and steps such as step(i − k) for k ≤ i, whose sums are counts."""

from fractions import Fraction
from math import gcd
from typing import Any

from sympy import Expr, Integer

from derivations.engine.kernel.assumptions import Reasoning
from derivations.engine.kernel.size import polynomial
from derivations.engine.kernel.terms import (
    ONE,
    ZERO,
    Atom,
    Monomial,
    Poly,
    Powers,
    integer_power,
    number,
    single,
    total,
)
from derivations.engine.language.indices import (
    Affine,
    Leaf,
    bounds,
    difference,
    inside,
    never_negative,
    never_zero,
    solve,
)

SHIFTS = 8  # step(a + c) is written by step(a) and deltas up to here


def index_value(under: Reasoning, index: Affine) -> Poly:
    """An index used as a number: c + Σ c_k k."""
    parts = [number(index.constant)]
    for leaf, c in index.terms:
        atom = Atom(
            under,
            "index",
            indices=(Affine(0, ((leaf, 1),)),),
            positive=leaf.lower > 0,
            nonnegative=leaf.lower >= 0,
        )
        parts.append(single(atom).scale(Fraction(c)))
    return total(parts)


def delta(under: Reasoning, a: Affine, b: Affine) -> Poly:
    """δ(a − b): 1 where the indices are equal, 0 where they provably never are; symmetric in a and b."""
    gap = difference(a, b)
    if not gap.terms and gap.constant == 0:
        return ONE
    if never_zero(gap):
        return ZERO
    if under.differ(a, b):
        under.used.add("different indices")
        return ZERO
    scale = gcd(gap.constant, *(c for _, c in gap.terms)) * (1 if gap.terms[0][1] > 0 else -1)
    gap = Affine(gap.constant // scale, tuple((leaf, c // scale) for leaf, c in gap.terms))
    return single(Atom(under, "delta", indices=(gap,)))


def whole(under: Reasoning, poly: Poly) -> tuple[Affine, Expr] | None:
    """The polynomial as indices and a rest in dimensions, if it is a whole number at every point; else None."""
    terms, rest = [], Integer(0)
    for m, c in poly.terms.items():
        if c.denominator != 1:
            return None
        if len(m) == 1 and m[0][0].kind == "index" and m[0][1] == 1:
            terms.append((m[0][0].indices[0].plain, int(c)))
            continue
        part: Any = Integer(int(c))
        for atom, e in m:
            symbol = under.symbols.get((atom.name, 0)) if atom.kind == "variable" and not atom.indices else None
            if symbol is None or not (symbol.is_integer and symbol.is_positive) or not (isinstance(e, int) and e > 0):
                return None
            part = part * symbol**e
        rest = rest + part
    return Affine(0, tuple(sorted(terms))), rest


def step_of_whole(under: Reasoning, poly: Poly, indices: Affine, rest: Expr) -> Poly:
    """step(g a + c) = step(a + ⌊c/g⌋); step(−a) = 1 − step(a − 1); step(a − 1) = step(a) − δ(a). No condition."""
    low, high = (end + rest for end in bounds(indices))
    if never_negative(low):
        return ONE
    if never_negative(-high - 1):
        return ZERO
    constant = int(poly.terms.get((), 0))
    scale = gcd(*(int(c) for m, c in poly.terms.items() if m))
    first = min((_order(m), c) for m, c in poly.terms.items() if m)[1]
    varying = (poly - number(constant)).scale(Fraction(1, scale))
    shift = constant // scale
    if first < 0:
        return ONE - _shifted(under, varying.scale(Fraction(-1)), -shift - 1)
    return _shifted(under, varying, shift)


def _order(m: Monomial) -> list[tuple[int, str]]:
    """By names, the engine's own in the order in which they were made."""
    return [(len(name), name) for atom, _ in m for name in [atom.key]]


def _shifted(under: Reasoning, varying: Poly, shift: int) -> Poly:
    found = whole(under, varying)
    assert found is not None
    indices, rest = found
    if rest != 0 or abs(shift) > SHIFTS:
        return single(Atom(under, "step", args=(varying + number(shift),)))
    result = _bounded(under, varying, indices)
    from_, to, sign = (1, shift, 1) if shift > 0 else (shift + 1, 0, -1)
    return result + total(
        delta(under, Affine(t, indices.terms), Affine(0, ())).scale(Fraction(sign)) for t in range(from_, to + 1)
    )


def _bounded(under: Reasoning, varying: Poly, indices: Affine) -> Poly:
    low, high = bounds(indices)
    if never_negative(low):
        return ONE
    return ZERO if never_negative(-high - 1) else single(Atom(under, "step", args=(varying,)))


def counted(under: Reasoning, dummy: Leaf, powers: Powers) -> Poly | None:
    """Σ_k step(i − k) = i − lower + 1, Σ_k step(k − i) = upper − i + 1 for i in the range of k; Σ k = n (n + 1)/2."""
    if len(powers) != 1:
        return None
    ((atom, e),) = powers.items()
    if atom.kind == "index" and dummy.lower == 1 and e in (1, 2, 3) and never_negative(dummy.size):
        n = polynomial(dummy.upper, sorted(dummy.upper.free_symbols, key=str), under)
        triangle = (n * n + n).scale(Fraction(1, 2))
        sums = {1: triangle, 2: (triangle * (n + n + ONE)).scale(Fraction(1, 3)), 3: integer_power(triangle, 2)}
        return sums[int(e)]
    found = whole(under, atom.args[0]) if atom.kind == "step" else None
    if found is None or found[1] != 0:
        return None
    edge = solve(found[0], dummy)
    if edge is None or not inside(edge, dummy):
        return None
    value = index_value(under, edge)
    if dict(found[0].terms)[dummy] < 0:
        return value - number(dummy.lower - 1)
    return polynomial(dummy.upper, sorted(dummy.upper.free_symbols, key=str), under) - value + ONE


def attained(step: Atom, dummies: tuple[Leaf, ...]) -> bool:
    """True of the only dummy's step(±(k − i)) with i in its range: it is 1 at k = i."""
    found = whole(step.under, step.args[0]) if step.kind == "step" and len(dummies) == 1 else None
    edge = solve(found[0], dummies[0]) if found is not None and found[1] == 0 else None
    return edge is not None and inside(edge, dummies[0])
