"""A formula on one line, as it is written by hand: Σ_i w_ij y_i + b_j, ∂y_j/∂z_i, δ_ij."""

from typing import Any
from unicodedata import combining

from sympy import And, Basic, Idx, oo, sstr

from derivations.engine.language.fold import At
from derivations.engine.language.words import ROWS
from derivations.engine.language.writing import ATOM, FUNCTION, OTHER, POWER, PRODUCT, SUM, Writing, Written

SIGNS = {"**": "^", "*": " ", ">=": "≥", "<=": "≤", "-": "−", "'": "′"}
LETTERS = {"alpha": "α", "beta": "β", "gamma": "γ", "delta": "δ", "epsilon": "ε", "zeta": "ζ", "eta": "η"}
LETTERS |= {
    "kappa": "κ",
    "lambda": "λ",
    "mu": "μ",
    "nu": "ν",
    "xi": "ξ",
    "rho": "ρ",
    "tau": "τ",
    "phi": "φ",
    "psi": "ψ",
}
LETTERS |= {"omega": "ω", "theta": "θ"}  # not σ, which is the sigmoid, and not π, which is a number
WORD_TEXTS = {word.name: word.text for word in ROWS}
RELATIONS = {"==": "=", "!=": "≠"}


def plain(formula: Basic | int) -> str:
    text = str(formula) if isinstance(formula, int) else _PLAIN.write(formula)
    for sign, shown in SIGNS.items():
        text = text.replace(sign, shown)
    return text


def width(text: str) -> int:
    """How many columns it takes: a combining bar takes none."""
    return sum(not combining(character) for character in text)


class Plain(Writing):
    def name(self, name: str) -> str:
        """Greek letters for their names, and a bar over what ends in _bar."""
        if name.endswith("_bar"):
            return self.name(name[:-4]) + "\N{COMBINING MACRON}"
        return LETTERS.get(name) or WORD_TEXTS.get(name, name)

    def subscript(self, indices):
        """_ij; an index that is more than a letter and a prime or a number goes in brackets."""
        parts = [(i, self(i, {}).text) for i in indices]
        return "".join(["_"] * bool(parts) + [p if isinstance(i, Idx) or p.isdigit() else f"({p})" for i, p in parts])

    def bracket(self, text):
        return f"({text})"

    def fraction(self, sign, above, below, several):
        return Written(f"{sign}{above}/" + (f"({below})" if several else below), PRODUCT)

    def raised(self, base, exponent, env):
        return f"{self.within(base, POWER)}^{self.within(self(exponent, env), POWER)}"

    def bound(self, sign, limits, body):
        indices = tuple(limit[0] for limit in limits)
        # a range is told only where it doesn't begin at 1
        start = "".join(f"≥{self.within(self(lower, {}), SUM)}" for _, lower, _ in limits if lower != 1)
        end = "".join(f"≤{self.within(self(upper, {}), SUM)}" for _, _, upper in limits if upper.has(Idx))
        return f"{sign}{self.subscript(indices)}{start}{end} {self.inside(body)}"

    def applied(self, name, *arguments):
        return f"{name}({', '.join(arguments)})"

    def word(self, at, word, x):
        if word.name == "exp":
            return Written(f"e^{self.within(x(), POWER)}", ATOM, FUNCTION)
        return super().word(at, word, x)

    def absolute(self, at, x):
        return Written(f"|{x.text}|", ATOM, FUNCTION)

    def constant(self, at):
        return Written(sstr(at.node), ATOM, 0)

    def edge(self, of, by):
        return f"∂{of}/" + "".join(f"∂{x}" for x in by)

    def maximum(self, at, limits, body, where):
        among = "" if at.node.where == 1 else f": {where(at.env).text} = 1"
        return Written(f"max({body(at.env).text} over {self(limits[0][0], at.env).text}{among})", ATOM, OTHER)

    def field(self, at, indices, limits, body):
        name = at.node.name + self.subscript(at.node.indices)
        return Written(self.applied(name, self.whole(at.node, limits)), ATOM, OTHER)

    def determinant(self, at, limits, body):
        return Written(self.applied("det", self.whole(at.node, limits)), ATOM, FUNCTION)

    def inverse(self, at, indices, limits, body):
        return Written(f"({self.whole(at.node, limits)})^-1{self.subscript(at.node.indices)}", ATOM, OTHER)

    def piecewise(self, at, branches):
        *cases, (otherwise, _) = branches
        texts = [f"{value().text} if {condition()}" for value, condition in cases]
        return Written(f"({'; '.join(texts)}; else {otherwise().text})", ATOM, FUNCTION)

    def connective(self, at, conditions):
        return (" and " if isinstance(at.node, And) else " or ").join(conditions)

    def relation(self, left, sign, right):
        return f"{left} {RELATIONS.get(sign, sign)} {right}"

    def outside(self, at: At) -> Any:
        return Written("∞" if at.node == oo else sstr(at.node), ATOM, OTHER)


_PLAIN = Plain()
