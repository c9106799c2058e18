"""Whether a formula is made of the language's words: what is not is named, before anything is computed."""

from typing import Any

from sympy import E, Float, Indexed, Symbol, pi
from sympy.core.relational import Relational
from sympy.logic.boolalg import BooleanAtom, BooleanFunction

from derivations.engine.language.fold import Algebra, NoFormula
from derivations.engine.language.nodes import atoms

CONSTANTS = (pi, E)


def check_words(e: Any) -> None:
    """Raises NoFormula with the first part of the formula that no algebra knows."""
    for number in sorted(atoms(e, Float), key=str):
        raise NoFormula(f"{number} is not exact: write Rational(…)")
    for s in sorted(atoms(e, Symbol, Indexed), key=str):
        if s.is_extended_real is False:
            raise NoFormula(f"{s} is declared not to be real: formulas are about real numbers")
    known = _Known()
    if isinstance(e, (Relational, BooleanAtom, BooleanFunction)):
        known.condition(e, {})
    else:
        known(e, {})


class _Known(Algebra[None]):
    """No value at all: a walk to every part."""

    def index(self, e, env):
        return None

    def number(self, at, value):
        return None

    def constant(self, at):
        if at.node not in CONSTANTS:
            self.outside(at)

    def symbol(self, at):
        return None

    def position(self, at, index):
        return None

    def element(self, at, indices):
        return None

    def delta(self, at, a, b):
        return None

    def add(self, at, terms):
        list(terms)

    def mul(self, at, deltas, factors):
        list(factors)

    def pow(self, at):
        for part in at.node.args:
            self(part, at.env)

    def word(self, at, word, x):
        x()

    def step(self, at, x):
        return None

    def heaviside(self, at, x):
        return None

    def sign(self, at, x):
        return None

    def absolute(self, at, x):
        return None

    def extreme(self, at, parts):
        list(parts)

    def opaque(self, at, arguments):
        list(arguments)

    def sum(self, at, limits, body):
        body(at.env)

    def product(self, at, limits, body):
        body(at.env)

    def maximum(self, at, limits, body, where):
        body(at.env)
        where(at.env)

    def field(self, at, indices, limits, body):
        body(at.env)

    def determinant(self, at, limits, body):
        body(at.env)

    def inverse(self, at, indices, limits, body):
        body(at.env)

    def derivative(self, at):
        for part in (at.node.expr, *at.node.variables):
            self(part, at.env)

    def piecewise(self, at, branches):
        for value, condition in branches:
            value()
            condition()

    def truth(self, value):
        return None

    def connective(self, at, conditions):
        return None

    def same(self, at, a, b):
        return None

    def comparison(self, at, a, b):
        return None
