"""Indices as they are written: `2 i − 1` with i = Idx("i", (1, n)) is affine in leaves that carry their ranges."""

from functools import cache
from typing import Any

from sympy import Add, Expr, Idx, Integer, Mul, Pow, Symbol

from derivations.engine.language.fold import Env, NoFormula
from derivations.engine.language.indices import Affine, Leaf, affine, plain


def leaf_of(k: Idx, limits=None) -> Leaf:
    """An index with its range."""
    if not isinstance(k, (Idx, Symbol)):
        raise NoFormula(f"{k} is bound, and is no index")
    lower, upper = (k.lower, k.upper) if limits is None else limits
    if lower is None or not isinstance(lower, Integer):
        raise NoFormula(f"index {k} has no range that starts at a whole number: write Idx({str(k)!r}, (1, n))")
    if not whole(upper):
        raise NoFormula(f"index {k} runs to {upper}: a range ends at a number or at a polynomial in dimensions")
    return Leaf(str(k.name), int(lower), upper)


@cache
def whole(end: Any) -> bool:
    """True of a polynomial in dimensions with whole coefficients."""
    if not isinstance(end, Expr) or not all(s.is_integer and s.is_positive for s in end.free_symbols):
        return False
    if isinstance(end, (Add, Mul)):
        return all(map(whole, end.args))
    if isinstance(end, Pow):
        return isinstance(end.exp, Integer) and 0 < int(end.exp) <= 8 and whole(end.base)
    return isinstance(end, Integer) or (isinstance(end, Symbol) and not isinstance(end, Idx))


def index_expression(e: Expr, env: Env) -> Affine:
    """An index: affine in Idx's, with integer coefficients."""
    if e in env:
        return plain(env[e])
    if isinstance(e, Idx):
        return plain(leaf_of(e))
    if isinstance(e, Integer):
        return Affine(int(e), ())
    constant, terms = 0, []
    for part in Add.make_args(e):
        c, rest = part.as_coeff_Mul()
        if not c.is_Integer or not (rest == 1 or rest in env or isinstance(rest, Idx)):
            raise NoFormula(
                f"index {rest} has no range: write Idx({str(rest)!r}, (1, n))"
                if e.is_Symbol
                else f"index {e} is not a sum of indices with whole coefficients"
            )
        if rest == 1:
            constant += int(c)
        else:
            terms.append((env[rest] if rest in env else leaf_of(rest), int(c)))
    return affine(constant, terms)
