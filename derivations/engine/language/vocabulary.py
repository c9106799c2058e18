"""The words of formulas: plain SymPy, and a few names of its own.

An index is a `sympy.Idx` with its range, `Idx("i", (1, n))`, so that it carries its dimension; arrays are
`IndexedBase`s; sums are `Sum(expression, (k, 1, n))`. Nothing here evaluates a formula.
"""

from typing import Any

from sympy import Eq, Expr, Function, Idx, Integer, Product, Sum, Tuple, exp, log, pi, sqrt, sympify, tanh
from sympy.core.symbol import Str


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
    is_nonnegative = True

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


class silu(Function):
    """silu(x) = x σ(x)."""

    nargs = (1,)
    is_real = True

    def fdiff(self, argindex=1):
        x = self.args[0]
        return sigmoid(x) * (1 + x * (1 - sigmoid(x)))


class mish(Function):
    """mish(x) = x tanh(softplus(x))."""

    nargs = (1,)
    is_real = True

    def fdiff(self, argindex=1):
        x = self.args[0]
        inner = tanh(softplus(x))
        return inner + x * (1 - inner**2) * sigmoid(x)


class Phi(Function):
    """Φ(x) = (1 + erf(x/√2)) / 2, the normal distribution's; its derivative is φ(x) = exp(−x²/2) / √(2π)."""

    nargs = (1,)
    is_positive = True

    def fdiff(self, argindex=1):
        return exp(-(self.args[0] ** 2) / 2) / sqrt(2 * pi)


class gelu(Function):
    """gelu(x) = x Φ(x)."""

    nargs = (1,)
    is_real = True

    def fdiff(self, argindex=1):
        x = self.args[0]
        return Phi(x) + x * Phi(x).fdiff()


class Binding(Expr):
    """An expression that binds indices over their ranges, as Sum does: the last argument holds their (k, lower, upper).

    The first `fixed` arguments are outside of what the indices reach.
    """

    fixed = 0
    is_real = True

    @property
    def limits(self) -> Any:
        return self.args[-1]

    @property
    def free_symbols(self):
        inside = set().union(*(a.free_symbols for a in self.args[self.fixed : -1]))
        for k, lower, upper in self.limits:
            inside = (inside - {k}) | lower.free_symbols | upper.free_symbols
        return inside.union(*(a.free_symbols for a in self.args[: self.fixed]))


def limits_of(indices) -> Tuple:
    return Tuple(*(k if isinstance(k, Tuple) else Tuple(k, k.lower, k.upper) for k in indices))


class Maximum(Binding):
    """max over k of body, among those k for which `where` is 1 (`where` takes the values 0 and 1).

    Off ties ∂max/∂x = Σ_k where_k step(body_k − max) ∂body_k/∂x: the step is 1 for the k that attains the maximum.
    """

    def __new__(cls, body, k, where=1):
        if isinstance(where, Tuple):  # as SymPy rebuilds it, from its args
            k, where = where, k
        limits = k if isinstance(k, Tuple) and isinstance(k[0], Tuple) else limits_of((k,))
        return super().__new__(cls, sympify(body), sympify(where), limits)

    @property
    def body(self) -> Any:
        return self.args[0]

    @property
    def where(self) -> Any:
        return self.args[1]

    def _sympystr(self, printer):
        where = "" if self.where == 1 else f", where={printer._print(self.where)}"
        return f"Maximum({printer._print(self.body)}, {printer._print(self.limits[0][0])}{where})"


class Field:
    """An unknown family of functions F_j: of a number, `F[j](x)`, of a whole vector, `F[j](z[k], k)`, or of a matrix,
    `F[j](Y[i, a], i, a)`. Without an index of its own it is one function: `D[()](y[a], a)` or `D(y[a], a)`.
    """

    def __init__(self, name: str):
        self.name = name

    def __getitem__(self, indices):
        indices = indices if isinstance(indices, tuple) else (indices,)

        def apply(body, *over):
            return FieldValue(Str(self.name), Tuple(*indices), sympify(body), limits_of(over))

        return apply

    def __call__(self, body, *over):
        return self[()](body, *over)


class FieldValue(Binding):
    """F_j at a number, a vector or a matrix; arguments: name, indices, body, (k, lower, upper) of each index bound."""

    fixed = 2

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
        return super().free_symbols - {self.args[0]}

    def _sympystr(self, printer):
        return f"{self.name}[{', '.join(map(printer._print, self.indices))}]({printer._print(self.body)})"


class Determinant(Binding):
    """det A of the square matrix with the entries A_kl = body; ∂det A = det A Σ_kl (A⁻¹)_lk ∂A_kl where it is not 0."""

    def __new__(cls, body, *over):
        limits = over[0] if isinstance(over[0], Tuple) else limits_of(over)
        return super().__new__(cls, sympify(body), limits)

    @property
    def body(self) -> Any:
        return self.args[0]

    def _sympystr(self, printer):
        return f"determinant({printer._print(self.body)}, {', '.join(str(k) for k, _, _ in self.limits)})"


class Inverse(Binding):
    """(A⁻¹)_ij for the square matrix with the entries A_kl = body; ∂(A⁻¹)_ij = −Σ_kl (A⁻¹)_ik ∂A_kl (A⁻¹)_lj."""

    fixed = 1

    @property
    def indices(self) -> Any:
        return self.args[0]

    @property
    def body(self) -> Any:
        return self.args[1]

    def _sympystr(self, printer):
        matrix = f"inverse({printer._print(self.body)}, {', '.join(str(k) for k, _, _ in self.limits)})"
        return f"{matrix}[{', '.join(map(printer._print, self.indices))}]"


def determinant(body, k: Idx, l: Idx) -> Determinant:
    """det A for A_kl = body; k and l have the same range."""
    return Determinant(*_square(body, k, l))


def log_determinant(body, k: Idx, l: Idx) -> Expr:
    """log det A for A_kl = body, where det A > 0."""
    return log(determinant(body, k, l))


class inverse:
    """A⁻¹ for A_kl = body; `inverse(A[k, l], k, l)[i, j]` is an entry."""

    def __init__(self, body, k: Idx, l: Idx):
        self.body, self.limits = _square(body, k, l)

    def __getitem__(self, indices) -> Inverse:
        return Inverse(Tuple(*indices), self.body, self.limits)


def _square(body, k: Idx, l: Idx) -> tuple[Any, Tuple]:
    """The entries and the limits, with names for the dummies that a sum around them will hardly have."""
    if k == l or (k.lower, k.upper) != (l.lower, l.upper):
        raise ValueError(f"a square matrix needs two indices of one range, not {k} and {l}")
    body = sympify(body)
    mark = "'" * (1 + max((i.name.count("'") for i in body.atoms(Idx)), default=0))
    inner = {m: Idx(m.name + mark, (m.lower, m.upper)) for m in (k, l)}
    return body.xreplace(inner), limits_of(inner.values())


def prime(function, argument: int | None = None) -> Any:
    """The derivative of an opaque function: `prime(f)` is the function named f′; of two arguments, f′1 and f′2."""
    if isinstance(function, Field):
        return Field(function.name + "'")
    return Function(function.__name__ + "'" + (str(argument) if argument else ""))
