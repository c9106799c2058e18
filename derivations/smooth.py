"""Smooth activations: y_i = f(z_i), so that ∂y_i/∂z_j = δ_ij f′(z_i).

hardswish is derived off its two kinks.
"""

from sympy import Expr, Piecewise, exp, pi, sqrt, tanh

from derivations import Phi, sigmoid, softplus
from derivations.activations import activation, i, z

x = z[i]
u = sqrt(2 / pi) * (x + x**3 * 44715 / 1000000)
half_sum = (1 + tanh(u)) / 2
t = tanh(softplus(x))


def gelu_slope(x: Expr) -> Expr:
    """Φ(x) + x φ(x), φ = Φ′ the density of the normal distribution."""
    return Phi(x) + x * exp(-(x**2) / 2) / sqrt(2 * pi)


DERIVATIONS = (
    activation("gelu", x * Phi(x), gelu_slope(x), "product rule; Φ′(z) = e^(−z²/2)/√(2π)"),
    activation("softplus", softplus(x), sigmoid(x), "the derivative of log(1 + e^z)"),
    activation("elu", Piecewise((x, x > 0), (exp(x) - 1, True)), Piecewise((1, x > 0), (exp(x), True)), "each branch"),
    activation("silu", x * sigmoid(x), sigmoid(x) * (1 + x * (1 - sigmoid(x))), "product rule; σ′ = σ (1 − σ)"),
    activation(
        "gelu_tanh",
        x * half_sum,
        half_sum + x * (1 - tanh(u) ** 2) * sqrt(2 / pi) * (1 + 3 * x**2 * 44715 / 1000000) / 2,
        "product rule; tanh′ = 1 − tanh²",
    ),
    activation("mish", x * t, t + x * sigmoid(x) * (1 - t**2), "product rule; tanh′ = 1 − tanh²; softplus′ = σ"),
    activation(
        "hardswish",
        Piecewise((0, x < -3), (x, x > 3), (x * (x + 3) / 6, True)),
        Piecewise((0, x < -3), (1, x > 3), ((2 * x + 3) / 6, True)),
        "each branch",
    ),
)
