"""Sizes: JAX's symbolic dimensions as SymPy's, and what is known of numbers made of indices and sizes."""

import ast
from functools import cache
from typing import Any

from sympy import Expr, Idx, Integer, Mul, Symbol, expand

from derivations import dimension
from derivations.reading.arrays import Axis, BySize, Outside

NUMBERS_LAST = "number"  # in an order of factors


def as_size(d: Any) -> Expr:
    """A JAX dimension, a number or a polynomial in symbols, as a formula."""
    return Integer(d) if isinstance(d, int) else polynomial(ast.parse(str(d).replace("^", "**"), mode="eval").body)


def polynomial(node: Any) -> Expr:
    match node:
        case ast.Constant(value=int(value)):
            return Integer(value)
        case ast.Name(id=name):
            return dimension(name)
        case ast.UnaryOp(op=ast.USub(), operand=inner):
            return -polynomial(inner)
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            return polynomial(left) + polynomial(right)
        case ast.BinOp(left=left, op=ast.Sub(), right=right):
            return polynomial(left) - polynomial(right)
        case ast.BinOp(left=left, op=ast.Mult(), right=right):
            return polynomial(left) * polynomial(right)
        case ast.BinOp(left=left, op=ast.Pow(), right=ast.Constant(value=int(power))):
            return polynomial(left) ** power
        case ast.Call(func=ast.Name(id=name), args=[left, right]):
            a, b = polynomial(left), polynomial(right)
            if name in ("max", "min"):
                raise BySize(f"the size {ast.unparse(node)}", str(a - b))
            if b.is_Integer and b > 1:
                raise BySize(f"the size {ast.unparse(node)}", str(a), int(b))
    raise Outside(f"the size {ast.unparse(node)}")


def factors(size: Expr, order: tuple[str, ...] = ()) -> Axis:
    """An axis of this size: a product's factors each get an index of their own, in the order asked for."""
    c, rest = size.as_coeff_Mul()
    parts = [s for b in Mul.make_args(rest) for s in power_of(b)]
    if any(not isinstance(p, Symbol) for p in parts) or not c.is_Integer or c < 1:
        return (size,) if size != 1 else ()
    parts.sort(key=lambda s: (order.index(s.name) if s.name in order else len(order), s.name))
    return tuple(parts) if c == 1 else (*parts, c) if NUMBERS_LAST in order else (c, *parts)


def power_of(e: Expr) -> list[Expr]:
    base, exponent = e.as_base_exp()
    return [] if e == 1 else [base] * int(exponent) if exponent.is_Integer and exponent > 0 else [e]


def is_whole(e: Any) -> bool:
    """True for numbers made of indices and sizes alone, with whole coefficients."""
    return isinstance(e, Expr) and counted(e)


@cache
def counted(e: Expr) -> bool:
    if isinstance(e, (Idx, Integer)):
        return True
    if isinstance(e, Symbol):
        return bool(e.is_integer and e.is_positive)
    return (e.is_Add or e.is_Mul or (e.is_Pow and e.exp.is_Integer and e.exp > 0)) and all(map(counted, e.args))


@cache
def least(e: Expr) -> Expr:
    """A lower bound of a number made of indices and sizes, in sizes alone; each index enters once, to a first power."""
    e = expand(e)
    for k in sorted(e.atoms(Idx), key=str):
        slope: Any = e.coeff(k)
        if slope.atoms(Idx) or expand(e - slope * k).has(k):
            raise Outside(f"the index {e}")
        e = e.subs(k, k.lower if is_never_negative(slope) else k.upper)
    return expand(e)


@cache
def is_never_negative(e: Expr) -> bool:
    """True if a polynomial in sizes is provably ≥ 0, every size being ≥ 1."""
    shifted = expand(e.subs({s: 1 + s for s in e.free_symbols}, simultaneous=True))
    return all(c.is_nonnegative for c in shifted.as_coefficients_dict().values())


def always(gap: Expr) -> bool | None:
    """Is gap ≥ 0 for all values of its indices and sizes? True, never (False), or it depends (None)."""
    if is_never_negative(least(gap)):
        return True
    return False if is_never_negative(least(-gap - 1)) else None
