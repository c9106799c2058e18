"""Dimensions as polynomials: the number of values of an index."""

from functools import cache

from sympy import Poly as SympyPoly

from derivations.indices import Leaf
from derivations.terms import Atom, Poly, monomial, number, total


@cache
def _size(lower: int, upper) -> Poly:
    expression = upper - lower + 1
    symbols = sorted(expression.free_symbols, key=str)
    if not symbols:
        return number(int(expression))
    terms = SympyPoly(expression, *symbols).terms()
    return total(monomial({Atom("variable", s.name, positive=True): e for s, e in zip(symbols, powers, strict=True)})
                 .scale(c) for powers, c in ((p, _fraction(c)) for p, c in terms))


def _fraction(c):
    from fractions import Fraction
    return Fraction(int(c.p), int(c.q))


def size(leaf: Leaf) -> Poly:
    """upper − lower + 1."""
    return _size(leaf.lower, leaf.upper)
