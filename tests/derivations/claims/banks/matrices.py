"""Unknown functions of a matrix, determinants and inverses, right and wrong, singular matrices and n = 1 among them."""

from sympy import Abs, Derivative, IndexedBase, log

from claims.decide import claim
from claims.judging import Field, determinant, equation, inverse, log_determinant, prime, total
from claims.letters import A, B, D, W, a, b, c, i, j, k, l, m, n, p, p2, theta, upto, x, y

L, a9 = Field("L"), upto("a9", m)
Y, X = IndexedBase("Y"), IndexedBase("X")
g3, g4 = upto("g3", n), upto("g4", n)
det, inv, logdet = determinant(A[g3, g4], g3, g4), inverse(A[g3, g4], g3, g4), log_determinant(A[g3, g4], g3, g4)
g1, g2 = upto("g1", n), upto("g2", n)
product_kl = total(A[k, g2] * B[g2, l], g2)
loss = L(Y[k, a], k, a)
linear = equation(Y[i, a], total(W[i, j] * X[j, a], j))
shifted = equation(Y[i, a], total(W[i, j] * X[j, a], j) + c)

TRUE = {
    "an unknown function of a matrix": {
        "by an entry": claim(Derivative(loss, Y[i, b]), prime(L)[i, b](Y[k, a], k, a)),
        "of a product, by W": claim(
            Derivative(loss, W[i, j]), total(prime(L)[i, b](Y[k, a], k, a) * X[j, b], b), linear
        ),
        "of a product, by X": claim(
            Derivative(loss, X[j, b]), total(prime(L)[i, b](Y[k, a], k, a) * W[i, j], i), linear
        ),
        "by a bias": claim(Derivative(loss, c), total(prime(L)[i, b](Y[k, a], k, a), i, b), shifted),
        "of a multiple": claim(
            Derivative(L(theta * Y[k, a], k, a), Y[i, b]), theta * prime(L)[i, b](theta * Y[k, a], k, a)
        ),
        "second derivative": claim(Derivative(loss, Y[i, b], Y[j, b]), prime(prime(L))[i, b, j, b](Y[k, a], k, a)),
        "second derivative is symmetric": claim(
            prime(prime(L))[i, a, j, b](Y[k, a9], k, a9), prime(prime(L))[j, b, i, a](Y[k, a9], k, a9)
        ),
        "names of dummies": claim(loss, L(Y[l, b], l, b)),
        "of a part, by another": claim(Derivative(L(x[p], p), x[n + 1]), 0),
    },
    "determinants and inverses": {
        "derivative of det": claim(Derivative(det, A[i, j]), det * inv[j, i]),
        "derivative of log det": claim(Derivative(logdet, A[i, j]), inv[j, i]),
        "derivative of an inverse": claim(Derivative(inv[i, j], A[g1, g2]), -inv[i, g1] * inv[g2, j]),
        "solved": claim(total(inv[i, k] * A[k, j], k), D(i, j)),
        "solved from the right": claim(total(A[i, k] * inv[k, j], k), D(i, j)),
        "trace": claim(total(inv[k, l] * A[l, k], k, l), n),
        "det of a multiple": claim(determinant(c * A[k, l], k, l), c**n * det),
        "det of the transpose": claim(determinant(A[l, k], k, l), det),
        "det of the identity": claim(determinant(D(k, l), k, l), 1),
        "inverse of the transpose": claim(inverse(A[l, k], k, l)[i, j], inv[j, i]),
        "inverse of a multiple": claim(inverse(2 * A[k, l], k, l)[i, j], inv[i, j] / 2),
        "names": claim(det, determinant(A[i, j], i, j)),
        "derivative by another": claim(Derivative(det, x[i]), 0),
        "log det by a scalar": claim(
            Derivative(log_determinant(A[k, l] + theta * D(k, l), k, l), theta),
            total(inverse(A[k, l] + theta * D(k, l), k, l)[i, i], i),
        ),
    },
}

FALSE = {
    "an unknown function of a matrix, wrongly": {
        "transposed": claim(Derivative(loss, W[i, j]), total(prime(L)[j, b](Y[k, a], k, a) * X[i, b], b), linear),
        "without the batch": claim(Derivative(loss, W[i, j]), prime(L)[i, 1](Y[k, a], k, a) * X[j, 1], linear),
        "diagonal": claim(Derivative(loss, Y[i, b]), prime(L)[i, i](Y[k, a], k, a)),
        "summed over the wrong index": claim(
            Derivative(loss, X[j, b]), total(prime(L)[i, b](Y[k, a], k, a) * W[j, i], i), linear
        ),
        "no dependence": claim(Derivative(loss, W[i, j]), 0, linear),
        "linear": claim(L(Y[k, a] + X[k, a], k, a), loss + L(X[k, a], k, a)),
        "transposed argument": claim(L(A[k, l], k, l), L(A[l, k], k, l)),
        "order of the dummies": claim(L(A[k, l], k, l), L(A[k, l], l, k)),
        "second derivative, crossed": claim(
            prime(prime(L))[i, a, j, b](Y[k, a9], k, a9), prime(prime(L))[i, b, j, a](Y[k, a9], k, a9)
        ),
        "scale": claim(Derivative(L(theta * Y[k, a], k, a), Y[i, b]), prime(L)[i, b](theta * Y[k, a], k, a)),
        "of a part is of all": claim(Derivative(L(x[p], p), x[p2]), prime(L)[p2](x[k], k)),
    },
    "determinants and inverses, wrongly": {
        "derivative of det, transposed": claim(Derivative(det, A[i, j]), det * inv[i, j]),
        "derivative of log det, transposed": claim(Derivative(logdet, A[i, j]), inv[i, j]),
        "derivative of log det, entrywise": claim(Derivative(logdet, A[i, j]), 1 / A[i, j]),
        "derivative of an inverse, a sign": claim(Derivative(inv[i, j], A[g1, g2]), inv[i, g1] * inv[g2, j]),
        "derivative of an inverse, transposed": claim(Derivative(inv[i, j], A[g1, g2]), -inv[i, g2] * inv[g1, j]),
        "det of a sum": claim(determinant(A[k, l] + B[k, l], k, l), det + determinant(B[k, l], k, l)),
        "det of a multiple": claim(determinant(c * A[k, l], k, l), c * det),
        "det of minus": claim(determinant(-A[k, l], k, l), -det),
        "det of a constant matrix": claim(determinant(c + 0 * A[k, l], k, l), 0),
        "det of an outer product is 0": claim(determinant(x[k] * y[l], k, l), 0),
        "det is the product of the diagonal": claim(det, A[1, 1] * A[2, 2] - A[1, 2] * A[2, 1]),
        "det is positive": claim(Abs(det), det),
        "log det of a square": claim(log(det**2), log(Abs(det))),
        "inverse entrywise": claim(inv[i, j], 1 / A[i, j]),
        "inverse is symmetric": claim(inv[i, j], inv[j, i]),
        "inverse of a sum": claim(inverse(A[k, l] + B[k, l], k, l)[i, j], inv[i, j] + inverse(B[k, l], k, l)[i, j]),
        "inverse of a product": claim(
            inverse(product_kl, k, l)[i, j], total(inv[i, g1] * inverse(B[k, l], k, l)[g1, j], g1)
        ),
        "inverse of a multiple": claim(inverse(2 * A[k, l], k, l)[i, j], 2 * inv[i, j]),
        "inverse of 1..n is that of 1..n-1": claim(inv[1, 1], 1 / A[1, 1]),
        "trace": claim(total(inv[k, k] * A[k, k], k), n),
        "Hadamard": claim(total(inv[k, l] * A[k, l], k, l), n),
        "solved, transposed": claim(total(inv[k, i] * A[k, j], k), D(i, j)),
        "det through a definition": claim(
            Derivative(determinant(Y[k, l], k, l), theta), 0, equation(Y[i, j], theta * A[i, j])
        ),
        "inverse through a definition": claim(
            Derivative(inverse(Y[k, l], k, l)[i, j], theta), 0, equation(Y[i, j], theta * A[i, j])
        ),
    },
}
