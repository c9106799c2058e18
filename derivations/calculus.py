"""The vocabulary of formulas, plain SymPy with a few names of its own, and their derivative.

An index is a `sympy.Idx` with its range, `Idx("i", (1, n))`, so that it carries its dimension; arrays are
`IndexedBase`s; sums are `Sum(expression, (k, 1, n))`. Nothing here evaluates a formula.
"""

from collections.abc import Iterable
from typing import Any
from functools import cache
from itertools import combinations

from sympy import (
    Abs, Add, Basic, Derivative, Eq, Expr, Function, Heaviside, Idx, Indexed, Integer, KroneckerDelta, Max, Min, Mul,
    Ne, Piecewise, Pow, Product, Sum, Symbol, Tuple, exp, log, sign, sympify,
)
from sympy.core.function import AppliedUndef
from sympy.core.relational import Relational
from sympy.core.symbol import Str

from derivations.indices import dimension

__all__ = ["Field", "Maximum", "derivative", "dimension", "equation", "index", "prime", "product", "replace_index",
           "sigmoid", "softplus", "step", "total"]


# SymPy's functions that a formula may contain, beside those that have a rule of their own.
KNOWN = {"exp", "log", "tanh", "sin", "cos", "sinh", "cosh", "sigmoid", "softplus", "step"}


def index(name: str, upper: Expr | int, lower: int = 1) -> Idx:
    """The index lower … upper."""
    return Idx(name, (lower, upper))


def total(expression: Expr, *indices: Idx) -> Sum:
    """Σ of the expression over the whole range of each index."""
    return Sum(expression, *((k, k.lower, k.upper) for k in indices))


def product(expression: Expr, *indices: Idx) -> Product:
    """Π of the expression over the whole range of each index."""
    return Product(expression, *((k, k.lower, k.upper) for k in indices))


def equation(left: Expr, right: Expr) -> Eq:
    """left = right, left as it is written."""
    return Eq(left, right, evaluate=False)


class step(Function):
    """step(x) = 1 for x ≥ 0 and 0 for x < 0; its derivative off the jump is 0."""

    nargs = (1,)

    @classmethod
    def eval(cls, x):
        if x.is_nonnegative:
            return Integer(1)
        if x.is_negative:
            return Integer(0)

    def fdiff(self, argindex=1):
        return Integer(0)


class sigmoid(Function):
    """σ(x) = 1 / (1 + exp(−x)); σ′ = σ (1 − σ)."""

    nargs = (1,)
    is_positive = True

    def fdiff(self, argindex=1):
        return self * (1 - self)

    def _latex(self, printer, exp=None):
        power = f"^{{{exp}}}" if exp else ""
        return rf"\sigma{power}\left({printer._print(self.args[0])}\right)"


class softplus(Function):
    """softplus(x) = log(1 + exp x); its derivative is σ(x)."""

    nargs = (1,)
    is_positive = True

    def fdiff(self, argindex=1):
        return sigmoid(self.args[0])


class _Binding(Expr):
    """An expression that binds one index over its range, as Sum does: the last argument is (k, lower, upper) or ()."""

    @property
    def limits(self) -> Tuple:
        return self.args[-1]  # type: ignore[return-value]

    @property
    def free_symbols(self):
        inner = set().union(*(a.free_symbols for a in self.args[:-1]))
        if not self.limits:
            return inner
        k, lower, upper = self.limits
        return (inner - {k}) | lower.free_symbols | upper.free_symbols


class Maximum(_Binding):
    """max over k of body, among those k for which `where` is 1 (`where` takes the values 0 and 1).

    Off ties ∂max/∂x = Σ_k where_k step(body_k − max) ∂body_k/∂x: the step is 1 for the k that attains the maximum.
    """

    def __new__(cls, body, k, where=1):
        if isinstance(where, Tuple):        # as SymPy rebuilds it, from its args
            k, where = where, k
        limits = k if isinstance(k, Tuple) else Tuple(k, k.lower, k.upper)
        return super().__new__(cls, sympify(body), sympify(where), limits)

    @property
    def body(self) -> Expr:
        return self.args[0]  # type: ignore[return-value]

    @property
    def where(self) -> Expr:
        return self.args[1]  # type: ignore[return-value]

    def _latex(self, printer):
        k, lower, upper = self.limits
        among = "" if self.where == 1 else rf",\ {printer._print(self.where)} = 1"
        return rf"\max_{{{printer._print(k)} \le {printer._print(upper)}{among}}} {printer._print(self.body)}"

    def _sympystr(self, printer):
        where = "" if self.where == 1 else f", where={printer._print(self.where)}"
        return f"Maximum({printer._print(self.body)}, {printer._print(self.limits[0])}{where})"


class Field:
    """An unknown family of functions F_j, of one number, `F[j](x)`, or of a whole vector, `F[j](z[k], k)`."""

    def __init__(self, name: str):
        self.name = name

    def __getitem__(self, indices):
        indices = indices if isinstance(indices, tuple) else (indices,)

        def apply(body, k=None):
            limits = Tuple() if k is None else Tuple(k, k.lower, k.upper)
            return FieldValue(Str(self.name), Tuple(*indices), sympify(body), limits)
        return apply


class FieldValue(_Binding):
    """F_j at a number or at a vector; arguments: name, indices, body, (k, lower, upper) or ()."""

    @property
    def free_symbols(self):
        inner = set().union(self.args[1].free_symbols, self.args[2].free_symbols)
        return inner - {self.limits[0]} if self.limits else inner

    def _latex(self, printer):
        name, indices, body, limits = self.args
        lower = "".join(printer._print(i) for i in indices)
        return rf"{name}_{{{lower}}}\left({printer._print(body)}\right)"

    def _sympystr(self, printer):
        name, indices, body, limits = self.args
        return f"{name}[{', '.join(map(printer._print, indices))}]({printer._print(body)})"


def prime(function, argument: int | None = None) -> Any:
    """The derivative of an opaque function: `prime(f)` is the function named f′; of two arguments, f′1 and f′2."""
    if isinstance(function, Field):
        return Field(function.name + "'")
    return Function(function.__name__ + "'" + (str(argument) if argument else ""))


@cache
def free_indices(expression: Basic) -> frozenset[Idx]:
    """The indices that no sum, product or maximum binds; the variable of an unevaluated derivative counts."""
    if isinstance(expression, Idx):
        return frozenset((expression,))
    inner = frozenset().union(*(free_indices(a) for a in expression.args)) if expression.args else frozenset()
    if isinstance(expression, (Sum, Product)):
        return inner - {limit[0] for limit in expression.limits}
    return inner - {expression.limits[0]} if isinstance(expression, _Binding) and expression.limits else inner


def indices_of(expression: Basic) -> set[Idx]:
    return expression.atoms(Idx)


def replace_index(expression: Expr, old: Idx, new: Expr) -> Expr:
    """The expression with the free index `old` replaced; a dummy that would catch `new` gets another name."""
    if old not in free_indices(expression):
        return expression
    if isinstance(expression, (Sum, Product)):
        expression = _renamed(expression, indices_of(new), indices_of(expression) | indices_of(new))
        return expression.func(replace_index(expression.function, old, new), *expression.limits)
    if isinstance(expression, _Binding) and expression.limits:
        expression = _renamed(expression, indices_of(new), indices_of(expression) | indices_of(new))
        return expression.func(*(replace_index(a, old, new) for a in expression.args[:-1]), expression.limits)
    if expression == old:
        return new
    return expression.func(*(replace_index(a, old, new) for a in expression.args))


def _renamed(expression, avoid: set[Idx], taken: set[Idx]):
    """A Sum, Product, Maximum or field with those of its own dummies renamed that are in `avoid`."""
    if isinstance(expression, (Sum, Product)):
        body, limits = expression.function, list(expression.limits)
        for position, (k, lower, upper) in enumerate(limits):
            if k in avoid:
                new = _unused(k, taken)
                taken = taken | {new}
                body, limits[position] = replace_index(body, k, new), Tuple(new, lower, upper)
        return expression.func(body, *limits)
    k, lower, upper = expression.limits
    if k not in avoid:
        return expression
    new = _unused(k, taken)
    return expression.func(*(replace_index(a, k, new) for a in expression.args[:-1]), Tuple(new, lower, upper))


def _unused(k: Idx, taken: Iterable[Idx]) -> Idx:
    names = {t.name for t in taken}
    name = k.name + "'"
    while name in names:
        name += "'"
    return Idx(name, (k.lower, k.upper))


def derivative(expression: Expr, with_respect_to: Indexed | Symbol) -> Expr:
    """∂expression/∂x for x an array's element or a symbol; deltas are contracted where an index runs its full range.

    A dummy of the expression that is also an index of x is renamed first: the derivative of Σ_k z_k² by z_k is 2 z_k,
    not Σ_k 2 z_k. At a kink of |·|, max or step the formula is the one that holds beside it.
    """
    return _derivative(sympify(expression), with_respect_to)


def _derivative(e: Expr, x: Expr) -> Expr:
    if e == x:
        return Integer(1)
    if isinstance(e, Indexed):
        if not isinstance(x, Indexed) or e.base != x.base:
            return Integer(0)
        return Mul(*(KroneckerDelta(a, b) for a, b in zip(e.indices, x.indices, strict=True)))
    if isinstance(e, (Sum, Product, Maximum, FieldValue)):
        if isinstance(e, FieldValue) and not e.limits:
            return _unknown_of_number(e, x)
        e = _renamed(e, indices_of(x), indices_of(e) | indices_of(x))
        return {Sum: _sum, Product: _product, Maximum: _maximum, FieldValue: _unknown_of_vector}[type(e)](e, x)
    if e.is_Atom or isinstance(e, KroneckerDelta):
        return Integer(0)
    if isinstance(e, Add):
        return Add(*(_derivative(a, x) for a in e.args))
    if isinstance(e, Mul):
        return Add(*(Mul(*e.args[:p], _derivative(a, x), *e.args[p + 1:]) for p, a in enumerate(e.args)))
    if isinstance(e, Pow):
        return _power(e, x)
    if isinstance(e, Derivative):
        return _derivative(evaluate_derivatives(e), x)
    if isinstance(e, Piecewise):
        return Piecewise(*((_derivative(value, x), condition) for value, condition in e.args))
    return Add(*(Mul(_partial(e, p), inner) for p, a in enumerate(e.args)
                 if (inner := _derivative(a, x)) != 0))


def kinks(e: Expr, x: Expr) -> set[Relational]:
    """What must hold for `derivative` to be the derivative by x: off every kink that x moves."""
    symbol = x.base if isinstance(x, Indexed) else x
    found: set[Relational] = set()
    for part in e.atoms(Abs, sign, step, Heaviside, Max, Min, Piecewise, Maximum):
        if symbol not in part.free_symbols and symbol not in part.atoms(type(symbol)):
            continue
        if isinstance(part, (Max, Min)):
            found |= {Ne(a, b) for a, b in combinations(part.args, 2)}
        elif isinstance(part, Piecewise):
            found |= {Ne(r.lhs, r.rhs) for r in part.atoms(Relational) if r.has(Indexed) or r.has(symbol)}
        elif isinstance(part, Maximum):
            found.add(Eq(Sum(Mul(part.where, step(part.body - part)), part.limits), 1))
        else:
            found.add(Ne(part.args[0], 0))
    return {r for r in found if isinstance(r, Relational)}


def evaluate_derivatives(e: Expr) -> Expr:
    """Every unevaluated `Derivative` carried out."""
    if not e.has(Derivative):
        return e
    if isinstance(e, Derivative):
        result = evaluate_derivatives(e.expr)
        for variable, order in e.variable_count:
            for _ in range(int(order)):
                result = _derivative(result, variable)
        return result
    return e.func(*(evaluate_derivatives(a) for a in e.args))


def _partial(e: Expr, position: int) -> Expr:
    """∂f/∂(argument) of a function at its arguments."""
    if isinstance(e, AppliedUndef):
        return prime(e.func, position + 1 if len(e.args) > 1 else None)(*e.args)
    if isinstance(e, Abs):
        return sign(e.args[0])
    if isinstance(e, (sign, Heaviside)):
        return Integer(0)
    if isinstance(e, (Max, Min)):
        others = e.args[:position] + e.args[position + 1:]
        flip = 1 if isinstance(e, Max) else -1
        return Mul(*(step(flip * (e.args[position] - o)) for o in others))
    if type(e).__name__ not in KNOWN:
        raise TypeError(f"the derivative of {e} is not known")
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
    name, indices, body, limits = e.args
    return Mul(FieldValue(Str(f"{name}'"), indices, body, limits), _derivative(body, x))


def _unknown_of_vector(e: FieldValue, x: Expr) -> Expr:
    """∂F_j(z) = Σ_m (∂F_j/∂z_m) ∂z_m; the index m is a new one."""
    name, indices, body, (k, lower, upper) = e.args
    m = _unused(k, indices_of(e) | indices_of(x))
    outer = FieldValue(Str(f"{name}'"), Tuple(*indices, m), body, e.limits)
    return summed(Mul(outer, replace_index(_derivative(body, x), k, m)), (Tuple(m, lower, upper),))


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
