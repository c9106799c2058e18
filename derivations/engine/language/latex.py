r"""A formula in LaTeX, in the order in which it is written by hand.

It is ASCII and needs the package amsmath alone. A name with a subscript of its own is a group, so that none gets two.
"""

import re
from typing import Any

from sympy import And, Basic, Idx, oo
from sympy.printing.latex import latex as sympy_latex

from derivations.engine.language.fold import At
from derivations.engine.language.prose import GREEK, prose
from derivations.engine.language.words import ROWS
from derivations.engine.language.writing import ATOM, FUNCTION, OTHER, POWER, PRODUCT, SUM, Writing, Written

WORD_TEXTS = {word.name: word.latex for word in ROWS}
RELATIONS = {"==": "=", "!=": r"\ne", ">=": r"\ge", "<=": r"\le", ">": ">", "<": "<"}


def latex(formula: Basic | int) -> str:
    """The formula, to stand in mathematics."""
    return str(formula) if isinstance(formula, int) else _LATEX.write(formula)


class Latex(Writing):
    def name(self, name: str) -> str:
        """A letter, a Greek letter or a bar over one; a longer name upright; what follows _ and digits below it."""
        head, primes, order = re.fullmatch(r"([^']*)('*)(.*)", name, re.DOTALL).groups()  # type: ignore[union-attr]
        if primes:
            below = f"_{{{prose(order)}}}" if order else ""
            return f"{{{self.name(head)}{primes}{below}}}" if head else prose(name)
        if name.endswith("_bar"):
            return rf"\bar{{{self.name(name[:-4])}}}"
        if name == "·":  # the index that a whole vector has
            return r"\cdot"
        if name in WORD_TEXTS or name in GREEK:
            return WORD_TEXTS.get(name) or GREEK[name]
        parts = re.fullmatch(r"([A-Za-z]+?)_?(\d+|(?<=_)\w+)", name)
        if parts:
            return f"{{{self.name(parts[1])}_{{{prose(parts[2])}}}}}"
        if len(name) == 1 and name.isascii() and name.isalpha():
            return name
        return rf"\mathrm{{{prose(name)}}}" if name.isascii() else rf"\text{{{prose(name)}}}"

    def subscript(self, indices):
        return f"_{{{' '.join(self(i, {}).text for i in indices)}}}" if indices else ""

    def position(self, at, index):
        return Written(self.name(index) if isinstance(at.node, Idx) else index)

    def bracket(self, text):
        return rf"\left({text}\right)"

    def fraction(self, sign, above, below, several):
        return Written(rf"{sign}\frac{{{above}}}{{{below}}}", PRODUCT)

    def power(self, base, exponent, env):
        if exponent == -1:
            return Written(rf"\frac{{1}}{{{self(base, env).text}}}", PRODUCT, 3)
        return super().power(base, exponent, env)

    def root(self, text):
        return rf"\sqrt{{{text}}}"

    def raised(self, base, exponent, env):
        return f"{{{self.within(base, POWER)}}}^{{{self(exponent, env).text}}}"

    def bound(self, sign, limits, body):
        name = {"Σ": r"\sum", "Π": r"\prod"}[sign]
        signs = (
            rf"{name}_{{{self(k, {}).text}={self(lower, {}).text}}}^{{{self(upper, {}).text}}}"
            for k, lower, upper in reversed(limits)
        )
        return f"{' '.join(signs)} {self.inside(body)}"

    def applied(self, name, *arguments):
        return rf"{name}\left({', '.join(arguments)}\right)"

    def word(self, at, word, x):
        return Written(f"e^{{{x().text}}}", ATOM, FUNCTION) if word.name == "exp" else super().word(at, word, x)

    def step(self, at, x):
        name = {"step": r"\operatorname{step}", "Heaviside": r"\operatorname{H}", "sign": r"\operatorname{sign}"}
        return Written(self.applied(name[at.node.func.__name__], x.text), ATOM, FUNCTION)

    sign = heaviside = step

    def extreme(self, at, parts):
        return Written(self.applied(rf"\{at.node.func.__name__.lower()}", *(p.text for p in parts)), ATOM, OTHER)

    def absolute(self, at, x):
        return Written(rf"\left|{x.text}\right|", ATOM, FUNCTION)

    def constant(self, at):
        return Written(sympy_latex(at.node), ATOM, 0)

    def edge(self, of, by):
        order = f"^{{{len(by)}}}" if len(by) > 1 else ""
        below = " ".join(rf"\partial {x}" for x in by)
        return rf"\frac{{\partial{order} {of}}}{{{below}}}"

    def maximum(self, at, limits, body, where):
        k, _lower, upper = limits[0]
        among = "" if at.node.where == 1 else rf",\ {where(at.env).text} = 1"
        return Written(
            rf"\max_{{{self(k, {}).text} \le {self(upper, {}).text}{among}}} {self.inside(body(at.env))}", SUM, OTHER
        )

    def field(self, at, indices, limits, body):
        name = self.name(at.node.name) + self.subscript(at.node.indices)
        return Written(self.applied(name, self.whole(at.node, limits)), ATOM, OTHER)

    def determinant(self, at, limits, body):
        return Written(self.applied(r"\det", self.whole(at.node, limits)), ATOM, FUNCTION)

    def inverse(self, at, indices, limits, body):
        whole = self.bracket(self.whole(at.node, limits))
        return Written(f"{{{whole}^{{-1}}}}{self.subscript(at.node.indices)}", ATOM, OTHER)

    def piecewise(self, at, branches):
        rows = [rf"{value().text} & \text{{if }} {condition()}" for value, condition in branches[:-1]]
        last, condition = branches[-1]
        otherwise = r"\text{else}" if at.node.args[-1][1] == True else rf"\text{{if }} {condition()}"  # noqa: E712
        rows.append(rf"{last().text} & {otherwise}")
        lines = r" \\ ".join(rows)
        return Written(rf"\begin{{cases}} {lines} \end{{cases}}", SUM, FUNCTION)

    def connective(self, at, conditions):
        return (r" \wedge " if isinstance(at.node, And) else r" \vee ").join(conditions)

    def relation(self, left, sign, right):
        return f"{left} {RELATIONS.get(sign, sign)} {right}"

    def truth(self, value):
        return rf"\text{{{str(value).lower()}}}"

    def outside(self, at: At) -> Any:
        return Written(r"\infty" if at.node == oo else rf"\text{{{prose(str(at.node))}}}", ATOM, OTHER)


_LATEX = Latex()
