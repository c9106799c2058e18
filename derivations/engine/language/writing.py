"""How a formula is written: its order and its brackets, the same on one line of text (`plain`) and in LaTeX (`latex`).

Deltas come first, then letters, brackets, functions, derivatives along the chain and sums; what is added before what is
taken away; what is below the line last.
"""

from abc import ABC, abstractmethod
from typing import Any, NamedTuple

from sympy import Derivative, Expr, Idx, Indexed, Integer, Piecewise, Pow, Rational, Symbol
from sympy.core.relational import Relational
from sympy.logic.boolalg import BooleanFalse, BooleanTrue, Or

from derivations.engine.language.fold import Algebra, Body, Env
from derivations.engine.language.words import Word

SUM, PRODUCT, POWER, ATOM = range(4)  # how strongly a part holds together


class Written(NamedTuple):
    """A text, how strongly it holds together, and where it stands in a product."""

    text: str
    level: int = ATOM
    rank: int = 2


NUMBER, DELTA, LETTER, POWERS, BRACKET, FUNCTION, EDGE, BOUND, OTHER = range(9)


class Writing(Algebra[Written], ABC):
    """What text and LaTeX share."""

    def write(self, formula: Any) -> str:
        if isinstance(formula, (Relational, BooleanTrue, BooleanFalse, Or)) or not isinstance(formula, Expr):
            return self.condition(formula, {})
        return self(formula, {}).text

    # what each way of writing says for itself

    @abstractmethod
    def name(self, name: str) -> str: ...

    @abstractmethod
    def subscript(self, indices: tuple[Expr, ...]) -> str: ...

    @abstractmethod
    def bracket(self, text: str) -> str: ...

    @abstractmethod
    def fraction(self, sign: str, above: str, below: str, several: bool) -> Written: ...

    @abstractmethod
    def raised(self, base: Written, exponent: Expr, env: Env) -> str: ...

    @abstractmethod
    def bound(self, sign: str, limits: tuple, body: Written) -> str: ...

    @abstractmethod
    def applied(self, name: str, *arguments: str) -> str: ...

    @abstractmethod
    def edge(self, of: str, by: list[str]) -> str: ...

    @abstractmethod
    def relation(self, left: str, sign: str, right: str) -> str: ...

    # what they share

    def within(self, part: Written, level: int) -> str:
        """In brackets unless it holds together more strongly than `level`."""
        return part.text if part.level > level else self.bracket(part.text)

    def index(self, e: Expr, env: Env) -> str:
        return e.name if isinstance(e, Idx) else self(e, env).text

    def inside(self, body: Written) -> str:
        """What a sum is taken of."""
        return body.text if body.level > SUM and body.rank != BOUND else self.bracket(body.text)

    def number(self, at, value):
        if value.denominator == 1:
            return Written(str(value), SUM if value < 0 else ATOM, NUMBER)
        fraction = self.fraction("-" if value < 0 else "", str(abs(value.numerator)), str(value.denominator), False)
        return fraction._replace(level=SUM if value < 0 else fraction.level, rank=NUMBER)

    def symbol(self, at):
        return Written(self.name(at.node.name))

    def position(self, at, index):
        return Written(index)

    def element(self, at, indices):
        return Written(self.name(str(at.node.base.label)) + self.subscript(at.node.indices))

    def add(self, at, terms):
        """What is added first, then what is taken away."""
        texts = sorted((term.text for term in terms), key=lambda text: text.startswith("-"))
        signed = [("-", text[1:]) if text.startswith("-") else ("+", text) for text in texts]
        (sign, first), *rest = signed
        return Written(sign.replace("+", "") + first + "".join(f" {sign} {text}" for sign, text in rest), SUM, BRACKET)

    def mul(self, at, deltas, factors):
        coefficient, rest = at.node.as_coeff_Mul()
        above, below = [Integer(abs(coefficient.p))], [Integer(coefficient.q)]
        for factor in rest.as_ordered_factors():
            base, exponent = factor.as_base_exp()
            inverse = isinstance(factor, Pow) and exponent.could_extract_minus_sign()
            (below if inverse else above).append(Pow(base, -exponent) if inverse else factor)
        numerator = self.factors(above, len(below) > 1, at.env)
        denominator = self.factors(below, False, at.env)
        sign = "-" if coefficient.is_negative else ""
        level = SUM if sign else PRODUCT
        if denominator == "1":
            return Written(sign + numerator, level, NUMBER)
        several = len(below) > 2 or (below[0] != 1 and len(below) > 1)
        return self.fraction(sign, numerator, denominator, several)._replace(level=level, rank=NUMBER)

    def factors(self, parts: list[Expr], closed: bool, env: Env) -> str:
        """Side by side; a sum may stand last without brackets unless something follows."""
        written = sorted(((part, self(part, env)) for part in parts if part != 1), key=lambda pair: pair[1].rank)
        edges = [part for part, _ in written if isinstance(part, Derivative)]
        if edges:
            first = [part for part, _ in written].index(edges[0])
            ordered = in_chain_order(edges)
            written[first : first + len(edges)] = [(edge, self(edge, env)) for edge in ordered]
        texts = [w.text if w.rank == EDGE else self.within(w, PRODUCT) for _, w in written]
        if written and written[-1][1].rank == BOUND and not closed and len(written) >= 1:
            texts[-1] = written[-1][1].text
        return " ".join(texts) or "1"

    def delta(self, at, a, b):
        return Written(self.name("delta") + self.subscript(at.node.args[:2]), ATOM, DELTA)

    def pow(self, at):
        return self.power(at.node.base, at.node.exp, at.env)

    def power(self, base: Expr, exponent: Expr, env: Env) -> Written:
        if exponent == Rational(1, 2):
            return Written(self.root(self(base, env).text), ATOM, POWERS)
        if exponent.is_Rational and exponent.is_negative:
            below = self(base, env) if exponent == -1 else self.power(base, -exponent, env)
            text = below.text if below.rank == POWERS else self.within(below, POWER)
            return self.fraction("", "1", text, False)._replace(level=PRODUCT, rank=POWERS)
        return Written(self.raised(self(base, env), exponent, env), POWER, POWERS)

    def root(self, text: str) -> str:
        return self.applied("sqrt", text)

    def word(self, at, word: Word, x):
        return Written(self.applied(self.name(word.name), x().text), ATOM, FUNCTION)

    def step(self, at, x):
        return Written(self.applied(self.name(at.node.func.__name__), x.text), ATOM, FUNCTION)

    sign = heaviside = step

    def extreme(self, at, parts):
        name = self.name(at.node.func.__name__.lower())
        return Written(self.applied(name, *(part.text for part in parts)), ATOM, OTHER)

    def opaque(self, at, arguments):
        name = self.name(at.node.func.__name__)
        return Written(self.applied(name, *(argument.text for argument in arguments)), ATOM, FUNCTION)

    def sum(self, at, limits, body: Body):
        return Written(self.bound("Σ", limits, body(at.env)), PRODUCT, BOUND)

    def product(self, at, limits, body: Body):
        return Written(self.bound("Π", limits, body(at.env)), PRODUCT, BOUND)

    def whole(self, e: Any, limits: tuple) -> str:
        """A vector or a matrix as a whole: dots for its indices."""
        return self(e.body.subs({k: Idx("·") for k, _, _ in limits}), {}).text

    def derivative(self, at):
        inner = self(at.node.expr, at.env).text
        plain = isinstance(at.node.expr, (Indexed, Piecewise, Symbol))
        by = [self(x, at.env).text for x, count in at.node.variable_count]
        return Written(self.edge(inner if plain else self.bracket(inner), by), ATOM, EDGE)

    def condition(self, c, env):
        if isinstance(c, Relational):
            left, right = self(c.lhs, env).text, self(c.rhs, env).text  # type: ignore[arg-type]
            return self.relation(left, c.rel_op, right)
        return super().condition(c, env)

    def truth(self, value):
        return str(value)


def in_chain_order(edges: list[Derivative]) -> list[Derivative]:
    """∂D/∂y before ∂y/∂z before ∂z/∂x: after each edge those from the node that it leads to."""
    inner = {edge.variables[0] for edge in edges}
    ordered = [edge for edge in edges if edge.expr not in inner]
    for edge in ordered:
        ordered += [below for below in edges if below.expr == edge.variables[0] and below not in ordered]
    return ordered + [edge for edge in edges if edge not in ordered]
