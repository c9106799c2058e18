"""The gated delta rule, one step: M̄ is the cotangent of the new state, from what follows it and from y.

The steps together are these with S̄ carried back; in chunks they are summed up in matrix products.
"""

from sympy import Derivative, IndexedBase, Symbol, exp

from derivations import Derivation, Step, dimension, equation, index, total

c, d = dimension("c"), dimension("d")
a, e = index("a", c), index("e", c)
b, l = index("b", d), index("l", d)
S, N, M, k, q, v, w, y, w_bar, y_bar, S_bar = (
    IndexedBase(name) for name in ("state", "N", "M", "k", "q", "v", "w", "y", "w_bar", "y_bar", "S_bar")
)
g, beta = Symbol("log_decay"), Symbol("beta")
alpha = exp(g)

step = (
    equation(w[a], beta * (v[a] - alpha * total(S[a, b] * k[b], b))),
    equation(N[a, b], alpha * S[a, b] + w[a] * k[b]),
    equation(y[a], total(N[a, b] * q[b], b)),
    equation(M[a, b], S_bar[a, b] + y_bar[a] * q[b]),
    equation(w_bar[a], total(M[a, b] * k[b], b)),
)


def pulled(wrt):
    return total(y_bar[a] * Derivative(y[a], wrt) + total(S_bar[a, b] * Derivative(N[a, b], wrt), b), a)


def rule(name: str, wrt, result, reason: str) -> Derivation:
    by_N = total(M[a, b] * Derivative(N[a, b], wrt), a, b)
    steps = (Step(by_N, "y depends on it through N alone: ȳ q joins N̄"),) if name != "q" else ()
    return Derivation(f"gated_delta_rule.{name}", step, equation(pulled(wrt), result), (*steps, Step(result, reason)))


DERIVATIONS = (
    rule("q", q[l], total(N[a, l] * y_bar[a], a), "y is linear in q, and N does not depend on it"),
    rule("v", v[e], beta * w_bar[e], "N_ab depends on v through w_a k_b alone"),
    rule(
        "k",
        k[l],
        total(M[a, l] * w[a], a) - alpha * beta * total(w_bar[a] * S[a, l], a),
        "product rule; w_a takes back α S k",
    ),
    rule(
        "beta",
        beta,
        total(w_bar[a] * (v[a] - alpha * total(S[a, b] * k[b], b)), a),
        "w is β times what is new",
    ),
    rule(
        "log_decay",
        g,
        alpha * (total(M[a, b] * S[a, b], a, b) - beta * total(w_bar[a] * total(S[a, b] * k[b], b), a)),
        "∂α/∂ log α = α, once directly and once through what is taken back",
    ),
    rule("state", S[e, l], alpha * (M[e, l] - beta * w_bar[e] * k[l]), "S is kept by α, and S k is taken back"),
)
