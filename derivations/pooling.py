"""Pooling: of each window the one that wins, or the mean. x_tk is the k-th of the window t."""

from sympy import Derivative, IndexedBase, KroneckerDelta

from derivations import Derivation, Step, dimension, equation, index, total

T, n = dimension("T"), dimension("n")
t, s = index("t", T), index("s", T)
k, l = index("k", n), index("l", n)
x, y, winner = IndexedBase("x"), IndexedBase("y"), IndexedBase("m")

best = equation(y[t], total(winner[t, k] * x[t, k], k))  # m_tk is 1 for the maximum and constant around it
mean = equation(y[t], total(x[t, k], k) / n)
# windows that overlap: p_tq is the share that the position q has in the window t, of a maximum 1 for the winner
positions = dimension("N")
q, u = index("q", positions), index("u", positions)
share, X = IndexedBase("p"), IndexedBase("x")
shared = equation(y[t], total(share[t, q] * X[q], q))

DERIVATIONS = (
    Derivation(
        "max_pool",
        best,
        equation(Derivative(y[t], x[s, l]), KroneckerDelta(t, s) * winner[t, l]),
        (Step(KroneckerDelta(t, s) * winner[t, l], "the winner does not change off a tie; contract δ_kl"),),
    ),
    Derivation(
        "mean_pool",
        mean,
        equation(Derivative(y[t], x[s, l]), KroneckerDelta(t, s) / n),
        (Step(KroneckerDelta(t, s) / n, "∂x_tk/∂x_sl = δ_ts δ_kl, contracted"),),
    ),
    *(
        Derivation(name, shared, equation(Derivative(y[t], X[u]), share[t, u]), (Step(share[t, u], reason),))
        for name, reason in (
            ("adaptive_max_pool", "the winner does not change off a tie; contract δ_qu"),
            ("adaptive_mean_pool", "the shares are constants; contract δ_qu"),
        )
    ),
)
