"""The words of formulas: plain SymPy, and a few names of its own.

An index is a `sympy.Idx` with its range, `Idx("i", (1, n))`, so that it carries its dimension; arrays are
`IndexedBase`s; sums are `Sum(expression, (k, 1, n))`. Nothing here evaluates a formula.
"""

from typing import Any

from sympy import Eq, Expr, Function, Idx, Integer, Product, Sum, Tuple, sympify
from sympy.core.symbol import Str

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


class Binding(Expr):
    """An expression that binds one index over its range, as Sum does: the last argument is (k, lower, upper) or ()."""

    @property
    def limits(self) -> Any:
        return self.args[-1]

    @property
    def free_symbols(self):
        inner = set().union(*(a.free_symbols for a in self.args[:-1]))
        if not self.limits:
            return inner
        k, lower, upper = self.limits
        return (inner - {k}) | lower.free_symbols | upper.free_symbols


class Maximum(Binding):
    """max over k of body, among those k for which `where` is 1 (`where` takes the values 0 and 1).

    Off ties ∂max/∂x = Σ_k where_k step(body_k − max) ∂body_k/∂x: the step is 1 for the k that attains the maximum.
    """

    def __new__(cls, body, k, where=1):
        if isinstance(where, Tuple):  # as SymPy rebuilds it, from its args
            k, where = where, k
        limits = k if isinstance(k, Tuple) else Tuple(k, k.lower, k.upper)
        return super().__new__(cls, sympify(body), sympify(where), limits)

    @property
    def body(self) -> Any:
        return self.args[0]

    @property
    def where(self) -> Any:
        return self.args[1]

    def _latex(self, printer):
        k, _lower, upper = self.limits
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


class FieldValue(Binding):
    """F_j at a number or at a vector; arguments: name, indices, body, (k, lower, upper) or ()."""

    @property
    def name(self) -> str:
        return str(self.args[0])

    @property
    def indices(self) -> Any:
        return self.args[1]

    @property
    def body(self) -> Any:
        return self.args[2]

    @property
    def free_symbols(self):
        inner = self.indices.free_symbols | self.body.free_symbols
        return inner - {self.limits[0]} if self.limits else inner

    def _latex(self, printer):
        lower = "".join(printer._print(i) for i in self.indices)
        return rf"{self.name}_{{{lower}}}\left({printer._print(self.body)}\right)"

    def _sympystr(self, printer):
        return f"{self.name}[{', '.join(map(printer._print, self.indices))}]({printer._print(self.body)})"


def prime(function, argument: int | None = None) -> Any:
    """The derivative of an opaque function: `prime(f)` is the function named f′; of two arguments, f′1 and f′2."""
    if isinstance(function, Field):
        return Field(function.name + "'")
    return Function(function.__name__ + "'" + (str(argument) if argument else ""))
