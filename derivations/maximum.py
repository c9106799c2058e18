"""The maximum over subsets: y_j = max_{l ∈ S_j} z_l, with S_jl = 1 for l ∈ S_j and 0 otherwise."""

from sympy import Derivative, IndexedBase, Max, Symbol

from derivations import Derivation, Maximum, Step, dimension, equation, index, step
from derivations.engine.kink import Kink

n, m = dimension("n"), dimension("m")
i, l, j = index("i", n), index("l", n), index("j", m)
S, y, z = IndexedBase("S"), IndexedBase("y"), IndexedBase("z")
greatest = Maximum(z[l], l, where=S[j, l])

jacobian = Derivation(
    "subset_max",
    definition=equation(y[j], greatest),
    result=equation(Derivative(y[j], z[i]), S[j, i] * step(z[i] - y[j])),
    steps=(
        Step(S[j, i] * step(z[i] - greatest), "1 for the member that attains the maximum, off a tie; else 0"),
        Step(S[j, i] * step(z[i] - y[j]), "the definition of y"),
    ),
    given=(equation(S[j, i] ** 2, S[j, i]),),
)

DERIVATIONS = (jacobian,)

# At a tie, as a function of one of those tied, the others at c.
one, c = Symbol("x", real=True), Symbol("c", real=True)
KINKS = {"subset_max": Kink(Max(one, c), one, at=c)}
