"""Mixtures of experts: m_i is 1 for the experts that are chosen, t_a for the one that an example goes to, else 0."""

from sympy import Derivative, IndexedBase, KroneckerDelta, exp

from derivations import Derivation, Step, dimension, equation, index, total

n, m, E = dimension("n"), dimension("m"), dimension("E")
i, j, k = (index(name, n) for name in "ijk")
p, q = index("p", m), index("q", m)
a, b = index("a", E), index("b", E)
z, y, chosen, W, x, own = (IndexedBase(name) for name in ("z", "y", "m", "W", "x", "t"))

weights = equation(y[i], chosen[i] * exp(z[i]) / total(chosen[k] * exp(z[k]), k))
product = equation(y[p], total(own[a] * W[a, p, j] * x[j], a, j))

DERIVATIONS = (
    Derivation(
        "top_k_softmax",
        weights,
        equation(Derivative(y[i], z[j]), y[i] * (KroneckerDelta(i, j) - y[j])),
        (Step(y[i] * (KroneckerDelta(i, j) - y[j]), "quotient rule; the choice does not change off a tie"),),
    ),
    Derivation(
        "expert_linear.W",
        product,
        equation(Derivative(y[p], W[b, q, k]), KroneckerDelta(p, q) * own[b] * x[k]),
        (Step(KroneckerDelta(p, q) * own[b] * x[k], "the sum is linear; contract each δ"),),
    ),
    Derivation(
        "expert_linear.x",
        product,
        equation(Derivative(y[p], x[k]), total(own[a] * W[a, p, k], a)),
        (Step(total(own[a] * W[a, p, k], a), "contract δ_jk"),),
    ),
)
