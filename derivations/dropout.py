"""Dropout: y_i = m_i z_i. The mask m is drawn, not computed from z."""

from sympy import Derivative, IndexedBase, KroneckerDelta

from derivations import Derivation, Step, dimension, equation, index

n = dimension("n")
i, j = index("i", n), index("j", n)
m, y, z = IndexedBase("m"), IndexedBase("y"), IndexedBase("z")

DERIVATIONS = (
    Derivation(
        "dropout",
        definition=equation(y[i], m[i] * z[i]),
        result=equation(Derivative(y[i], z[j]), KroneckerDelta(i, j) * m[i]),
        steps=(
            Step(m[i] * Derivative(z[i], z[j]), "m_i does not depend on z"),
            Step(m[i] * KroneckerDelta(i, j), "∂z_i/∂z_j = δ_ij"),
        ),
    ),
)
