"""Dimensions as polynomials: the number of values of an index."""

from fractions import Fraction

from sympy import Expr
from sympy import Poly as SympyPoly

from derivations.engine.kernel.assumptions import Reasoning
from derivations.engine.kernel.powers import REBUILD
from derivations.engine.kernel.terms import Atom, Poly, monomial, number, total
from derivations.engine.language.indices import Leaf, never_negative


def size(leaf: Leaf, under: Reasoning) -> Poly:
    """upper − lower + 1, where that is the number of values for all dimensions; else max(0, upper − lower + 1)."""
    count = leaf.size
    symbols = sorted(count.free_symbols, key=str)
    if not symbols:
        return number(max(0, int(count)))
    value = polynomial(count, symbols, under)
    return value if exact(leaf) else value * REBUILD["step"](_any(value), (), (value,))


def _any(poly: Poly) -> Atom:
    return next(a for m in poly.terms for a, _ in m)


def polynomial(expression: Expr, symbols: list, under: Reasoning) -> Poly:
    if not symbols:
        return number(int(expression))
    under.symbols.update({(s.name, 0): s for s in symbols})
    return total(
        monomial(
            {Atom(under, "variable", s.name, positive=True): e for s, e in zip(symbols, powers, strict=True)}
        ).scale(Fraction(int(c.p), int(c.q)))
        for powers, c in SympyPoly(expression, *symbols).terms()
    )


def never_empty(leaf: Leaf) -> bool:
    """True if the index provably takes a value, for all dimensions."""
    return never_negative(leaf.size - 1)


def exact(leaf: Leaf) -> bool:
    """True if upper − lower + 1 is the number of values for all dimensions: it never is negative."""
    return never_negative(leaf.size)
