"""What a node binds, and which indices of a formula are free."""

from functools import cache

from sympy import Basic, Idx, Indexed, IndexedBase, Symbol, Tuple

from claims.numbers import Refused

BINDERS, APART = ("Maximum", "FieldValue", "Determinant", "Inverse"), {"FieldValue": 2, "Inverse": 1}


def free_indices(e: Basic) -> frozenset:
    """The indices with a range that nothing in the formula binds."""
    return frozenset(k for k in _free(e) if isinstance(k, Idx))


@cache
def _free(e: Basic) -> frozenset:
    if isinstance(e, (Symbol, Idx)):
        return frozenset((e,))
    if isinstance(e, IndexedBase):
        return frozenset()
    if isinstance(e, Indexed):
        return frozenset().union(*map(_free, e.indices))
    limits = limits_of(e)
    apart = APART.get(type(e).__name__, 0)  # arguments that stand before the binder
    bound = len(limits) if type(e).__name__ in ("Sum", "Product") else 1
    inner = frozenset().union(*(_free(a) for a in (e.args[apart:-bound] if limits else e.args[apart:])))
    for k, lower, upper in limits:  # the first limit is the innermost
        inner = (inner - {k}) | _free(lower) | _free(upper)
    return inner.union(*(_free(a) for a in e.args[:apart]))


def limits_of(e: Basic) -> tuple:
    """What the node binds: (dummy, lower, upper), the innermost first."""
    name = type(e).__name__
    if name in ("Sum", "Product"):
        if any(len(limit) != 3 for limit in e.limits):
            raise Refused("a sum without a range")
        return tuple(e.limits)
    if name in BINDERS and isinstance(e.args[-1], Tuple):
        last = e.args[-1]
        return tuple(map(tuple, last)) if last and isinstance(last[0], Tuple) else (tuple(last),) if last else ()
    return ()
