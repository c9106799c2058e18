"""A polynomial activation: y_i = Σ_{k=0}^p c_k z_i^k."""

from sympy import Derivative, IndexedBase, KroneckerDelta

from derivations import Derivation, Step, dimension, equation, index, total

n, p = dimension("n"), dimension("p")
i, j = index("i", n), index("j", n)
k, l = index("k", p, lower=0), index("l", p, lower=0)
c, y, z = IndexedBase("coefficients"), IndexedBase("y"), IndexedBase("z")
definition = equation(y[i], total(c[k] * z[i] ** k, k))

wrt_z = Derivation(
    "polynomial.z",
    definition=definition,
    result=equation(Derivative(y[i], z[j]), KroneckerDelta(i, j) * total(k * c[k] * z[i] ** (k - 1), k)),
    steps=(
        Step(total(c[k] * Derivative(z[i] ** k, z[j]), k), "the derivative of a sum"),
        Step(total(c[k] * k * z[i] ** (k - 1) * KroneckerDelta(i, j), k), "power rule; ∂z_i/∂z_j = δ_ij"),
        Step(KroneckerDelta(i, j) * total(k * c[k] * z[i] ** (k - 1), k), "δ_ij leaves the sum"),
    ),
)

wrt_c = Derivation(
    "polynomial.coefficients",
    definition=definition,
    result=equation(Derivative(y[i], c[l]), z[i] ** l),
    steps=(
        Step(total(KroneckerDelta(k, l) * z[i] ** k, k), "∂c_k/∂c_l = δ_kl"),
        Step(z[i] ** l, "contract δ_kl"),
    ),
)

DERIVATIONS = (wrt_z, wrt_c)
