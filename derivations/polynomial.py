"""A polynomial activation: y_i = Σ_{k=0}^p c_k z_i^k.

The engine proves it for z_i > 0, where a power with a symbolic exponent exists for certain. Both sides are polynomials
in z_i; as they agree there, they agree everywhere.
"""

from sympy import Derivative, IndexedBase, KroneckerDelta

from derivations import Derivation, Step, dimension, equation, index, total

n, p = dimension("n"), dimension("p")
i, j = index("i", n), index("j", n)
k, l = index("k", p, lower=0), index("l", p, lower=0)
h = index("h", p)  # from 1: the constant term has no derivative
c, y, z = IndexedBase("coefficients"), IndexedBase("y"), IndexedBase("z")
delta = KroneckerDelta(i, j)
definition = equation(y[i], total(c[k] * z[i] ** k, k))

wrt_z = Derivation(
    "polynomial.z",
    definition=definition,
    result=equation(Derivative(y[i], z[j]), delta * total(h * c[h] * z[i] ** (h - 1), h)),
    steps=(
        Step(total(c[k] * Derivative(z[i] ** k, z[j]), k), "the derivative of a sum"),
        Step(
            total(c[h] * h * z[i] ** (h - 1) * delta, h),
            "power rule; ∂z_i/∂z_j = δ_ij; the constant term has no derivative",
        ),
        Step(delta * total(h * c[h] * z[i] ** (h - 1), h), "δ_ij leaves the sum"),
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
