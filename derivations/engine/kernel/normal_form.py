"""From SymPy to the normal form: a formula becomes a Laurent polynomial over atoms (see `terms`, `atoms`, `sums`)."""

from collections.abc import Mapping
from fractions import Fraction
from functools import cache
from typing import Any

from sympy import (
    Abs,
    Add,
    Expr,
    Function,
    Heaviside,
    Idx,
    Indexed,
    Integer,
    KroneckerDelta,
    Max,
    Min,
    Mul,
    Piecewise,
    Pow,
    Product,
    Rational,
    Sum,
    Symbol,
    exp,
    log,
    sign,
)
from sympy.core.function import AppliedUndef
from sympy.core.numbers import NumberSymbol
from sympy.core.relational import Eq, Ge, Gt, Le, Lt, Ne, Relational
from sympy.logic.boolalg import And, BooleanFalse, BooleanTrue, Or

from derivations.engine.kernel import atoms
from derivations.engine.kernel.assumptions import Reasoning, Undefined
from derivations.engine.kernel.powers import power
from derivations.engine.kernel.size import never_empty
from derivations.engine.kernel.sums import bound, sum_over
from derivations.engine.kernel.terms import ONE, Poly, number, product, total
from derivations.engine.language.calculus import evaluate_derivatives
from derivations.engine.language.domains import known_sign
from derivations.engine.language.indices import Affine, Leaf, affine, fresh, plain
from derivations.engine.language.vocabulary import KNOWN, FieldValue, Maximum, step

Bound = Mapping[Expr, Leaf]


class NoFormula(ValueError):
    """The expression is not a formula that can be judged."""


def normal_form(expression: Expr, under: Reasoning) -> Poly:
    """The normal form of a well-formed formula."""
    return convert(evaluate_derivatives(expression), {}, under)


def leaf_of(k: Idx, limits=None) -> Leaf:
    """An index with its range."""
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


def index_expression(e: Expr, env: Bound) -> Affine:
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


def convert(e: Expr, env: Bound, under: Reasoning) -> Poly:
    """The normal form of `e`, the dummies around it being those in `env`."""
    if isinstance(e, Rational):
        return number(Fraction(int(e.p), int(e.q)))
    if e in env or isinstance(e, Idx):
        return atoms.index_value(under, index_expression(e, env))
    if isinstance(e, NumberSymbol):
        return atoms.exp(under, ONE) if str(e) == "E" else atoms.constant(under, str(e))
    if isinstance(e, Symbol):
        under.symbols[e.name, 0] = e
        return _entry(e, e.name, (), under)
    if isinstance(e, Indexed):
        under.symbols[str(e.base.label), 1] = e.base
        return _entry(e, str(e.base.label), tuple(index_expression(i, env) for i in e.indices), under)
    for kinds, handler in HANDLERS:
        if isinstance(e, kinds):
            return handler(e, env, under)
    raise NoFormula(f"{type(e).__name__} {e} is not part of the language of formulas")


def _entry(e: Expr, name: str, indices: tuple[Affine, ...], under: Reasoning) -> Poly:
    """A symbol or an array's entry, and what SymPy was told of all of them."""
    if e.is_positive or e.is_nonnegative:
        under.declared[name, len(indices)] = "positive" if e.is_positive else "nonnegative"
    return atoms.variable(under, name, indices)


def _pow(e: Pow, env: Bound, under: Reasoning) -> Poly:
    base = convert(e.base, env, under)
    exponent = convert(e.exp, env, under)
    c, positive = exponent.constant, known_sign(e.base) == 2
    even = isinstance(e.base, Pow) and isinstance(e.base.exp, Integer) and int(e.base.exp) % 2 == 0
    if c is not None and even and (int(e.base.exp) * c).denominator == 1:
        return _root_of_even_power(convert(e.base.base, env, under), int(int(e.base.exp) * c), under)
    if c is not None:
        return power(base, int(c) if c.denominator == 1 else c, under, positive)
    return atoms.exp(under, exponent * atoms.log(under, base, positive))


def _root_of_even_power(base: Poly, exponent: int, under: Reasoning) -> Poly:
    """(x^2k)^(e/2k) = |x|^e, for every x ≠ 0, and for 0 where e > 0."""
    return power(base if exponent % 2 == 0 else atoms.absolute(under, base), exponent, under)


def _sum(e: Sum, env: Bound, under: Reasoning) -> Poly:
    env = dict(env)
    dummies = []
    for k, lower, upper in reversed(e.limits):  # the last limit is the outermost sum
        env[k] = fresh(leaf_of(k, (lower, upper)))
        dummies.append(env[k])
    return sum_over(under, convert(e.function, env, under), tuple(dummies))


def _product(e: Any, env: Bound, under: Reasoning) -> Poly:
    """Π_k f_k, factor by factor: exp Σ_k log f_k for f_k > 0; Π_k step(f_k) = step(min_k f_k); else an atom."""
    env = dict(env)
    dummies = []
    for k, lower, upper in reversed(e.limits):
        env[k] = fresh(leaf_of(k, (lower, upper)))
        dummies.append(env[k])
    return product(_product_of(f, env, tuple(dummies), under) for f in Mul.make_args(e.function))


def _product_of(factor: Expr, env: Bound, dummies: tuple[Leaf, ...], under: Reasoning) -> Poly:
    if isinstance(factor, step) and all(map(never_empty, dummies)):
        greatest = convert(-factor.args[0], env, under)
        for dummy in dummies:
            greatest = maximum_over(under, greatest, ONE, dummy)
        return atoms.step(under, greatest.scale(Fraction(-1)))
    body = convert(factor, env, under)
    try:
        return atoms.exp(under, sum_over(under, atoms.log(under, body, known_sign(factor) == 2), dummies))
    except Undefined:
        for dummy in dummies:
            body = bound(under, "product", "", (), (body,), dummy)
        return body


def maximum_over(under: Reasoning, body: Poly, where: Poly, dummy: Leaf) -> Poly:
    """max_k (a + b_k) = a + max_k b_k."""
    fixed = Poly({m: c for m, c in body.terms.items() if not any(dummy in a.leaves for a, _ in m)})
    return fixed + bound(under, "maximum", "", (), (body - fixed, where), dummy)


def _maximum(e: Maximum, env: Bound, under: Reasoning) -> Poly:
    k, lower, upper = e.limits
    dummy = fresh(leaf_of(k, (lower, upper)))
    inner = {**env, k: dummy}
    return maximum_over(under, convert(e.body, inner, under), convert(e.where, inner, under), dummy)


def _field(e: FieldValue, env: Bound, under: Reasoning) -> Poly:
    where = tuple(index_expression(i, env) for i in e.indices)
    if not e.limits:
        return atoms.unknown(under, e.name, (convert(e.body, env, under),), where)
    k, lower, upper = e.limits
    dummy = fresh(leaf_of(k, (lower, upper)))
    return bound(under, "field", e.name, where, (convert(e.body, {**env, k: dummy}, under),), dummy)


def _piecewise(e: Any, env: Bound, under: Reasoning) -> Poly:
    """Branch after branch, each where its condition holds and none before it did; where none does there is no value."""
    result, left = number(0), ONE
    for value, condition in e.args:
        holds = indicator(condition, env, under)
        result = result + left * holds * convert(value, env, under)
        left = left * (ONE - holds)
    if left:
        under.require("nonzero", ONE - left)
    return result


def indicator(condition, env: Bound, under: Reasoning) -> Poly:
    """1 where the condition holds, 0 where it doesn't; x > 0 and x ≥ 0 are the same off x = 0."""
    if isinstance(condition, (BooleanTrue, BooleanFalse)):
        return number(int(bool(condition)))
    if isinstance(condition, And):
        return product(indicator(c, env, under) for c in condition.args)
    if isinstance(condition, Or):
        return ONE - product(ONE - indicator(c, env, under) for c in condition.args)
    if isinstance(condition, (Eq, Ne)):
        try:
            equal = atoms.delta(under, index_expression(condition.lhs, env), index_expression(condition.rhs, env))
        except NoFormula as error:
            raise NoFormula(f"condition {condition} compares neither indices nor signs") from error
        return equal if isinstance(condition, Eq) else ONE - equal
    if not isinstance(condition, Relational):
        raise NoFormula(f"condition {condition} is not an inequality")
    gap = convert(condition.lhs, env, under) - convert(condition.rhs, env, under)
    return _is_positive_where(condition, gap, under)


def _is_positive_where(condition: Relational, gap: Poly, under: Reasoning) -> Poly:
    if isinstance(condition, Ge):
        return atoms.step(under, gap)
    if isinstance(condition, Lt):
        return ONE - atoms.step(under, gap)
    if isinstance(condition, Le):
        return atoms.step(under, gap.scale(Fraction(-1)))
    if isinstance(condition, Gt):
        return ONE - atoms.step(under, gap.scale(Fraction(-1)))
    raise NoFormula(f"condition {condition} is not an inequality")


def _function(e: Function, env: Bound, under: Reasoning) -> Poly:
    name, arguments = e.func.__name__, tuple(convert(a, env, under) for a in e.args)
    if isinstance(e, AppliedUndef):
        return atoms.unknown(under, name, arguments)
    if name not in KNOWN:
        raise NoFormula(f"function {name} is unknown")
    return atoms.function(under, name, arguments)


def _heaviside(e: Any, env: Bound, under: Reasoning) -> Poly:
    argument = convert(e.args[0], env, under)
    return atoms.step(under, argument) if e.args[1] == 1 else atoms.heaviside(under, argument)


def _min(e: Min, env: Bound, under: Reasoning) -> Poly:
    minus = Fraction(-1)
    return atoms.maximum(under, tuple(convert(a, env, under).scale(minus) for a in e.args)).scale(minus)


HANDLERS = (
    (Add, lambda e, env, under: total(convert(a, env, under) for a in e.args)),
    (Mul, lambda e, env, under: product(convert(a, env, under) for a in e.args)),
    (Pow, _pow),
    (exp, lambda e, env, under: atoms.exp(under, convert(e.args[0], env, under))),
    (log, lambda e, env, under: atoms.log(under, convert(e.args[0], env, under), known_sign(e.args[0]) == 2)),
    (KroneckerDelta, lambda e, env, under: atoms.delta(under, *(index_expression(a, env) for a in e.args[:2]))),
    (Sum, _sum),
    (Product, _product),
    (Maximum, _maximum),
    (FieldValue, _field),
    (Piecewise, _piecewise),
    (step, lambda e, env, under: atoms.step(under, convert(e.args[0], env, under))),
    (Heaviside, _heaviside),
    (sign, lambda e, env, under: atoms.sign(under, convert(e.args[0], env, under))),
    (Abs, lambda e, env, under: atoms.absolute(under, convert(e.args[0], env, under))),
    (Max, lambda e, env, under: atoms.maximum(under, tuple(convert(a, env, under) for a in e.args))),
    (Min, _min),
    (Function, _function),
)
