"""Ranges that end at another index, written over the whole range with a mask: Σ_{k ≤ i} f_k = Σ_k step(i − k) f_k.

The mask takes the values 0 and 1; what stands outside of the range that was written is multiplied by 0. A product over
such a range gets the factor 1 there: Π_{k ≤ i} f_k = Π_k (1 + step(i − k) (f_k − 1)).
"""

from typing import Any

from sympy import Basic, Expr, Idx, Integer, Mul, Product, Sum, Symbol, Tuple

from derivations.engine.language.fold import NoFormula
from derivations.engine.language.nodes import atoms
from derivations.engine.language.renaming import free_indices
from derivations.engine.language.vocabulary import step


def with_masks(e: Any) -> Any:
    """The formula with every sum and product over the whole range of its index."""
    if not isinstance(e, Basic) or not any(_depends(s) for s in atoms(e, Sum, Product)):
        return e
    args = [with_masks(a) for a in e.args]
    if not isinstance(e, (Sum, Product)):
        return e.func(*args, evaluate=False) if getattr(e, "is_Relational", False) else e.func(*args)
    body, *limits = args
    for position in reversed(range(len(limits))):  # the last limit is the outermost
        body, limits = _masked(type(e), body, limits, position)
    return e.func(body, *limits)


def _depends(e: Any) -> bool:
    """Whether an end of a range holds an index, or a dummy that another limit binds."""
    dummies = {limit[0] for limit in e.limits}
    ends = [end for limit in e.limits for end in limit[1:]]
    return any(end.has(Idx) or not dummies.isdisjoint(end.free_symbols) for end in ends)


def _masked(kind: type, body: Expr, limits: list, position: int) -> tuple[Expr, list]:
    limit = limits[position]
    if len(limit) != 3:
        raise NoFormula(f"the sum over {limit[0]} has no range: write Sum(…, ({limit[0]}, 1, n))")
    k, lower, upper = limit
    low, high = _outer(lower, -1), _outer(upper, 1)
    declared = isinstance(k, Idx) and k.lower is not None and not free_indices(Tuple(k.lower, k.upper))
    if declared and (low, high) != (lower, upper):
        low, high = k.lower, k.upper
    new = k if declared and (k.lower, k.upper) == (low, high) else Idx(str(k.name), (low, high))
    inner = [_put(entry, k, new) for entry in limits[:position]]
    mask = Mul(step(upper - new) if upper != high else 1, step(new - lower) if lower != low else 1)
    inside: Any = body.xreplace({k: new})
    whole = mask * inside if kind is Sum else inside if mask == 1 else 1 + mask * (inside - 1)
    return whole, [*inner, Tuple(new, low, high), *limits[position + 1 :]]


def _put(limit: Tuple, k: Any, new: Idx) -> Tuple:
    return Tuple(limit[0], *(end.xreplace({k: new}) for end in limit[1:]))


def _outer(end: Any, side: int) -> Any:
    """An end of the smallest plain range around every value of `end`: that of i for i − 1, by bounds for 2 i − 1."""
    indices = sorted(free_indices(end), key=str)
    if not indices:
        return end
    i, rest = indices[0], end - indices[0]
    if len(indices) == 1 and isinstance(rest, Integer) and side * rest <= 0:
        return i.upper if side > 0 else i.lower
    for i in indices:
        c = end.coeff(i)
        if not isinstance(c, Integer) or free_indices(end - c * i) & {i}:
            raise NoFormula(f"a range ends at {end}, which is not a sum of indices with whole coefficients")
        end = end - c * i + c * (i.upper if (c > 0) == (side > 0) else i.lower)
    if any(not isinstance(s, Symbol) or isinstance(s, Idx) for s in end.free_symbols):
        raise NoFormula(f"a range ends at {end}")
    return end
