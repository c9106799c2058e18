"""False claims where two edges meet: a case in a sum, a range that ends at another index, a tie in a product."""

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
from claims.letters import A, B, D, F, W, a, below, c, f, h, i, inner, j, k, l, m, n, p, q, r, strict, upto, x, y, z

even = upto("even", 2 * n)


def relu(u):
    return Max(u, 0)


FALSE = {
    "empty sums in a case": {
        "sum 2..n is above 0": claim(
            Piecewise((total(x[q] ** 2, q), total(x[q] ** 2, q) > 0), (1, True)), total(x[q] ** 2, q)
        ),
        "1 where nothing is summed": claim(Piecewise((1, total(x[q], q) >= 0), (0, True)), step(total(x[k], k))),
        "the case of an empty sum is never met": claim(Piecewise((x[1], Ne(total(x[r] ** 2, r), 0)), (0, True)), x[1]),
        "mean over an empty range": claim(Piecewise((c, total(x[p] ** 2, p) > 0), (0, True)), c),
        "count above 0": claim(step(total(1 + 0 * x[q], q) - 1), 1),
        "count below 1 is 0": claim(step(total(c**2, q)), step(total(c**2, q) - c**2)),
        "a case of the product": claim(Piecewise((1, product(x[q] ** 2, q) > 0), (0, True)), 1),
        "a case of the outer sum": claim(
            total(Piecewise((x[k], total(x[below], below) > 0), (0, True)), k), total(x[k], k)
        ),
        "a case within the inner sum": claim(
            Sum(Sum(Piecewise((x[inner], x[k] > 0), (0, True)), (inner, 1, k)), (k, 1, n)),
            Sum(x[k] * step(x[k]), (k, 1, n)),
        ),
        "sign of an empty sum": claim(sign(total(exp(x[q]), q)), 1),
        "abs of an empty product": claim(Abs(product(x[q], q)), total(Abs(x[k]), k)),
        "step of an empty sum is 0": claim(step(total(-(x[q] ** 2), q)), 0),
    },
    "names of binders": {
        "the inner k is the outer": claim(total(x[k] * total(y[l], l), k), total(x[k] * y[k], k)),
        "inner sums share": claim(total(x[k], k) ** 2, total(x[k] ** 2, k)),
        "products of sums share": claim(total(x[k], k) * total(y[k], k), total(x[k] * y[k], k)),
        "the maximum's k is the sum's": claim(total(Maximum(x[k], k) * y[l], l), Maximum(x[k] * total(y[l], l), k)),
        "products of products": claim(product(x[k] * product(y[l], l), k), product(x[k] * y[k], k)),
        "a field's dummy is the free one": claim(F(x[k], k), F(x[i], k)),
        "a field's dummy, in a derivative": claim(
            Derivative(F(x[k] * x[i], k), x[j]), F(D(k, j) * x[i] + x[k] * D(i, j), k)
        ),
        "a definition under a sum of that name": claim(total(h, k), n * y[1], equation(h, total(y[k], k))),
        "an entry's definition under its own name": claim(
            total(z[k], k), total(x[k], k), equation(z[i], total(x[k], k))
        ),
        "the square of a definition": claim(h**2, total(x[k] ** 2, k), equation(h, total(x[k], k))),
        "exp of a sum in a sum": claim(total(exp(total(x[l], l)), k), exp(total(x[k], k))),
        "sum of a maximum of the other": claim(total(Maximum(A[k, l], l), k), Maximum(total(A[k, l], k), l)),
    },
    "ranges that depend on one another": {
        "triangle is half of the square": claim(
            Sum(Sum(x[inner] * x[k], (inner, 1, k)), (k, 1, n)), total(x[k], k) ** 2 / 2
        ),
        "upper is lower": claim(
            Sum(Sum(A[k, inner], (inner, 1, k)), (k, 1, n)), Sum(Sum(A[inner, k], (inner, 1, k)), (k, 1, n))
        ),
        "strict and weak": claim(total(x[below], below), total(x[strict], strict)),
        "below plus strict is twice below": claim(
            total(x[below], below) + total(x[strict], strict), 2 * total(x[below], below)
        ),
        "derivative of a prefix": claim(Derivative(total(x[below], below), x[j]), 1),
        "derivative of a prefix, the other half": claim(Derivative(total(x[below], below), x[j]), step(j - i)),
        "derivative of a strict prefix": claim(Derivative(total(x[strict], strict), x[j]), step(i - j)),
        "prefix of prefixes": claim(Sum(Sum(x[inner], (inner, 1, k)), (k, 1, n)), Sum(k * x[k], (k, 1, n))),
        "product of a prefix": claim(product(c + 0 * x[i], below), c**n),
        "product of a strict prefix": claim(Product(c, (strict, 1, i - 1)), c**i),
        "squares of prefixes": claim(total(x[below], below) ** 2, total(x[below] ** 2, below)),
        "the last prefix is half": claim(Sum(Sum(x[k], (inner, 1, k)), (k, 1, n)), n * total(x[k], k) / 2),
        "three in a chain": claim(Sum(Sum(1 + 0 * x[k], (inner, 1, k)), (k, 1, n)), n**2 / 2),
        "even half": claim(total(x[even], even), 2 * total(x[k], k)),
    },
    "entries that overlap": {
        "x_i > 0 is x_i+1 > 0": claim(step(x[i + 1]), 1, x[i] > 0),
        "x_i+1 > 0 is x_i > 0": claim(step(x[i]), 1, x[i + 1] > 0),
        "x_2i > 0 is x_i > 0": claim(step(x[i]), 1, x[2 * i] > 0),
        "x_1 > 0 is x_i > 0": claim(step(x[i]), 1, x[1] > 0),
        "x_n > 0 is x_1 > 0": claim(step(x[1]), 1, x[n] > 0),
        "x_p > 0 is x_i > 0": claim(step(x[i]), 1, x[p] > 0),
        "x_q > 0 is x_p > 0": claim(step(x[p]), 1, x[q] > 0),
        "W_ii > 0 is W_ij > 0": claim(Abs(W[i, j]), W[i, j], W[i, i] > 0),
        "W_1i > 0 is W_i1 > 0": claim(Abs(W[i, 1]), W[i, 1], W[1, i] > 0),
        "x_i > y_i is x_i > y_j": claim(step(x[i] - y[j]), 1, x[i] > y[i]),
        "x_i + x_j > 0 off the diagonal": claim(step(x[i]), 1, Ne(i, j), x[i] + x[j] > 0),
        "an equation of half of the entries": claim(total(x[k], k), n * c, equation(x[p], c)),
        "an equation at one end": claim(x[n], c, equation(x[1], c)),
    },
    "symmetry by other names": {
        "A_ij = A_ji is B's": claim(B[i, j], B[j, i], equation(A[i, j], A[j, i])),
        "A_kl = A_lk makes it diagonal": claim(A[i, j], D(i, j) * A[i, i], equation(A[k, l], A[l, k])),
        "antisymmetric is symmetric": claim(A[i, j], A[j, i], equation(A[k, l], -A[l, k])),
        "antisymmetric has a trace": claim(total(A[k, k], k), n * A[1, 1] + 1, equation(A[i, j], -A[j, i])),
        "a quadratic form of it, twice": claim(
            Derivative(total(A[k, l] * x[k] * x[l], k, l), x[i]), total(A[i, k] * x[k], k), equation(A[i, j], A[j, i])
        ),
        "rows and columns of the product": claim(
            total(A[i, k] * B[k, j], k),
            total(B[i, k] * A[k, j], k),
            equation(A[i, j], A[j, i]),
            equation(B[k, l], B[l, k]),
        ),
        "a square is symmetric, so it is": claim(A[i, j] ** 2, A[j, i] * A[i, i], equation(A[k, l], A[l, k])),
        "derivative by a symmetric entry": claim(
            Derivative(total(A[k, l] * x[k] * y[l], k, l), A[i, j]),
            x[i] * y[j] + x[j] * y[i],
            equation(A[k, l], A[l, k]),
        ),
    },
    "ties in products": {
        "step x step -x is 0": claim(step(x[i]) * step(-x[i]), 0),
        "step squared of opposite": claim(step(x[i] - y[i]) * step(y[i] - x[i]), 0),
        "x step x is |x|": claim(x[i] * step(x[i]) - x[i] * step(-x[i]), Abs(x[i]) + step(x[i]) * step(-x[i])),
        "one of two is the maximum": claim(step(x[i] - y[i]) + step(y[i] - x[i]), 1),
        "exp where both are": claim(exp(x[i]) * step(x[i]) + step(-x[i]), exp(relu(x[i]))),
        "cos of a tie": claim(step(x[i] - y[i]) * step(y[i] - x[i]) * exp(x[i] - y[i]), 0),
        "Heaviside may be below 0": claim(step(Heaviside(x[i], -1)), 1),
        "Heaviside squared": claim(Heaviside(x[i]) ** 2, Heaviside(x[i])),
        "Heaviside times the other": claim(Heaviside(x[i]) * Heaviside(-x[i]), 0),
        "sign squared": claim(sign(x[i]) ** 2, 1),
        "sign of a product with 0": claim(sign(x[i]) * sign(y[i]), 2 * step(x[i] * y[i]) - 1),
        "step of a product": claim(step(x[i] * y[i]), step(x[i]) * step(y[i]) + (1 - step(x[i])) * (1 - step(y[i]))),
        "step of a square": claim(step(-(x[i] ** 2)), 0),
        "max and min": claim(step(Max(x[i], y[i]) - Min(x[i], y[i])), step(x[i] - y[i]) * step(y[i] - x[i])),
        "slopes of both": claim(step(x[i] - y[i]) * x[i] + step(y[i] - x[i]) * y[i] - Max(x[i], y[i]), 0),
        "a product of three ties": claim(step(x[i] - y[i]) * step(y[i] - z[i]) * step(z[i] - x[i]), 0),
    },
    "sizes by their names": {
        "n entries are m": claim(total(c, k), total(c, a)),
        "n m entries": claim(total(c, k, a), n**2 * c),
        "of n - 1 one is missing": claim(total(c, p) + 1, n * c),
        "mean of a mean": claim(total(total(x[l], l) / n, k), total(x[k], k) / n),
        "a product over both": claim(product(product(c, a), k), c ** (n + m)),
        "square of n": claim(total(n + 0 * x[i], k), n),
        "an empty product of slopes that are 0": claim(step(-product(Derivative(c, y[q]), q)), 1),
        "n/m": claim(total(1 / m + 0 * c, k), 1),
        "trace of a rectangle": claim(total(W[k, k], k), total(W[k, l], k, l)),
    },
    "powers and logarithms": {
        "0^0 in a product": claim(product(x[k] ** 2, k) ** Rational(1, 2), product(x[k], k)),
        "an empty product is 0": claim(product(x[q], q) * step(x[1]), product(x[k], k) * step(x[1])),
        "log of an even number of negatives": claim(log(x[i] * y[i]), log(Abs(x[i])) - log(Abs(y[i]))),
        "log of a square is twice": claim(
            log(x[i] ** 2 * y[i] ** 2), 2 * log(x[i] * y[i]) + log(x[i] * y[i] / Abs(x[i] * y[i]) + 1)
        ),
        "log of a product, one sign": claim(exp(log(x[i] ** 2) / 2), x[i]),
        "log of a product of all": claim(log(product(x[k] ** 2, k)), 2 * total(log(Abs(x[k])), k) + step(n - 2)),
        "root of a product": claim(sqrt(x[i] ** 2 * y[i] ** 2), x[i] * y[i]),
        "power of a power": claim((x[i] ** 4) ** Rational(1, 4), x[i]),
        "power of the size": claim((x[i] ** 2) ** n, x[i] ** (2 * n + 2)),
        "odd root": claim((x[i] ** 2) ** Rational(3, 2), x[i] ** 3),
    },
    "maxima and deltas outside": {
        "max of n - 1 is max of n": claim(Maximum(x[p], p), Maximum(x[k], k)),
        "max of 2..n": claim(Maximum(x[q] ** 2, q), Maximum(x[k] ** 2, k)),
        "max of a shift": claim(Maximum(x[k + 1], k), Maximum(x[k], k)),
        "max of a sum": claim(Maximum(x[k] + y[k], k), Maximum(x[k], k) + Maximum(y[k], k)),
        "max of a multiple": claim(Maximum(c * x[k], k), c * Maximum(x[k], k)),
        "delta to n + 1": claim(total(D(k, i + 1) * x[k], k), x[i + 1]),
        "delta to i - 1": claim(total(D(k, i - 1) * x[k], k), x[i - 1]),
        "delta to 2 i": claim(total(D(k, 2 * i) * x[k], k), x[2 * i]),
        "delta at 0": claim(total(KroneckerDelta(k, 0) * x[k], k), x[0]),
        "delta at n + 1": claim(total(KroneckerDelta(k, n + 1) * x[k], k), x[n + 1]),
    },
    "derivatives by what is bound elsewhere": {
        "a case that x does not move": claim(
            Derivative(Piecewise((f(x[j]), A[i, i] > 0), (c, True)), x[j]),
            Derivative(Piecewise((c, A[i, i] < 0), (f(x[j]), True)), x[j]),
        ),
        "a tie of others": claim(
            Derivative(Max(x[i], y[i]), x[i]) * step(z[i] - c) * step(c - z[i]), Derivative(Max(z[i], c), x[i])
        ),
        "by x_i of a sum over i": claim(Derivative(total(x[k] * y[k], k), x[i]), total(y[k], k)),
        "by x_i of a sum of squares of sums": claim(
            Derivative(total(total(A[k, l] * x[l], l) ** 2, k), x[i]), 2 * total(A[k, i], k) * total(x[k], k)
        ),
        "by x_i of a product": claim(Derivative(product(x[k], k), x[i]), product(x[q], q)),
        "by x_1": claim(Derivative(total(x[q] ** 2, q), x[1]), 2 * x[1]),
        "by x_n+1": claim(Derivative(total(x[k], k), x[n + 1]), 1),
        "by x_p": claim(Derivative(total(x[q], q), x[p]), 1),
        "twice": claim(Derivative(total(x[k] ** 2, k), x[i], x[j]), 2),
        "of a function of the index": claim(Derivative(total(k * x[k], k), x[i]), n * (n + 1) / 2),
    },
}
