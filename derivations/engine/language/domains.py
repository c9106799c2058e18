"""Where formulas are positive by the way they are written, where they have a value, and where they are smooth."""

from functools import lru_cache
from itertools import combinations
from typing import Any

from sympy import (
    Abs,
    Add,
    Eq,
    Expr,
    Ge,
    Gt,
    Heaviside,
    Idx,
    Indexed,
    Integer,
    KroneckerDelta,
    Max,
    Min,
    Mul,
    Ne,
    Piecewise,
    Pow,
    Product,
    Sum,
    Symbol,
    log,
    sign,
)
from sympy.core.relational import Relational

from derivations.engine.language.indices import never_negative
from derivations.engine.language.nodes import atoms, nodes
from derivations.engine.language.vocabulary import Maximum, step
from derivations.engine.language.words import WORDS

NOT_SMOOTH = (Abs, sign, step, Heaviside, Max, Min, Piecewise, Maximum, log, Pow)


@lru_cache(maxsize=4096)
def known_sign(e: Expr) -> int:
    """2 if the formula is provably > 0 by the way it is written, 1 if it is ≥ 0, else 0: squares, exp, sums of such."""
    if e.is_number:
        return 2 if e.is_positive else 1 if e.is_zero else 0
    if (type(e) in WORDS and WORDS[type(e)].sign == 2) or (isinstance(e, (Symbol, Indexed)) and e.is_positive):
        return 2
    if isinstance(e, Add):
        signs = [known_sign(a) for a in e.args]
        return max(signs) if all(signs) else 0
    if isinstance(e, Sum):
        filled = all(never_negative(upper - lower) for _, lower, upper in e.limits)
        return min(known_sign(e.function), 2 if filled else 1)
    if isinstance(e, (Mul, Product)):
        return min(known_sign(a) for a in (e.args if isinstance(e, Mul) else (e.function,)))
    if isinstance(e, Pow):
        even = isinstance(e.exp, Integer) and int(e.exp) % 2 == 0
        return max(known_sign(e.base), 1) if even and e.exp > 0 else known_sign(e.base)
    if isinstance(e, Heaviside):
        return 1 if e.args[1].is_nonnegative else 0  # its value at 0
    return 1 if isinstance(e, (Abs, step, KroneckerDelta)) else 0


def has_value_where(e: Expr) -> Relational | None:
    """What must hold for a logarithm, a quotient, a root … to have a value, where its parts have one."""
    if isinstance(e, Piecewise):
        one = e.args[0][1]
        return one if len(e.args) == 1 and isinstance(one, Relational) and _of_values(one) else None
    if isinstance(e, Maximum):
        k, lower, upper = e.limits[0]
        if e.where != 1:
            return Gt(Sum(e.where, (k, lower, upper)), 0, evaluate=False)
        return None if never_negative(upper - lower) else Ge(upper - lower, 0, evaluate=False)
    if isinstance(e, log):
        return _unless_known(Gt, e.args[0])
    if not isinstance(e, Pow) or e.exp.is_positive:
        whole = not isinstance(e, Pow) or e.exp.is_integer
        return None if whole else _unless_known(Ge, e.base, 1)
    if e.base == 0:  # 0^(n − 1) is 0, and 0^0 nothing
        above = Gt(e.exp, 0)
        return above if isinstance(above, Relational) else None
    return _unless_known(Ne if e.exp.is_integer else Gt, e.base)


def _of_values(condition: Relational) -> bool:
    """Whether it compares anything but indices and sizes."""
    return any(not s.is_integer for s in condition.free_symbols if not isinstance(s, Idx))


def _unless_known(relation: Any, e: Expr, sign: int = 2) -> Relational | None:
    found = relation(e, 0) if known_sign(e) < sign else True
    return None if found == True else relation(e, 0, evaluate=False)  # noqa: E712, SymPy's


def smooth_where(e: Expr, x: Expr) -> tuple[Relational, ...]:
    """What must hold for `derivative` to be the derivative by x: off every kink that x moves, inside every domain."""
    symbol = x.base if isinstance(x, Indexed) else x
    found: list[Any] = []
    for part in nodes(e):
        if not isinstance(part, NOT_SMOOTH) or symbol not in atoms(part, type(symbol)):
            continue
        if isinstance(part, (log, Pow)):
            inner = part.args[0]
            if (isinstance(part, log) or not part.exp.is_integer) and known_sign(inner) < 2:
                found.append(Gt(inner, 0))
            continue
        if isinstance(part, (Max, Min)):
            moved = [symbol in atoms(a, type(symbol)) for a in part.args]
            pairs = combinations(zip(part.args, moved, strict=True), 2)
            found += [Ne(a, b) for (a, moves), (b, too) in pairs if moves or too]
        elif isinstance(part, Piecewise):
            compared = (r for r in nodes(part) if isinstance(r, Relational))
            found += [Ne(r.lhs, r.rhs) for r in compared if symbol in atoms(r, type(symbol))]
        elif isinstance(part, Maximum):
            found.append(Eq(Sum(Mul(part.where, step(part.body - part)), *part.limits), 1))
        else:
            found.append(Ne(part.args[0], 0))
    return tuple(dict.fromkeys(r for r in found if isinstance(r, Relational)))
