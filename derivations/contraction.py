"""Sums of products: y is linear in each of its factors; and a matrix W with a low-rank addition s B A."""

from sympy import Derivative, IndexedBase, KroneckerDelta, Symbol

from derivations import Derivation, Step, dimension, equation, index, total

n, m, p, rank = (dimension(name) for name in ("n", "m", "p", "R"))
i, e = index("i", m), index("e", m)
j, f = index("j", n), index("f", n)
k, l = index("k", p), index("l", p)
r, q = index("r", rank), index("q", rank)
a, b, c, x, y, y_bar, W, A, B = (IndexedBase(name) for name in ("a", "b", "c", "x", "y", "y_bar", "W", "A", "B"))
s = Symbol("s")

product = equation(y[k, i], total(a[i, j] * b[j, k] * c[j], j))
lowered = equation(y[i], total(W[i, j] * x[j], j) + b[i] + s * total(B[i, r] * total(A[r, j] * x[j], j), r))


def by_factor(name: str, wrt, result) -> Derivation:
    """ȳ takes the place of the factor."""
    left = total(y_bar[k, i] * Derivative(y[k, i], wrt), k, i)
    return Derivation(
        f"contraction.{name}", product, equation(left, result), (Step(result, "the sum is linear; contract each δ"),)
    )


def of_lora(name: str, wrt, result, reason: str) -> Derivation:
    return Derivation(f"lora.{name}", lowered, equation(Derivative(y[i], wrt), result), (Step(result, reason),))


delta = KroneckerDelta(i, e)
DERIVATIONS = (
    by_factor("a", a[e, f], total(y_bar[k, e] * b[f, k] * c[f], k)),
    by_factor("b", b[f, l], total(y_bar[l, i] * a[i, f] * c[f], i)),
    by_factor("c", c[f], total(y_bar[k, i] * a[i, f] * b[f, k], k, i)),
    of_lora("W", W[e, f], delta * x[f], "as without the addition"),
    of_lora("b", b[e], delta, "∂b_i/∂b_e = δ_ie"),
    of_lora("A", A[q, f], s * B[i, q] * x[f], "A x goes through B"),
    of_lora("B", B[e, q], delta * s * total(A[q, j] * x[j], j), "B multiplies A x"),
    of_lora("x", x[f], W[i, f] + s * total(B[i, r] * A[r, f], r), "the matrix as a whole is W + s B A"),
)
