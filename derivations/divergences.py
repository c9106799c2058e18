"""Divergences D(y, d) of an output y from its target d: the row ∂D/∂y, and the two fused with their activation."""

from sympy import Abs, Derivative, Expr, IndexedBase, KroneckerDelta, Symbol, exp, log, sign

from derivations import Derivation, Step, dimension, equation, index, sigmoid, total
from derivations.engine.kink import Kink

n = dimension("n")
i, j, k = (index(name, n) for name in "ijk")
D = Symbol("D")
y, z, d = IndexedBase("y"), IndexedBase("z"), IndexedBase("d")
delta = KroneckerDelta(i, j)


def divergence(name: str, term: Expr, row: Expr, *steps: Step) -> Derivation:
    """D = Σ_i term_i with ∂D/∂y_j = row_j."""
    return Derivation(
        name,
        definition=equation(D, total(term, i)),
        result=equation(Derivative(D, y[j]), row),
        steps=(
            Step(total(Derivative(term, y[i]) * delta, i), "chain rule; y_i in the term i alone"),
            *steps,
            Step(row, "contract δ_ij"),
        ),
    )


squared_error = divergence(
    "squared_error", (y[i] - d[i]) ** 2, 2 * (y[j] - d[j]), Step(total(2 * (y[i] - d[i]) * delta, i), "power rule")
)
absolute_error = divergence(
    "absolute_error",
    Abs(y[i] - d[i]),
    sign(y[j] - d[j]),
    Step(total(sign(y[i] - d[i]) * delta, i), "|u|′ = sign u, u ≠ 0"),
)
binary_slope = -d[i] / y[i] + (1 - d[i]) / (1 - y[i])
binary_nll = divergence(
    "binary_nll",
    -(d[i] * log(y[i]) + (1 - d[i]) * log(1 - y[i])),
    -d[j] / y[j] + (1 - d[j]) / (1 - y[j]),
    Step(total(binary_slope * delta, i), "derivative of log"),
)
nll = divergence("nll", -d[i] * log(y[i]), -d[j] / y[j], Step(total(-d[i] / y[i] * delta, i), "derivative of log"))
binary_kl = divergence(
    "binary_kl",
    d[i] * log(d[i] / y[i]) + (1 - d[i]) * log((1 - d[i]) / (1 - y[i])),
    -d[j] / y[j] + (1 - d[j]) / (1 - y[j]),
    Step(total(binary_slope * delta, i), "log(d/y) = log d − log y, and d is a constant"),
)
kl = divergence(
    "kl",
    d[i] * log(d[i] / y[i]),
    -d[j] / y[j],
    Step(total(-d[i] / y[i] * delta, i), "log(d/y) = log d − log y, and d is a constant"),
)

sigmoid_binary_nll = Derivation(
    "sigmoid_binary_nll",
    definition=(
        equation(y[i], sigmoid(z[i])),
        equation(D, total(-(d[i] * log(y[i]) + (1 - d[i]) * log(1 - y[i])), i)),
    ),
    result=equation(Derivative(D, z[j]), y[j] - d[j]),
    steps=(
        Step(total(binary_slope * Derivative(y[i], z[j]), i), "chain rule through y = σ(z)"),
        Step(total(binary_slope * y[i] * (1 - y[i]) * delta, i), "σ′ = σ (1 − σ)"),
        Step(-d[j] * (1 - y[j]) + (1 - d[j]) * y[j], "contract δ_ij; y (1 − y) cancels the denominators"),
        Step(y[j] - d[j], "multiplied out"),
    ),
)

softmax = equation(y[i], exp(z[i]) / total(exp(z[k]), k))
softmax_nll = Derivation(
    "softmax_nll",
    definition=(softmax, equation(D, total(-d[i] * log(y[i]), i))),
    result=equation(Derivative(D, z[j]), total(d[i], i) * y[j] - d[j]),
    steps=(
        Step(total(-d[i] / y[i] * Derivative(y[i], z[j]), i), "chain rule through y = softmax(z)"),
        Step(total(-d[i] * (delta - y[j]), i), "the Jacobian of softmax, y_i (δ_ij − y_j); y_i cancels"),
        Step(total(d[i], i) * y[j] - d[j], "contract δ_ij"),
    ),
)

softmax_nll_of_distribution = Derivation(
    "softmax_nll.distribution",
    definition=(softmax, equation(D, total(-d[i] * log(y[i]), i))),
    result=equation(Derivative(D, z[j]), y[j] - d[j]),
    steps=(Step(total(d[i], i) * y[j] - d[j], "the gradient for any d"), Step(y[j] - d[j], "Σ_i d_i = 1")),
    given=(equation(total(d[i], i), 1),),
)

DERIVATIONS = (
    squared_error,
    absolute_error,
    binary_nll,
    nll,
    binary_kl,
    kl,
    sigmoid_binary_nll,
    softmax_nll,
    softmax_nll_of_distribution,
)

output, target = Symbol("y", real=True), Symbol("d", real=True)
KINKS = {"absolute_error": Kink(Abs(output - target), output, at=target)}
