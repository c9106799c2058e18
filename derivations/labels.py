"""Losses of a label: D = log Σ_k e^z_k − Σ_k d_k z_k, d the smoothed label, and the same of logits z = W h."""

from sympy import Derivative, IndexedBase, Symbol, exp, log

from derivations import Derivation, Step, dimension, equation, index, total

V, n, T = dimension("V"), dimension("n"), dimension("T")
i, j, k = (index(name, V) for name in "ijk")
a, b = index("a", n), index("b", n)
t, s = index("t", T), index("s", T)
z, d, h, W, w, L = (IndexedBase(name) for name in "zdhWwL")
D, zeta = Symbol("D"), Symbol("zeta")

logits = (
    equation(Symbol("L"), log(total(exp(z[k]), k))),
    equation(D, Symbol("L") - total(d[k] * z[k], k) + zeta * Symbol("L") ** 2),
)
y = exp(z[j]) / total(exp(z[k]), k)

rows = (
    equation(z[t, i], total(W[i, a] * h[t, a], a)),
    equation(L[t], log(total(exp(z[t, k]), k))),
    equation(D, total(w[t] * (L[t] - total(d[t, k] * z[t, k], k)), t)),
)


def z_bar(t, i):
    return w[t] * (exp(z[t, i]) / total(exp(z[t, k]), k) - d[t, i])


DERIVATIONS = (
    Derivation(
        "label_nll",
        logits,
        equation(Derivative(D, z[j]), (1 + 2 * zeta * Symbol("L")) * y - d[j]),
        (
            Step((1 + 2 * zeta * Symbol("L")) * Derivative(Symbol("L"), z[j]) - d[j], "chain rule; contract δ_kj"),
            Step((1 + 2 * zeta * Symbol("L")) * y - d[j], "∂L/∂z is the softmax"),
        ),
    ),
    Derivation(
        "linear_nll.W",
        rows,
        equation(Derivative(D, W[j, b]), total(z_bar(t, j) * h[t, b], t)),
        (Step(total(z_bar(t, j) * h[t, b], t), "the loss's row by z_t, then z_t = W h_t"),),
    ),
    Derivation(
        "linear_nll.h",
        rows,
        equation(Derivative(D, h[s, b]), total(z_bar(s, i) * W[i, b], i)),
        (Step(total(z_bar(s, i) * W[i, b], i), "z_t depends on h_t alone"),),
    ),
)
