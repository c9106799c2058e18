"""Dimensions as polynomials: the number of values of an index."""

from fractions import Fraction
from functools import cache

from sympy import Poly as SympyPoly

from derivations.engine.kernel.scope import scope
from derivations.engine.kernel.terms import Atom, Poly, monomial, number, total
from derivations.engine.language.indices import Leaf


@cache
def _size(lower: int, upper) -> Poly:
    expression = upper - lower + 1
    symbols = sorted(expression.free_symbols, key=str)
    if not symbols:
        return number(int(expression))
    terms = SympyPoly(expression, *symbols).terms()
    return total(
        monomial({Atom("variable", s.name, positive=True): e for s, e in zip(symbols, powers, strict=True)}).scale(c)
        for powers, c in ((p, Fraction(int(c.p), int(c.q))) for p, c in terms)
    )


def size(leaf: Leaf) -> Poly:
    """upper − lower + 1."""
    scope().symbols.update({s.name: s for s in leaf.upper.free_symbols})
    return _size(leaf.lower, leaf.upper)
