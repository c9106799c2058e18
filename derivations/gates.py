"""Gated units: y_i = f(a_i) b_i, a and b the halves of the input."""

from sympy import Derivative, Expr, IndexedBase, KroneckerDelta

from derivations import Derivation, Step, dimension, equation, gelu, index, sigmoid, silu
from derivations.smooth import gelu_slope

n = dimension("n")
i, j = index("i", n), index("j", n)
a, b, y = IndexedBase("a"), IndexedBase("b"), IndexedBase("y")
delta = KroneckerDelta(i, j)


def definition_of(f):
    return equation(y[i], f(a[i]) * b[i])


def gated(name: str, f, slope) -> tuple[Derivation, Derivation]:
    """∂y_i/∂a_j and ∂y_i/∂b_j; f and its slope are functions of the gate's component."""
    definition = definition_of(f)
    by_a = Derivation(
        f"{name}.a",
        definition,
        equation(Derivative(y[i], a[j]), delta * b[i] * slope(a[i])),
        (
            Step(b[i] * Derivative(f(a[i]), a[j]), "b does not depend on a"),
            Step(b[i] * slope(a[i]) * Derivative(a[i], a[j]), "chain rule"),
            Step(delta * b[i] * slope(a[i]), "∂a_i/∂a_j = δ_ij"),
        ),
    )
    by_b = Derivation(
        f"{name}.b",
        definition,
        equation(Derivative(y[i], b[j]), delta * f(a[i])),
        (Step(f(a[i]) * Derivative(b[i], b[j]), "f(a) is a constant"), Step(delta * f(a[i]), "∂b_i/∂b_j = δ_ij")),
    )
    return by_a, by_b


def silu_slope(x: Expr) -> Expr:
    return sigmoid(x) * (1 + x * (1 - sigmoid(x)))


DERIVATIONS = (
    *gated("glu", sigmoid, lambda x: sigmoid(x) * (1 - sigmoid(x))),
    *gated("swiglu", silu, silu_slope),
    *gated("geglu", gelu, gelu_slope),
)
