"""Softmax and its logarithm: y_j = e^z_j / Σ_k e^z_k."""

from sympy import Derivative, IndexedBase, KroneckerDelta, Symbol, exp, log

from derivations import Derivation, Step, dimension, equation, index, total

n = dimension("n")
i, j, k = (index(name, n) for name in "ijk")
y, z, y_bar = IndexedBase("y"), IndexedBase("z"), IndexedBase("y_bar")
shift = Symbol("c")
S = total(exp(z[k]), k)
definition = equation(y[j], exp(z[j]) / S)
jacobian_entry = y[j] * (KroneckerDelta(i, j) - y[i])

jacobian = Derivation(
    "softmax",
    definition=definition,
    result=equation(Derivative(y[j], z[i]), jacobian_entry),
    steps=(
        Step(Derivative(exp(z[j]), z[i]) / S - exp(z[j]) / S**2 * Derivative(S, z[i]), "quotient rule"),
        Step(
            KroneckerDelta(i, j) * exp(z[j]) / S - exp(z[j]) * exp(z[i]) / S**2,
            "∂z_j/∂z_i = δ_ij, contracted in the sum",
        ),
        Step(KroneckerDelta(i, j) * y[j] - y[j] * y[i], "e^z_j / S = y_j"),
        Step(jacobian_entry, "y_j taken out"),
    ),
)

vjp = Derivation(
    "softmax.vjp",
    definition=definition,
    result=equation(total(y_bar[j] * Derivative(y[j], z[i]), j), y[i] * (y_bar[i] - total(y_bar[j] * y[j], j))),
    steps=(
        Step(total(y_bar[j] * jacobian_entry, j), "the Jacobian of softmax"),
        Step(y_bar[i] * y[i] - y[i] * total(y_bar[j] * y[j], j), "contract δ_ij"),
        Step(y[i] * (y_bar[i] - total(y_bar[j] * y[j], j)), "y_i taken out"),
    ),
)

rows_sum_to_zero = Derivation(
    "softmax.rows_sum_to_zero",
    definition=definition,
    result=equation(total(Derivative(y[j], z[i]), i), 0),
    steps=(
        Step(total(jacobian_entry, i), "the Jacobian of softmax"),
        Step(y[j] - y[j] * total(y[i], i), "contract δ_ij"),
        Step(y[j] - y[j], "Σ_i y_i = 1"),
    ),
)

shift_invariance = Derivation(
    "softmax.shift_invariance",
    definition=definition,
    result=equation(exp(z[j] + shift) / total(exp(z[k] + shift), k), y[j]),
    steps=(
        Step(exp(shift) * exp(z[j]) / total(exp(shift) * exp(z[k]), k), "e^(a + b) = e^a e^b"),
        Step(exp(z[j]) / S, "e^c leaves the sum and cancels"),
        Step(y[j], "the definition of y"),
    ),
)

log_jacobian = Derivation(
    "log_softmax",
    definition=equation(y[j], z[j] - log(S)),
    result=equation(Derivative(y[j], z[i]), KroneckerDelta(i, j) - exp(y[i])),
    steps=(
        Step(KroneckerDelta(i, j) - Derivative(S, z[i]) / S, "∂z_j/∂z_i = δ_ij; derivative of log"),
        Step(KroneckerDelta(i, j) - exp(z[i]) / S, "contract δ_ik"),
        Step(KroneckerDelta(i, j) - exp(y[i]), "e^y_i = e^z_i / S"),
    ),
)

sum_jacobian = Derivation(
    "logsumexp",
    definition=equation(Symbol("y"), log(S)),
    result=equation(Derivative(Symbol("y"), z[i]), exp(z[i]) / S),
    steps=(Step(Derivative(S, z[i]) / S, "derivative of log"), Step(exp(z[i]) / S, "contract δ_ik")),
)

DERIVATIONS = (jacobian, vjp, rows_sum_to_zero, shift_invariance, log_jacobian, sum_jacobian)
