"""Wrong formulas made of right ones: one part changed at a time."""

from collections.abc import Iterator

from sympy import Add, Derivative, Expr, Idx, Indexed, Integer, KroneckerDelta, Mul, Pow, Product, Sum, Tuple


def mutants(e: Expr, scope: tuple[Idx, ...] = (), whole: bool = True) -> Iterator[tuple[str, Expr]]:
    """Every formula in which one part of `e` is changed, with the name of the change."""
    if whole:
        yield "sign", -e
        yield "factor", 2 * e
    yield from _here(e, scope)
    if isinstance(e, (Idx, Indexed, KroneckerDelta, Derivative)) or not e.args:
        return
    if isinstance(e, (Sum, Product)):
        for name, body in mutants(e.function, scope + tuple(limit[0] for limit in e.limits), whole=False):
            yield name, e.func(body, *e.limits)
        return
    for position, a in enumerate(e.args):
        if isinstance(a, Expr) and not isinstance(a, Tuple):
            for name, new in mutants(a, scope, whole=False):
                yield name, e.func(*e.args[:position], new, *e.args[position + 1 :])


def _here(e: Expr, scope: tuple[Idx, ...]) -> Iterator[tuple[str, Expr]]:
    if isinstance(e, Add):
        for term in e.args:
            yield "sign", e - 2 * term
            yield "factor", e + term
    if isinstance(e, Sum) and len(e.limits) == 1:
        k = e.limits[0][0]
        for other in scope:
            if (other.lower, other.upper) == (k.lower, k.upper) and other != k:
                yield "dropped sum", e.function.xreplace({k: other})
    if isinstance(e, KroneckerDelta):
        yield "dropped δ", Integer(1)
        yield "dropped δ", Integer(0)
    if isinstance(e, (Indexed, KroneckerDelta)):
        yield from (("exchanged index", new) for new in _other_indices(e, scope))
    if isinstance(e, Pow) and e.exp.is_Rational:
        yield "exponent", e.base ** (e.exp + 1)
        yield "exponent", e.base ** (e.exp - 1)
    if isinstance(e, Indexed):
        yield "exponent", e**2
    if isinstance(e, Mul):
        yield from (("dropped factor", Mul(*e.args[:p], *e.args[p + 1 :])) for p in range(len(e.args)))


def _other_indices(e: Expr, scope: tuple[Idx, ...]) -> Iterator[Expr]:
    indices = e.indices if isinstance(e, Indexed) else e.args[:2]
    make = (lambda new: e.base[new]) if isinstance(e, Indexed) else (lambda new: KroneckerDelta(*new))
    for position, k in enumerate(indices):
        for other in scope:
            if isinstance(k, Idx) and other != k and (other.lower, other.upper) == (k.lower, k.upper):
                yield make((*indices[:position], other, *indices[position + 1 :]))
    if len(indices) == 2 and isinstance(e, Indexed):
        yield make((indices[1], indices[0]))
