"""Scalar activations: y_i = f(z_i), so that ∂y_i/∂z_j = δ_ij f′(z_i).

The piecewise ones are derived off their kink; `KINKS` says what is possible at it.
"""

from sympy import Abs, Derivative, Expr, IndexedBase, Integer, KroneckerDelta, Max, Piecewise, Symbol, sign, tanh

from derivations import Derivation, Step, dimension, equation, index, sigmoid, step
from derivations.engine.kink import Kink

n = dimension("n")
i, j = index("i", n), index("j", n)
y, z = IndexedBase("y"), IndexedBase("z")
delta = KroneckerDelta(i, j)
alpha, drawn = Symbol("alpha"), IndexedBase("alpha")


def activation(name: str, value: Expr, slope: Expr, reason: str) -> Derivation:
    """y_i = f(z_i) with the Jacobian diag(f′(z)); the reason is that of f′."""
    return Derivation(
        name,
        definition=equation(y[i], value),
        result=equation(Derivative(y[i], z[j]), delta * slope),
        steps=(
            Step(Derivative(value, z[i]) * Derivative(z[i], z[j]), "chain rule; y_i depends on z_i alone"),
            Step(slope * Derivative(z[i], z[j]), reason),
            Step(delta * slope, "∂z_i/∂z_j = δ_ij"),
        ),
    )


def leaky(below: Expr) -> Expr:
    return Piecewise((z[i], z[i] >= 0), (below * z[i], True))


DERIVATIONS = (
    activation("identity", z[i], Integer(1), "the derivative of a variable by itself"),
    activation("step", step(z[i]), Integer(0), "constant on either side of the jump"),
    activation("relu", Max(z[i], 0), step(z[i]), "z for z > 0, else 0"),
    activation("leaky_relu", leaky(alpha), alpha + (1 - alpha) * step(z[i]), "1 for z > 0, else α"),
    activation(
        "randomised_leaky_relu", leaky(drawn[i]), drawn[i] + (1 - drawn[i]) * step(z[i]), "1 for z > 0, else α_i"
    ),
    activation("sigmoid", sigmoid(z[i]), y[i] * (1 - y[i]), "σ′ = σ (1 − σ)"),
    activation("tanh", tanh(z[i]), 1 - y[i] ** 2, "tanh′ = 1 − tanh²"),
    activation("absolute", Abs(z[i]), sign(z[i]), "1 for z > 0, −1 for z < 0"),
)

x = Symbol("x", real=True)
KINKS = {
    "step": Kink(step(x), x),
    "relu": Kink(Max(x, 0), x),
    "leaky_relu": Kink(Piecewise((x, x >= 0), (alpha * x, True)), x),
    "randomised_leaky_relu": Kink(Piecewise((x, x >= 0), (alpha * x, True)), x),
    "absolute": Kink(Abs(x), x),
}
