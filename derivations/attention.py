"""Attention: y = A v with A = softmax by rows of q kᵀ/√d, masked by any m; and each of its cotangents.

`m_ts` is 1 where row t sees column s, else 0: a causal mask, segments and padding are cases of it.
"""

from sympy import Derivative, IndexedBase, exp, sqrt

from derivations import Derivation, Step, dimension, equation, index, total

T, S, d, c = (dimension(name) for name in "TSdc")
t, r = index("t", T), index("r", T)
s, u, w = index("s", S), index("u", S), index("w", S)
i, j = index("i", d), index("j", d)
a, b = index("a", c), index("b", c)
q, k, v, m, A, score, y, y_bar, A_bar, s_bar = (
    IndexedBase(name) for name in ("q", "k", "v", "m", "A", "s", "y", "y_bar", "A_bar", "s_bar")
)

definition = (
    equation(score[t, s], total(q[t, i] * k[s, i], i) / sqrt(d)),
    equation(A[t, s], m[t, s] * exp(score[t, s]) / total(m[t, u] * exp(score[t, u]), u)),
    equation(y[t, a], total(A[t, s] * v[s, a], s)),
    equation(A_bar[t, s], total(y_bar[t, a] * v[s, a], a)),
    equation(s_bar[t, s], A[t, s] * (A_bar[t, s] - total(A_bar[t, u] * A[t, u], u))),
)


def pulled(name: str, wrt, result, *steps: Step) -> Derivation:
    left = total(y_bar[t, a] * Derivative(y[t, a], wrt), t, a)
    return Derivation(f"attention.{name}", definition, equation(left, result), (*steps, Step(result, "contract")))


DERIVATIONS = (
    pulled(
        "q",
        q[r, j],
        total(s_bar[r, s] * k[s, j], s) / sqrt(d),
        Step(total(A_bar[t, s] * Derivative(A[t, s], q[r, j]), t, s), "y depends on q through A alone"),
    ),
    pulled(
        "k",
        k[w, j],
        total(s_bar[t, w] * q[t, j], t) / sqrt(d),
        Step(total(A_bar[t, s] * Derivative(A[t, s], k[w, j]), t, s), "y depends on k through A alone"),
    ),
    pulled("v", v[w, b], total(A[t, w] * y_bar[t, b], t), Step(total(A[t, w] * y_bar[t, b], t), "y is linear in v")),
)
