"""The functions of one number that formulas may contain: one row each, and a new one is a row.

A row says all that the engine knows of a function. Its slope is SymPy's `fdiff`; its values are those of its
`definition` or of `by_exp` where it has one, else of the arithmetic's own function of that name.
"""

from collections.abc import Callable
from dataclasses import dataclass

from sympy import Expr, atan, cos, cosh, erf, erfc, exp, log, sin, sinh, sqrt, tan, tanh
from sympy.codegen.cfunctions import expm1, log1p

from derivations.engine.language.vocabulary import Phi, gelu, mish, sigmoid, silu, softplus

# f(−x) = a + b x + c f(x)
ODD, EVEN = (0, 0, -1), (0, 0, 1)


@dataclass(frozen=True)
class Word:
    """`sign` is 2 where f(x) > 0 for every x; `reflection` (a, b, c) says f(−x) = a + b x + c f(x).

    `definition` is put in for f(x) wherever something is judged, `by_exp` where that is tried next: it writes f by
    exp and log. `jax` is a path from `jax`, or empty where the definition is computed; `text` and `latex` are how f is
    written.
    """

    function: type
    jax: str
    text: str
    latex: str
    sign: int = 0
    reflection: tuple[int, int, int] | None = None
    definition: Callable[[Expr], Expr] | None = None
    by_exp: Callable[[Expr], Expr] | None = None

    @property
    def name(self) -> str:
        return self.function.__name__

    def slope(self, x: Expr) -> Expr:
        """f′(x)."""
        return self.function(x).fdiff(1)

    def slope_of(self, node: Expr) -> Expr:
        """f′(x) for f(x) as it stands: SymPy takes long to build a tanh of what is deep."""
        return 1 - node**2 if self.function is tanh else self.slope(node.args[0])


ROWS = (
    Word(exp, "numpy.exp", "exp", r"\exp", sign=2),
    Word(log, "numpy.log", "log", r"\log"),
    Word(sin, "numpy.sin", "sin", r"\sin", reflection=ODD),
    Word(cos, "numpy.cos", "cos", r"\cos", reflection=EVEN),
    Word(tan, "numpy.tan", "tan", r"\tan", definition=lambda x: sin(x) / cos(x)),
    Word(atan, "numpy.arctan", "arctan", r"\arctan", reflection=ODD),
    Word(sinh, "numpy.sinh", "sinh", r"\sinh", reflection=ODD, by_exp=lambda x: (exp(x) - exp(-x)) / 2),
    Word(cosh, "numpy.cosh", "cosh", r"\cosh", sign=2, reflection=EVEN, by_exp=lambda x: (exp(x) + exp(-x)) / 2),
    Word(tanh, "numpy.tanh", "tanh", r"\tanh", reflection=ODD, by_exp=lambda x: 2 / (1 + exp(-2 * x)) - 1),
    Word(erf, "scipy.special.erf", "erf", r"\operatorname{erf}", reflection=ODD),
    Word(erfc, "scipy.special.erfc", "erfc", r"\operatorname{erfc}", sign=2, definition=lambda x: 1 - erf(x)),
    Word(Phi, "scipy.special.ndtr", "Φ", r"\Phi", sign=2, definition=lambda x: (1 + erf(x / sqrt(2))) / 2),
    Word(log1p, "numpy.log1p", "log1p", r"\operatorname{log1p}", definition=lambda x: log(1 + x)),
    Word(expm1, "numpy.expm1", "expm1", r"\operatorname{expm1}", definition=lambda x: exp(x) - 1),
    Word(sigmoid, "nn.sigmoid", "σ", r"\sigma", sign=2, reflection=(1, 0, -1), by_exp=lambda x: 1 / (1 + exp(-x))),
    Word(
        softplus,
        "nn.softplus",
        "softplus",
        r"\operatorname{softplus}",
        sign=2,
        reflection=(0, -1, 1),
        by_exp=lambda x: log(1 + exp(x)),
    ),
    Word(silu, "nn.silu", "silu", r"\operatorname{silu}", definition=lambda x: x * sigmoid(x)),
    Word(mish, "nn.mish", "mish", r"\operatorname{mish}", definition=lambda x: x * tanh(softplus(x))),
    Word(gelu, "", "gelu", r"\operatorname{gelu}", definition=lambda x: x * Phi(x)),
)
WORDS: dict[type, Word] = {word.function: word for word in ROWS}
BY_NAME: dict[str, Word] = {word.name: word for word in ROWS}
# What a function of the user's own may not be called.
NAMES = {word.name for word in ROWS} | {"step", "sqrt", "Abs", "sign", "Max", "Min", "Heaviside"}
