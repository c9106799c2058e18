"""A formula on one line, as it is written by hand: Σ_i w_ij y_i + b_j, ∂y_j/∂z_i, δ_ij."""

from unicodedata import combining

from sympy import (
    Add,
    Basic,
    Derivative,
    Function,
    Idx,
    Indexed,
    Integer,
    KroneckerDelta,
    Number,
    Piecewise,
    Pow,
    Product,
    Sum,
    Symbol,
)
from sympy.printing.precedence import PRECEDENCE
from sympy.printing.str import StrPrinter

SIGNS = {"**": "^", "*": " ", ">=": "≥", "<=": "≤", "-": "−", "'": "′"}
LETTERS = {"alpha": "α", "beta": "β", "epsilon": "ε", "eta": "η", "theta": "θ", "sigmoid": "σ"}

ORDER = (Number, KroneckerDelta, (Symbol, Idx, Indexed), Pow, Add, Function, Derivative, (Sum, Product), object)


def plain(formula: Basic | int) -> str:
    text = _Printer().doprint(formula)
    for sign, shown in SIGNS.items():
        text = text.replace(sign, shown)
    return text


def width(text: str) -> int:
    """How many columns it takes: a combining bar takes none."""
    return sum(not combining(character) for character in text)


def rank(factor: Basic) -> int:
    return next(rank for rank, kind in enumerate(ORDER) if isinstance(factor, kind))


def in_chain_order(edges: list[Derivative]) -> list[Derivative]:
    """∂D/∂y before ∂y/∂z before ∂z/∂x: after each edge those from the node that it leads to."""
    inner = {edge.variables[0] for edge in edges}
    ordered = [edge for edge in edges if edge.expr not in inner]
    for edge in ordered:
        ordered += [below for below in edges if below.expr == edge.variables[0] and below not in ordered]
    return ordered + [edge for edge in edges if edge not in ordered]


def letters(name: str) -> str:
    """Greek letters for their names, and a bar over what ends in _bar."""
    if name.endswith("_bar"):
        return letters(name[:-4]) + "\N{COMBINING MACRON}"
    return LETTERS.get(name, name)


class _Printer(StrPrinter):
    printmethod = "_plain"  # not _sympystr: the classes' own way is for the console

    def parenthesize(self, item, level, strict=False):
        if isinstance(item, (Sum, Product, Derivative)) and level > PRECEDENCE["Add"]:
            return f"({self._print(item)})" if not isinstance(item, Derivative) else self._print(item)
        return super().parenthesize(item, level, strict)

    def subscript(self, indices) -> str:
        """_ij; an index that is more than a letter and a prime or a number goes in brackets."""
        parts = [self._print(index) for index in indices]
        return (
            "_"
            + "".join(p if isinstance(i, Idx) or p.isdigit() else f"({p})" for i, p in zip(indices, parts, strict=True))
            if parts
            else ""
        )

    def _print_Add(self, expr, order=None):
        """What is added first, then what is taken away."""
        terms = sorted(map(self._print, expr.args), key=lambda term: term.startswith("-"))
        signed = [("-", term[1:]) if term.startswith("-") else ("+", term) for term in terms]
        (sign, first), *rest = signed
        return sign.replace("+", "") + first + "".join(f" {sign} {term}" for sign, term in rest)

    def _print_Mul(self, expr):
        """Deltas first, then letters, brackets, functions, derivatives and sums; what is below the line last."""
        coefficient, rest = expr.as_coeff_Mul()
        above, below = [Integer(abs(coefficient.p))], [Integer(coefficient.q)]
        for factor in rest.as_ordered_factors():
            base, exponent = factor.as_base_exp()
            inverse = isinstance(factor, Pow) and exponent.could_extract_minus_sign()
            (below if inverse else above).append(Pow(base, -exponent) if inverse else factor)
        numerator, denominator = self._factors(above, bool(below[1:])), self._factors(below, False)
        sign = "-" if coefficient.is_negative else ""
        if denominator == "1":
            return sign + numerator
        brackets = len(below) > 2 or (below[0] != 1 and len(below) > 1)
        return f"{sign}{numerator}/" + (f"({denominator})" if brackets else denominator)

    def _factors(self, factors, closed):
        """Side by side; a sum may stand last without brackets unless something follows."""
        factors = sorted((f for f in factors if f != 1), key=rank)
        edges = [f for f in factors if isinstance(f, Derivative)]
        if edges:
            first = factors.index(edges[0])
            factors[first : first + len(edges)] = in_chain_order(edges)
        parts = [self.parenthesize(f, PRECEDENCE["Mul"]) for f in factors]
        if factors and isinstance(factors[-1], (Sum, Product)) and not closed:
            parts[-1] = self._print(factors[-1])
        return " ".join(parts) or "1"

    def _print_Symbol(self, expr):
        return letters(expr.name)

    def _print_Idx(self, expr):
        return expr.name

    def _print_Indexed(self, expr):
        return letters(str(expr.base.label)) + self.subscript(expr.indices)

    def _print_KroneckerDelta(self, expr):
        return "δ" + self.subscript(expr.args[:2])

    def _print_Sum(self, expr):
        return self._bound("Σ", expr)

    def _print_Product(self, expr):
        return self._bound("Π", expr)

    def _bound(self, sign, expr):
        indices = [limit[0] for limit in expr.limits]
        # a range is told only where it doesn't begin at 1
        start = "".join(f"≥{limit[1]}" for limit in expr.limits if limit[1] != 1)
        return (
            f"{sign}{self.subscript(indices)}{start} {self.parenthesize(expr.function, PRECEDENCE['Mul'], strict=True)}"
        )

    def _print_Maximum(self, expr):
        where = "" if expr.where == 1 else f": {self._print(expr.where)} = 1"
        return f"max({self._print(expr.body)} over {self._print(expr.limits[0])}{where})"

    def _print_FieldValue(self, expr):
        name, indices, body, limits = expr.args
        inner = self._print(body.subs(limits[0], Idx("·")) if limits else body)
        return f"{self._print(name)}{self.subscript(indices)}({inner})"

    def _print_Derivative(self, expr):
        inner = self._print(expr.expr)
        whole = inner if isinstance(expr.expr, (Indexed, Piecewise, Symbol)) else f"({inner})"
        return f"∂{whole}/" + "".join(f"∂{self._print(x)}" for x, _ in expr.variable_count)

    def _print_Piecewise(self, expr):
        cases = [f"{self._print(value)} if {self._print(condition)}" for value, condition in expr.args[:-1]]
        return f"({'; '.join(cases)}; else {self._print(expr.args[-1][0])})"

    def _print_ExpBase(self, expr):
        power = expr.args[0]
        return f"e^{self.parenthesize(power, PRECEDENCE['Pow'])}"

    _print_exp = _print_ExpBase

    def _print_Infinity(self, expr):
        return "∞"

    def _print_Abs(self, expr):
        return f"|{self._print(expr.args[0])}|"

    def _print_Max(self, expr):
        return f"{expr.func.__name__.lower()}({', '.join(self._print(a) for a in expr.args)})"

    _print_Min = _print_Max

    def _print_Function(self, expr):
        return f"{letters(expr.func.__name__)}({', '.join(self._print(a) for a in expr.args)})"

    def _print_Relational(self, expr):
        sign = {"==": "=", "!=": "≠"}.get(expr.rel_op, expr.rel_op)
        return f"{self._print(expr.lhs)} {sign} {self._print(expr.rhs)}"
