"""Embedding, a product without bias, learned positions, and rotations by position."""

from sympy import Derivative, IndexedBase, KroneckerDelta

from derivations import Derivation, Step, dimension, equation, index, total

n, m, T = dimension("n"), dimension("m"), dimension("T")
i, j, k, l = (index(name, n) for name in "ijkl")
a, b = index("a", m), index("b", m)
t, s = index("t", T), index("s", T)
E, W, x, y, P, token, y_bar, cos, sin = (
    IndexedBase(name) for name in ("E", "W", "x", "y", "P", "token", "y_bar", "cos", "sin")
)

row = equation(y[i], total(token[a] * E[a, i], a))  # token_a is 1 for the token a, else 0
product = equation(y[a], total(W[a, k] * x[k], k))
moved = equation(y[t, i], x[t, i] + P[t, i])
# of each pair (a, b) the turned one, (y, w)
first, second, w, w_bar = IndexedBase("a"), IndexedBase("b"), IndexedBase("w"), IndexedBase("w_bar")
turned = (
    equation(y[i], first[i] * cos[i] - second[i] * sin[i]),
    equation(w[i], second[i] * cos[i] + first[i] * sin[i]),
)


def turned_back(name: str, wrt, result) -> Derivation:
    left = total(y_bar[i] * Derivative(y[i], wrt) + w_bar[i] * Derivative(w[i], wrt), i)
    return Derivation(f"rope.{name}", turned, equation(left, result), (Step(result, "y and w are linear"),))


DERIVATIONS = (
    Derivation(
        "embedding.E",
        row,
        equation(Derivative(y[i], E[b, j]), token[b] * KroneckerDelta(i, j)),
        (
            Step(total(token[a] * Derivative(E[a, i], E[b, j]), a), "the token does not depend on E"),
            Step(total(token[a] * KroneckerDelta(a, b) * KroneckerDelta(i, j), a), "∂E_ai/∂E_bj = δ_ab δ_ij"),
            Step(token[b] * KroneckerDelta(i, j), "contract δ_ab"),
        ),
    ),
    Derivation(
        "linear.W",
        product,
        equation(Derivative(y[a], W[b, j]), KroneckerDelta(a, b) * x[j]),
        (
            Step(total(KroneckerDelta(a, b) * KroneckerDelta(k, j) * x[k], k), "∂W_ak/∂W_bj = δ_ab δ_kj"),
            Step(KroneckerDelta(a, b) * x[j], "contract δ_kj"),
        ),
    ),
    Derivation(
        "linear.x",
        product,
        equation(Derivative(y[a], x[j]), W[a, j]),
        (Step(total(W[a, k] * KroneckerDelta(k, j), k), "∂x_k/∂x_j = δ_kj"), Step(W[a, j], "contract δ_kj")),
    ),
    Derivation(
        "position.P",
        moved,
        equation(Derivative(y[t, i], P[s, j]), KroneckerDelta(t, s) * KroneckerDelta(i, j)),
        (Step(KroneckerDelta(t, s) * KroneckerDelta(i, j), "∂P_ti/∂P_sj = δ_ts δ_ij"),),
    ),
    Derivation(
        "position.x",
        moved,
        equation(Derivative(y[t, i], x[s, j]), KroneckerDelta(t, s) * KroneckerDelta(i, j)),
        (Step(KroneckerDelta(t, s) * KroneckerDelta(i, j), "∂x_ti/∂x_sj = δ_ts δ_ij"),),
    ),
    turned_back("a", first[j], y_bar[j] * cos[j] + w_bar[j] * sin[j]),
    turned_back("b", second[j], w_bar[j] * cos[j] - y_bar[j] * sin[j]),
)
