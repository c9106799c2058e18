"""True claims where two edges meet, which a careless mind calls false."""

from sympy import (
    Abs,
    Derivative,
    Heaviside,
    KroneckerDelta,
    Max,
    Min,
    Ne,
    Piecewise,
    Product,
    Rational,
    Sum,
    exp,
    log,
    sign,
    sqrt,
)

from claims.decide import claim
from claims.judging import Maximum, equation, product, step, total
from claims.letters import A, B, D, F, W, a, b, below, c, h, i, inner, j, k, l, m, n, p, q, strict, x, y, z

TRUE = {
    "empty sums in a case, rightly": {
        "a square's sum is never below 0": claim(Piecewise((1, total(x[q] ** 2, q) >= 0), (2, True)), 1),
        "a case that gives 0 at 0": claim(Piecewise((c, total(x[q] ** 2, q) > 0), (c, True)), c),
        "an empty sum is at 0": claim(step(total(x[q] ** 2, q)), 1),
        "an empty product is above 0": claim(step(product(x[q] ** 2, q)), 1),
        "a prefix and the rest": claim(x[1] + total(x[q], q), total(x[k], k)),
        "cases in a sum": claim(total(Piecewise((x[k], x[k] > 0), (0, True)), k), total(Max(x[k], 0), k)),
        "cases in the inner sum": claim(
            Sum(Sum(Piecewise((c, c > 0), (0, True)), (inner, 1, k)), (k, 1, n)), Max(c, 0) * n * (n + 1) / 2
        ),
        "a case of an index": claim(total(x[k] * step(i - k), k), total(x[below], below)),
    },
    "names of binders, rightly": {
        "a sum of a sum of its own": claim(total(x[k] * total(y[l], l), k), total(x[k], k) * total(y[k], k)),
        "a maximum in a sum": claim(total(Maximum(x[k], k) + 0 * y[l], l), n * Maximum(x[l], l)),
        "a definition's dummy": claim(total(h * y[k], k), total(x[k], k) * total(y[k], k), equation(h, total(x[k], k))),
        "a definition in a definition": claim(
            total(z[k], k), n * total(x[k], k) ** 2, equation(z[i], h**2), equation(h, total(x[k], k))
        ),
        "a field's dummy": claim(F(x[k], k), F(x[l], l)),
        "a product of products": claim(product(x[k] * product(y[l], l), k), product(x[k], k) * product(y[k], k) ** n),
        "by what is bound": claim(Derivative(total(x[k] * total(x[l], l), k), x[i]), 2 * total(x[k], k)),
        "by what is bound in a maximum's condition": claim(Derivative(total(x[k], k) * y[j], x[j]), y[j]),
    },
    "ranges that depend on one another, rightly": {
        "the triangle": claim(Sum(Sum(A[k, inner], (inner, 1, k)), (k, 1, n)), total(A[k, l] * step(k - l), k, l)),
        "strict and diagonal": claim(total(x[strict], strict) + x[i], total(x[below], below)),
        "derivative of a prefix": claim(Derivative(total(x[below], below), x[j]), step(i - j)),
        "derivative of a strict prefix": claim(Derivative(total(x[strict], strict), x[j]), step(i - j) - D(i, j)),
        "prefixes of prefixes": claim(Sum(Sum(x[inner], (inner, 1, k)), (k, 1, n)), total((n - k + 1) * x[k], k)),
        "each once for each below": claim(Sum(Sum(x[k], (inner, 1, k)), (k, 1, n)), total(k * x[k], k)),
        "a product of a prefix of ones": claim(Product(c, (below, 1, i)), c**i),
        "cotangent of a running sum": claim(
            Derivative(Sum(y[k] * Sum(x[inner], (inner, 1, k)), (k, 1, n)), x[i]), total(y[k] * step(k - i), k)
        ),
    },
    "entries that overlap, rightly": {
        "all of them": claim(step(x[1]), 1, x[i] > 0),
        "every second": claim(step(x[2 * p]), step(x[2 * p]), x[p] > 0),
        "x_i + x_i": claim(step(2 * x[i]), 1, x[i] > 0),
        "the diagonal": claim(Abs(W[j, j]), W[j, j], W[i, i] > 0),
        "off the diagonal": claim(Abs(W[i, j]), W[i, j], Ne(i, j), W[i, j] > 0),
        "x_p and x_n": claim(step(x[i]), 1, x[i] > 0, x[n] > 1),
        "a part of the range": claim(total(Abs(x[p]), p), total(x[p], p), x[i] > 0),
        "an end of the range": claim(Abs(x[n]), x[n], x[i] > 0),
    },
    "symmetry by other names, rightly": {
        "k, l for i, j": claim(A[i, j], A[j, i], equation(A[k, l], A[l, k])),
        "antisymmetric by others": claim(A[i, j], -A[j, i], equation(A[k, l], -A[l, k])),
        "its diagonal is 0": claim(total(A[k, k], k), 0, equation(A[i, j], -A[j, i])),
        "its quadratic form is 0": claim(total(A[k, l] * x[k] * x[l], k, l), 0, equation(A[i, j], -A[j, i])),
        "both products' traces": claim(
            total(A[k, l] * B[k, l], k, l), total(A[l, k] * B[k, l], k, l), equation(A[i, j], A[j, i])
        ),
    },
    "ties and powers, rightly": {
        "both steps at a tie": claim(step(x[i] - y[i]) + step(y[i] - x[i]), 1 + step(x[i] - y[i]) * step(y[i] - x[i])),
        "at a tie they are equal": claim(
            step(x[i] - y[i]) * step(y[i] - x[i]) * x[i], step(x[i] - y[i]) * step(y[i] - x[i]) * y[i]
        ),
        "a sign cubed": claim(sign(x[i]) ** 3, sign(x[i])),
        "Heaviside of both": claim(Heaviside(x[i], Rational(1, 2)) + Heaviside(-x[i], Rational(1, 2)), 1),
        "max times min": claim(Max(x[i], y[i]) * Min(x[i], y[i]), x[i] * y[i]),
        "max plus min": claim(Max(x[i], y[i]) + Min(x[i], y[i]), x[i] + y[i]),
        "the root of a product": claim(sqrt(x[i] ** 2 * y[i] ** 2), Abs(x[i]) * Abs(y[i])),
        "the log of an even number of negatives": claim(log(x[i] * y[i]), log(Abs(x[i])) + log(Abs(y[i]))),
        "the log of a product of squares": claim(log(product(x[k] ** 2, k)), 2 * total(log(Abs(x[k])), k)),
        "the log of an empty product": claim(log(product(exp(x[q]), q)), total(x[q], q)),
        "the maximum of 1 … n - 1": claim(Max(Maximum(x[p], p), x[n]), Maximum(x[k], k)),
        "the maximum of equal ones": claim(Maximum(c + 0 * x[k], k), c),
    },
    "deltas and sizes, rightly": {
        "delta of the next": claim(total(D(k, p + 1) * x[k], k), x[p + 1]),
        "delta outside": claim(total(KroneckerDelta(k, 0) * x[k], k), 0),
        "delta above": claim(total(KroneckerDelta(k, n + 1) * x[k], k), 0),
        "both sizes": claim(total(c, k, a), n * m * c),
        "a mean of m means": claim(total(total(W[k, b] / n, k) / m, b), total(W[k, b], k, b) / (n * m)),
    },
}
