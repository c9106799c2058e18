"""The derivative of an indexed formula: free of capture, with its deltas contracted."""

from typing import Any

from sympy import (
    Abs,
    Add,
    Derivative,
    Expr,
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
    Sum,
    Symbol,
    Tuple,
    log,
    sign,
    sympify,
)
from sympy.core.function import AppliedUndef
from sympy.core.symbol import Str

from derivations.engine.language.renaming import free_indices, indices_of, renamed, replace_index, unused
from derivations.engine.language.vocabulary import KNOWN, FieldValue, Maximum, prime, step


class UnknownFunction(TypeError):
    """A function whose derivative is not known here."""


def derivative(expression: Expr, with_respect_to: Indexed | Symbol) -> Expr:
    """∂expression/∂x for x an array's element or a symbol; deltas are contracted where an index runs its full range.

    A dummy of the expression that is also an index of x is renamed first: the derivative of Σ_k z_k² by z_k is 2 z_k,
    not Σ_k 2 z_k. At a kink of |·|, max or step the formula is the one that holds beside it.
    """
    return _derivative(sympify(expression), with_respect_to)


def _derivative(e: Any, x: Any) -> Any:
    if e == x:
        return Integer(1)
    if isinstance(e, Indexed):
        if not isinstance(x, Indexed) or e.base != x.base:
            return Integer(0)
        return Mul(*(KroneckerDelta(a, b) for a, b in zip(e.indices, x.indices, strict=True)))
    if isinstance(e, (Sum, Product, Maximum, FieldValue)):
        if isinstance(e, FieldValue) and not e.limits:
            return _unknown_of_number(e, x)
        e = renamed(e, indices_of(x), indices_of(e) | indices_of(x))
        return {Sum: _sum, Product: _product, Maximum: _maximum, FieldValue: _unknown_of_vector}[type(e)](e, x)
    if e.is_Atom or isinstance(e, KroneckerDelta):
        return Integer(0)
    if isinstance(e, Add):
        return Add(*(_derivative(a, x) for a in e.args))
    if isinstance(e, Mul):
        return Add(*(Mul(*e.args[:p], _derivative(a, x), *e.args[p + 1 :]) for p, a in enumerate(e.args)))
    if isinstance(e, Pow):
        return _power(e, x)
    if isinstance(e, Derivative):
        return _derivative(evaluate_derivatives(e), x)
    if isinstance(e, Piecewise):
        branches: Any = e.args
        return Piecewise(*((_derivative(value, x), condition) for value, condition in branches))
    return Add(*(Mul(partial(e, p), inner) for p, a in enumerate(e.args) if (inner := _derivative(a, x)) != 0))


def evaluate_derivatives(e: Any) -> Any:
    """Every unevaluated `Derivative` carried out."""
    if not e.has(Derivative):
        return e
    if isinstance(e, Derivative):
        result = evaluate_derivatives(e.expr)
        for variable in e.variables:
            result = _derivative(result, variable)
        return result
    return e.func(*(evaluate_derivatives(a) for a in e.args))


def partial(e: Expr, position: int) -> Expr:
    """∂f/∂(argument) of a function at its arguments."""
    if isinstance(e, AppliedUndef):
        return prime(e.func, position + 1 if len(e.args) > 1 else None)(*e.args)
    if isinstance(e, Abs):
        return sign(e.args[0])
    if isinstance(e, (sign, Heaviside)):
        return Integer(0)
    if isinstance(e, (Max, Min)):
        others = e.args[:position] + e.args[position + 1 :]
        flip = 1 if isinstance(e, Max) else -1
        return Mul(*(step(flip * (e.args[position] - o)) for o in others))
    if type(e).__name__ not in KNOWN:
        raise UnknownFunction(f"the derivative of {e} is not known")
    return e.fdiff(position + 1)


def _power(e: Pow, x: Expr) -> Expr:
    inner, outer = _derivative(e.base, x), _derivative(e.exp, x)
    return Add(Mul(e.exp, Pow(e.base, e.exp - 1), inner), Mul(e, log(e.base), outer))


def _sum(e: Sum, x: Expr) -> Expr:
    return summed(_derivative(e.function, x), e.limits)


def _product(e: Product, x: Expr) -> Expr:
    """∂ Π_k f_k = Π_k f_k · Σ_k f_k′ / f_k, for f_k ≠ 0."""
    return Mul(e, summed(_derivative(e.function, x) / e.function, e.limits))


def _maximum(e: Maximum, x: Expr) -> Expr:
    return summed(Mul(e.where, step(e.body - e), _derivative(e.body, x)), (e.limits,))


def _unknown_of_number(e: FieldValue, x: Expr) -> Expr:
    return Mul(FieldValue(Str(f"{e.name}'"), e.indices, e.body, e.limits), _derivative(e.body, x))


def _unknown_of_vector(e: FieldValue, x: Expr) -> Expr:
    """∂F_j(z) = Σ_m (∂F_j/∂z_m) ∂z_m; the index m is a new one."""
    k, lower, upper = e.limits
    m = unused(k, indices_of(e) | indices_of(x))
    outer = FieldValue(Str(f"{e.name}'"), Tuple(*e.indices, m), e.body, e.limits)
    return summed(Mul(outer, replace_index(_derivative(e.body, x), k, m)), (Tuple(m, lower, upper),))


def summed(body: Expr, limits) -> Expr:
    """Σ body over the limits, with every delta contracted whose other index runs inside the dummy's range."""
    for limit in limits:
        body = Add(*(_contracted(term, limit) for term in Add.make_args(_distributed(body, limit[0]))))
    return body


def _distributed(body: Expr, k: Idx) -> Expr:
    """A product with a sum of terms in it that hold a delta of k, multiplied out."""
    if not isinstance(body, Mul):
        return Add(*(_distributed(a, k) for a in body.args)) if isinstance(body, Add) else body
    for factor in body.args:
        if isinstance(factor, Add) and any(k in free_indices(d) for d in factor.atoms(KroneckerDelta)):
            rest = Mul(*(a for a in body.args if a is not factor))
            return Add(*(_distributed(Mul(rest, a), k) for a in factor.args))
    return body


def _contracted(term: Expr, limit: Tuple) -> Expr:
    k, lower, upper = limit
    if term == 0:
        return term
    for factor in Mul.make_args(term):
        if isinstance(factor, KroneckerDelta) and k in factor.args:
            other = factor.args[1] if factor.args[0] == k else factor.args[0]
            if isinstance(other, Idx) and (other.lower, other.upper) == (lower, upper):
                return replace_index(Mul(*(f for f in Mul.make_args(term) if f is not factor)), k, other)
    free = [f for f in Mul.make_args(term) if k not in free_indices(f)]
    bound = [f for f in Mul.make_args(term) if k in free_indices(f)]
    if not bound:
        return Mul(upper - lower + 1, *free)
    return Mul(*free, Sum(Mul(*bound), limit))
