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


def linear(name: str, definition, wrt, terms, result) -> Derivation:
    return Derivation(
        name,
        definition,
        equation(Derivative(definition.lhs, wrt), result),
        (Step(terms, "the sum is linear"), Step(result, "contract each δ")),
    )


def of_taps(rule: str, layer, kernel, of, to) -> tuple[Derivation, ...]:
    """By W, x and b, `of` are two indices of x's positions, `to` is the one of y's."""
    at, other = of
    deltas = KroneckerDelta(k, l) * KroneckerDelta(a, e) * KroneckerDelta(i, j)
    falls = T[q, p, k].subs(at, other)
    return (
        linear(
            f"{rule}.W",
            layer,
            kernel(l, e, j),
            total(deltas * T[q, p, k] * x[at, a], k, a, at),
            KroneckerDelta(i, j) * total(T[q, p, l] * x[at, e], at),
        ),
        linear(
            f"{rule}.x",
            layer,
            x[other, e],
            total(kernel(k, a, i) * T[q, p, k] * KroneckerDelta(at, other) * KroneckerDelta(a, e), k, a, at),
            total(kernel(k, e, i) * falls, k),
        ),
        Derivation(
            f"{rule}.b",
            layer,
            equation(Derivative(y[to, i], b[j]), KroneckerDelta(i, j)),
            (Step(KroneckerDelta(i, j), "∂b_i/∂b_j = δ_ij"),),
        ),
    )


DERIVATIONS = (
    *of_taps("convolution", layer, lambda k, a, i: W[k, a, i], (q, u), p),
    *of_taps("transposed_convolution", back, lambda k, a, i: W[k, i, a], (p, t), q),
)
