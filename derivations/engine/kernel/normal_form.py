"""From SymPy to the normal form: a formula becomes a Laurent polynomial over atoms (see `terms`, `atoms`, `sums`)."""

from collections.abc import Mapping
from fractions import Fraction
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
from derivations.engine.kernel.powers import power
from derivations.engine.kernel.scope import Undefined, scope
from derivations.engine.kernel.sums import bound, sum_over
from derivations.engine.kernel.terms import ONE, Poly, number, product, total
from derivations.engine.language.calculus import evaluate_derivatives
from derivations.engine.language.domains import known_sign
from derivations.engine.language.fold import NoFormula
from derivations.engine.language.indices import Affine, Leaf, affine, fresh, plain
from derivations.engine.language.vocabulary import FieldValue, Maximum, sigmoid, softplus, step
from derivations.engine.language.words import WORDS

Bound = Mapping[Expr, Leaf]


def normal_form(expression: Expr) -> Poly:
    """The normal form of a well-formed formula, under the hypotheses of the scope."""
    return convert(evaluate_derivatives(expression), {})


def leaf_of(k: Idx, limits=None) -> Leaf:
    """An index with its range."""
    lower, upper = (k.lower, k.upper) if limits is None else limits
    if lower is None or not isinstance(lower, Integer):
        raise NoFormula(f"index {k} has no range that starts at a whole number: write Idx({str(k)!r}, (1, n))")
    return Leaf(str(k.name), int(lower), upper)


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


def convert(e: Expr, env: Bound) -> Poly:
    """The normal form of `e`, the dummies around it being those in `env`."""
    if isinstance(e, Rational):
        return number(Fraction(int(e.p), int(e.q)))
    if e in env or isinstance(e, Idx):
        return atoms.index_value(index_expression(e, env))
    if isinstance(e, NumberSymbol):
        return atoms.exp(ONE) if str(e) == "E" else atoms.variable(str(e), positive=True)
    if isinstance(e, Symbol):
        scope().symbols[e.name] = e
        return atoms.variable(e.name, positive=bool(e.is_positive))
    if isinstance(e, Indexed):
        scope().symbols[str(e.base.label) + "[]"] = e.base
        return atoms.variable(
            str(e.base.label), tuple(index_expression(i, env) for i in e.indices), bool(e.is_positive)
        )
    for kinds, handler in HANDLERS:
        if isinstance(e, kinds):
            return handler(e, env)
    raise NoFormula(f"{type(e).__name__} {e} is not part of the language of formulas")


def _pow(e: Pow, env: Bound) -> Poly:
    base = convert(e.base, env)
    exponent = convert(e.exp, env)
    c, positive = exponent.constant, known_sign(e.base) == 2
    if c is not None and isinstance(e.base, Pow) and e.base.exp.is_even and (int(e.base.exp) * c).denominator == 1:
        return _root_of_even_power(convert(e.base.base, env), int(int(e.base.exp) * c))
    if c is not None:
        return power(base, int(c) if c.denominator == 1 else c, positive)
    return atoms.exp(exponent * atoms.log(base, positive))


def _root_of_even_power(base: Poly, exponent: int) -> Poly:
    """(x^2k)^(e/2k) = |x|^e, for every x ≠ 0, and for 0 where e > 0."""
    return power(base if exponent % 2 == 0 else atoms.absolute(base), exponent)


def _sum(e: Sum, env: Bound) -> Poly:
    env = dict(env)
    dummies = []
    for k, lower, upper in reversed(e.limits):  # the last limit is the outermost sum
        env[k] = fresh(leaf_of(k, (lower, upper)))
        dummies.append(env[k])
    return sum_over(convert(e.function, env), tuple(dummies))


def _product(e: Any, env: Bound) -> Poly:
    """Π_k f_k, factor by factor: exp Σ_k log f_k for f_k > 0; Π_k step(f_k) = step(min_k f_k); else an atom."""
    env = dict(env)
    dummies = []
    for k, lower, upper in reversed(e.limits):
        env[k] = fresh(leaf_of(k, (lower, upper)))
        dummies.append(env[k])
    return product(_product_of(f, env, tuple(dummies)) for f in Mul.make_args(e.function))


def _product_of(factor: Expr, env: Bound, dummies: tuple[Leaf, ...]) -> Poly:
    if isinstance(factor, step):
        greatest = convert(-factor.args[0], env)
        for dummy in dummies:
            greatest = maximum_over(greatest, ONE, dummy)
        return atoms.step(greatest.scale(Fraction(-1)))
    body = convert(factor, env)
    try:
        return atoms.exp(sum_over(atoms.log(body, known_sign(factor) == 2), dummies))
    except Undefined:
        for dummy in dummies:
            body = bound("product", "", (), (body,), dummy)
        return body


def maximum_over(body: Poly, where: Poly, dummy: Leaf) -> Poly:
    """max_k (a + b_k) = a + max_k b_k."""
    fixed = Poly({m: c for m, c in body.terms.items() if not any(dummy in a.leaves for a, _ in m)})
    return fixed + bound("maximum", "", (), (body - fixed, where), dummy)


def _maximum(e: Maximum, env: Bound) -> Poly:
    ((k, lower, upper),) = e.limits
    dummy = fresh(leaf_of(k, (lower, upper)))
    inner = {**env, k: dummy}
    return maximum_over(convert(e.body, inner), convert(e.where, inner), dummy)


def _field(e: FieldValue, env: Bound) -> Poly:
    where = tuple(index_expression(i, env) for i in e.indices)
    if not e.limits:
        return atoms.function(e.name, (convert(e.body, env),), where)
    ((k, lower, upper),) = e.limits
    dummy = fresh(leaf_of(k, (lower, upper)))
    return bound("field", e.name, where, (convert(e.body, {**env, k: dummy}),), dummy)


def _piecewise(e: Any, env: Bound) -> Poly:
    """Branch after branch, each where its condition holds and none before it did."""
    result, left = number(0), ONE
    for value, condition in e.args:
        holds = indicator(condition, env)
        result = result + left * holds * convert(value, env)
        left = left * (ONE - holds)
    return result


def indicator(condition, env: Bound) -> Poly:
    """1 where the condition holds, 0 where it doesn't; x > 0 and x ≥ 0 are the same off x = 0."""
    if isinstance(condition, (BooleanTrue, BooleanFalse)):
        return number(int(bool(condition)))
    if isinstance(condition, And):
        return product(indicator(c, env) for c in condition.args)
    if isinstance(condition, Or):
        return ONE - product(ONE - indicator(c, env) for c in condition.args)
    if isinstance(condition, (Eq, Ne)):
        try:
            equal = atoms.delta(index_expression(condition.lhs, env), index_expression(condition.rhs, env))
        except NoFormula as error:
            raise NoFormula(f"condition {condition} compares neither indices nor signs") from error
        return equal if isinstance(condition, Eq) else ONE - equal
    if not isinstance(condition, Relational):
        raise NoFormula(f"condition {condition} is not an inequality")
    gap = convert(condition.lhs, env) - convert(condition.rhs, env)
    return _is_positive_where(condition, gap)


def _is_positive_where(condition: Relational, gap: Poly) -> Poly:
    if isinstance(condition, Ge):
        return atoms.step(gap)
    if isinstance(condition, Lt):
        return ONE - atoms.step(gap)
    if isinstance(condition, Le):
        return atoms.step(gap.scale(Fraction(-1)))
    if isinstance(condition, Gt):
        return ONE - atoms.step(gap.scale(Fraction(-1)))
    raise NoFormula(f"condition {condition} is not an inequality")


def _function(e: Function, env: Bound) -> Poly:
    name = e.func.__name__
    if not isinstance(e, AppliedUndef):
        if type(e) not in WORDS:
            raise NoFormula(f"function {name} is unknown")
        definition = WORDS[type(e)].definition
        if definition is not None:
            return convert(definition(e.args[0]), env)
    return atoms.function(name, tuple(convert(a, env) for a in e.args))


def _min(e: Min, env: Bound) -> Poly:
    minus = Fraction(-1)
    return atoms.maximum(tuple(convert(a, env).scale(minus) for a in e.args)).scale(minus)


HANDLERS = (
    (Add, lambda e, env: total(convert(a, env) for a in e.args)),
    (Mul, lambda e, env: product(convert(a, env) for a in e.args)),
    (Pow, _pow),
    (exp, lambda e, env: atoms.exp(convert(e.args[0], env))),
    (log, lambda e, env: atoms.log(convert(e.args[0], env), known_sign(e.args[0]) == 2)),
    (KroneckerDelta, lambda e, env: atoms.delta(*(index_expression(a, env) for a in e.args[:2]))),
    (Sum, _sum),
    (Product, _product),
    (Maximum, _maximum),
    (FieldValue, _field),
    (Piecewise, _piecewise),
    ((step, Heaviside), lambda e, env: atoms.step(convert(e.args[0], env))),
    (sign, lambda e, env: atoms.sign(convert(e.args[0], env))),
    (Abs, lambda e, env: atoms.absolute(convert(e.args[0], env))),
    (Max, lambda e, env: atoms.maximum(tuple(convert(a, env) for a in e.args))),
    (Min, _min),
    ((sigmoid, softplus), lambda e, env: atoms.function(type(e).__name__, (convert(e.args[0], env),))),
    (Function, _function),
)
