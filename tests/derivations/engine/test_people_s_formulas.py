"""What formulas in notes and papers need, each true statement beside a false one that is close to it."""

import pytest
from sympy import (
    Abs,
    And,
    Derivative,
    Eq,
    Function,
    Idx,
    IndexedBase,
    KroneckerDelta,
    Max,
    Piecewise,
    Sum,
    Symbol,
    erf,
    exp,
    log,
    pi,
    sqrt,
)

from derivations import (
    Field,
    Maximum,
    Phi,
    determinant,
    dimension,
    equation,
    gelu,
    index,
    inverse,
    judge,
    log_determinant,
    prime,
    product,
    sigmoid,
    step,
    total,
)

n, m, T = dimension("n"), dimension("m"), dimension("T")
i, j, k, l, p, q = (index(name, n) for name in "ijklpq")
a, b, c = (index(name, m) for name in "abc")
t, s, bit = index("t", T), index("s", 3), Idx("bit", (0, 1))
last, above = index("last", n - 1), index("above", n, 2)
A, B, K, P, Q, S, W, X, Y = (IndexedBase(name) for name in ("A", "B", "K", "P", "Q", "S", "W", "X", "Y"))
g, h, u, w, x, y = (IndexedBase(name) for name in "ghuwxy")
theta, lam, loss, z = (Symbol(name) for name in ("theta", "lam", "loss", "z"))
D, f, ell = Field("D"), Function("f"), Function("ell")
delta, inv = KroneckerDelta, inverse(A[k, l], k, l)
gram = inverse(total(X[a, p] * X[a, q], a) + lam * delta(p, q), p, q)
matrix_loss = (equation(Y[i, a], total(W[i, k] * X[k, a], k)), equation(loss, D(Y[i, a], i, a)))
symmetric, skew = (Eq(A[i, j], A[j, i]),), (Eq(A[i, j], -A[j, i]),)
margin = 1 - y[i] * total(w[k] * x[k], k)
causal = (equation(P[i, j], step(i - j) * exp(S[i, j]) / Sum(exp(S[i, k]), (k, 1, i))),)
cumulative = (equation(y[i], Sum(x[k], (k, 1, i))), equation(loss, total(g[i] * y[i], i)))
recurrent = (Eq(h[s], f(theta * h[s - 1])),)
square = Sum(x[m * (k - 1) + a] ** 2, (k, 1, n), (a, 1, m))
kronecker = (equation(K[m * (i - 1) + a, m * (j - 1) + b], A[i, j] * W[a, b]),)
energy = lam + total(W[j, k] * x[k], k)


def padded(r):
    return Piecewise((x[i + r - 2], And(i + r - 2 >= 1, i + r - 2 <= n)), (0, True))


# name: left, the right side that is true, one that is false, hypotheses
CASES = {
    "a loss of a matrix, by a factor": (
        Derivative(loss, W[p, q]),
        total(prime(D)[p, a](Y[i, b], i, b) * X[q, a], a),
        total(prime(D)[q, a](Y[i, b], i, b) * X[p, a], a),
        matrix_loss,
    ),
    "a loss of a matrix, by the other": (
        Derivative(loss, X[p, a]),
        total(W[i, p] * prime(D)[i, a](Y[k, b], k, b), i),
        total(W[p, i] * prime(D)[i, a](Y[k, b], k, b), i),
        matrix_loss,
    ),
    "log det": (Derivative(log_determinant(A[k, l], k, l), A[p, q]), inv[q, p], inv[p, q], ()),
    "det": (
        Derivative(determinant(A[k, l], k, l), A[p, q]),
        determinant(A[l, k], k, l) * inv[q, p],
        inv[q, p],
        (),
    ),
    "inverse": (Derivative(inv[i, j], A[p, q]), -inv[i, p] * inv[q, j], inv[i, p] * inv[q, j], ()),
    "A times its inverse": (total(A[i, k] * inv[k, j], k), delta(i, j), delta(i, j) / n, ()),
    "a shifted Gram matrix times its inverse": (
        total((total(X[a, i] * X[a, k], a) + lam * delta(i, k)) * gram[k, j], k),
        delta(i, j),
        lam * delta(i, j),
        (),
    ),
    "the inverse of the transpose": (inverse(A[l, k], k, l)[i, j], inv[j, i], inv[i, j], ()),
    "a symmetric form": (
        Derivative(total(x[k] * A[k, l] * x[l], k, l), x[i]),
        2 * total(A[k, i] * x[k], k),
        total(A[k, i] * x[k], k),
        symmetric,
    ),
    "the inverse of a symmetric matrix": (inv[i, j], inv[j, i], inv[i, i], symmetric),
    "an antisymmetric diagonal": (A[i, i] * x[i], 0, x[i], skew),
    "orthogonal matrices keep lengths": (
        total(total(Q[k, i] * x[i], i) ** 2, k),
        total(x[i] ** 2, i),
        total(x[i], i) ** 2,
        (Eq(total(Q[k, i] * Q[k, j], k), delta(i, j)),),
    ),
    "a unit vector": (total(u[k] ** 2 * x[i], k), x[i], n * x[i], (Eq(total(u[k] ** 2, k), 1),)),
    "a sign": ((y[i] * x[i]) ** 2, x[i] ** 2, x[i], (Eq(y[i] ** 2, 1),)),
    "probabilities": (total(u[k] * x[i], k), x[i], n * x[i], (Eq(total(u[k], k), 1),)),
    "a matrix and its inverse": (
        total(A[k, l] * B[l, k], k, l),
        n,
        1,
        (Eq(total(A[i, k] * B[k, j], k), delta(i, j)), Eq(total(B[i, k] * A[k, j], k), delta(i, j))),
    ),
    "orthogonal vectors": (
        total((x[k] + y[k]) ** 2, k),
        total(x[k] ** 2, k) + total(y[k] ** 2, k),
        total(x[k] ** 2, k),
        (Eq(total(x[k] * y[k], k), 0),),
    ),
    "one step of a recursion": (
        Derivative(h[t], h[t - 1]),
        theta * prime(f)(theta * h[t - 1]),
        prime(f)(theta * h[t - 1]),
        (Eq(h[t], f(theta * h[t - 1])),),
    ),
    "through two steps, by a weight": (
        Derivative(h[2], theta),
        prime(f)(theta * h[1]) * (h[1] + theta * prime(f)(theta * h[0]) * h[0]),
        prime(f)(theta * h[1]) * h[1],
        recurrent,
    ),
    "a loss of every step": (
        Derivative(total(ell(h[s]), s), h[2]),
        prime(ell)(h[2]) + prime(ell)(h[3]) * theta * prime(f)(theta * h[2]),
        prime(ell)(h[2]),
        recurrent,
    ),
    "hinge inside": (Derivative(Max(0, margin), w[j]), -x[j] * y[i], 0, (margin > 0,)),
    "hinge outside": (Max(0, margin), 0, margin, (margin < 0,)),
    "an absolute value": (Abs(x[i]), -x[i], x[i], (x[i] < 0,)),
    "the greater of two": (Max(x[i], y[i]), x[i], y[i], (x[i] > y[i],)),
    "gelu": (
        Derivative(gelu(z), z),
        Phi(z) + z * exp(-(z**2) / 2) / sqrt(2 * pi),
        Phi(z) + z * exp(-(z**2)) / sqrt(2 * pi),
        (),
    ),
    "erf": (Derivative(erf(z), z), 2 * exp(-(z**2)) / sqrt(pi), exp(-(z**2)) / sqrt(pi), ()),
    "the pullback of a cumulative sum": (
        Derivative(loss, x[j]),
        Sum(g[i], (i, j, n)),
        Sum(g[i], (i, 1, j)),
        cumulative,
    ),
    "a causal softmax": (
        Derivative(P[i, j], S[p, q]),
        delta(i, p) * P[i, j] * (delta(j, q) - P[i, q]),
        delta(i, p) * P[i, j] * (delta(j, q) - P[i, j]),
        causal,
    ),
    "masks that meet": (step(i - k) * step(k - i), delta(i, k), step(i - k), ()),
    "a triangle": (Sum(z, (k, 1, i), (i, 1, n)), z * n * (n + 1) / 2, z * n * (n - 1) / 2, ()),
    "a shifted sum": (total(x[last + 1], last), total(x[above], above), 2 * total(x[above], above), ()),
    "a maximum of one number": (Maximum(z, k), z, n * z, ()),
    "zero outside of the range": (Derivative(total(w[a] * padded(a), a), w[b]), padded(b), x[i + b - 2], ()),
    "a convolution by its input": (
        Derivative(total(w[a] * x[a + i - 1], a), x[index("o", n + m - 1)]),
        total(w[a] * delta(a + i - 1, index("o", n + m - 1)), a),
        w[1],
        (),
    ),
    "binary states": (
        Derivative(log(product(Sum(exp(bit * energy), (bit, 0, 1)), j)), lam),
        total(sigmoid(energy), j),
        total(energy, j),
        (),
    ),
    "an array in rows": (
        Derivative(square, x[m * (i - 1) + b]),
        2 * x[m * (i - 1) + b],
        x[m * (i - 1) + b],
        (),
    ),
    "a Kronecker product": (
        total(K[m * (i - 1) + a, m * (j - 1) + b] * x[m * (j - 1) + b], j, b),
        total(A[i, j] * total(W[a, b] * x[m * (j - 1) + b], b), j),
        total(A[j, i] * total(W[a, b] * x[m * (j - 1) + b], b), j),
        kronecker,
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_what_is_true_is_proven(name):
    left, right, _, given = CASES[name]
    assert judge(left, right, given=given), judge(left, right, given=given)


@pytest.mark.parametrize("name", CASES)
def test_what_is_false_is_refuted(name):
    left, _, wrong, given = CASES[name]
    verdict = judge(left, wrong, given=given, diagnose=False)
    assert verdict.status == "refuted", verdict


@pytest.mark.parametrize(
    ("left", "right", "given", "part"),
    [
        (Derivative(h[t], theta), z, (Eq(h[t], f(theta * h[t - 1])),), "number of steps is open"),
        (Derivative(square, x[index("pixel", m * n)]), z, (), "rows of m"),
        (x[m * i + k], z, (), "whole coefficients"),
        (Sum(x[k], (k, 1, i**2)), z, (), "range"),
    ],
)
def test_what_stays_outside_is_named(left, right, given, part):
    verdict = judge(left, right, given=given, diagnose=False)
    assert verdict.status == "ill-typed"
    assert part in verdict.evidence


def test_what_an_orthogonal_square_matrix_is_by_its_size_alone_is_not_refuted():
    """Q Qᵀ = 1 follows from Qᵀ Q = 1 for square matrices; the laws don't know it, and the points agree."""
    verdict = judge(total(Q[i, k] * Q[j, k], k), delta(i, j), given=(Eq(total(Q[k, i] * Q[k, j], k), delta(i, j)),))
    assert verdict.status == "undecided"
