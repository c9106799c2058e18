"""Distillation: the KL divergence of a student's softmax from a teacher's, of logits z_t = W h_t."""

from sympy import Derivative, IndexedBase, Symbol, exp, log

from derivations import Derivation, Step, dimension, equation, index, total

V, n, T = dimension("V"), dimension("n"), dimension("T")
i, j, k = (index(name, V) for name in "ijk")
a, b = index("a", n), index("b", n)
t, s = index("t", T), index("s", T)
z, h, W, w, L, teacher = (IndexedBase(name) for name in ("z", "h", "W", "w", "L", "u"))
D, tau = Symbol("D"), Symbol("tau", positive=True)


def p(t, i):
    """The teacher's probabilities, of logits u."""
    return exp(teacher[t, i] / tau) / total(exp(teacher[t, k] / tau), k)


rows = (
    equation(z[t, i], total(W[i, a] * h[t, a], a)),
    equation(L[t], log(total(exp(z[t, k] / tau), k))),
    equation(D, total(w[t] * total(p(t, j) * (log(p(t, j)) - z[t, j] / tau + L[t]), j), t)),
)


def z_bar(t, i):
    return w[t] / tau * (exp(z[t, i] / tau) / total(exp(z[t, k] / tau), k) - p(t, i))


DERIVATIONS = (
    Derivation(
        "linear_kl.W",
        rows,
        equation(Derivative(D, W[j, b]), total(z_bar(t, j) * h[t, b], t)),
        (Step(total(z_bar(t, j) * h[t, b], t), "the teacher's probabilities are constants that add up to 1"),),
    ),
    Derivation(
        "linear_kl.h",
        rows,
        equation(Derivative(D, h[s, b]), total(z_bar(s, i) * W[i, b], i)),
        (Step(total(z_bar(s, i) * W[i, b], i), "z_t depends on h_t alone"),),
    ),
)
