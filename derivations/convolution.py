"""Convolution: T_qpk is 1 where the tap k of the window p falls on the position q, and 0 elsewhere.

So T is what stride, padding, dilation and the number of axes come to; q, p and k number the positions, windows and taps
of all axes. Groups are convolutions by themselves.
"""

from sympy import Derivative, IndexedBase, KroneckerDelta

from derivations import Derivation, Step, dimension, equation, index, total

n, o, K, c, m = (dimension(name) for name in ("n", "o", "K", "c", "m"))
q, u = index("q", n), index("u", n)
p, t = index("p", o), index("t", o)
k, l = index("k", K), index("l", K)
a, e = index("a", c), index("e", c)
i, j = index("i", m), index("j", m)
W, T, x, y, b = (IndexedBase(name) for name in ("W", "T", "x", "y", "b"))

layer = equation(y[p, i], total(W[k, a, i] * T[q, p, k] * x[q, a], k, a, q) + b[i])
back = equation(y[q, i], total(W[k, i, a] * T[q, p, k] * x[p, a], k, a, p) + b[i])
by_bias = (Step(KroneckerDelta(i, j), "∂b_i/∂b_j = δ_ij"),)


def linear(name: str, definition, wrt, terms, result) -> Derivation:
    return Derivation(
        name,
        definition,
        equation(Derivative(definition.lhs, wrt), result),
        (Step(terms, "the sum is linear"), Step(result, "contract each δ")),
    )


DERIVATIONS = (
    linear(
        "convolution.W",
        layer,
        W[l, e, j],
        total(KroneckerDelta(k, l) * KroneckerDelta(a, e) * KroneckerDelta(i, j) * T[q, p, k] * x[q, a], k, a, q),
        KroneckerDelta(i, j) * total(T[q, p, l] * x[q, e], q),
    ),
    linear(
        "convolution.x",
        layer,
        x[u, e],
        total(W[k, a, i] * T[q, p, k] * KroneckerDelta(q, u) * KroneckerDelta(a, e), k, a, q),
        total(W[k, e, i] * T[u, p, k], k),
    ),
    Derivation("convolution.b", layer, equation(Derivative(y[p, i], b[j]), KroneckerDelta(i, j)), by_bias),
    linear(
        "transposed_convolution.W",
        back,
        W[l, j, e],
        total(KroneckerDelta(k, l) * KroneckerDelta(a, e) * KroneckerDelta(i, j) * T[q, p, k] * x[p, a], k, a, p),
        KroneckerDelta(i, j) * total(T[q, p, l] * x[p, e], p),
    ),
    linear(
        "transposed_convolution.x",
        back,
        x[t, e],
        total(W[k, i, a] * T[q, p, k] * KroneckerDelta(p, t) * KroneckerDelta(a, e), k, a, p),
        total(W[k, i, e] * T[q, t, k], k),
    ),
    Derivation("transposed_convolution.b", back, equation(Derivative(y[q, i], b[j]), KroneckerDelta(i, j)), by_bias),
)
