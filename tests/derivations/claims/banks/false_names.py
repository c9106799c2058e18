"""False claims that confuse names, entries and ranges of assumptions, or the branches that a definition must reach."""

from sympy import (
    Abs,
    Derivative,
    Max,
    Min,
    Ne,
    Piecewise,
    Rational,
    Sum,
    Symbol,
    exp,
    log,
    sign,
    sqrt,
    tanh,
)

from claims.decide import claim
from claims.judging import Maximum, equation, prime, product, sigmoid, softplus, step, total
from claims.letters import (
    A,
    D,
    F,
    G,
    V,
    W,
    a,
    below,
    beta,
    c,
    d,
    e,
    f,
    f2,
    g,
    h,
    i,
    j,
    k,
    l,
    m,
    n,
    p,
    p2,
    positive,
    q,
    r,
    t,
    theta,
    w,
    x,
    y,
    z,
)

Z, X = Symbol("z"), Symbol("x")
u1, u2 = Symbol("u"), Symbol("w")
all_positive = x[i] > 0
apart = Ne(i, j)

FALSE = {
    "positivity by name": {
        "scalar z > 0, array z": claim(sqrt(z[i] ** 2), z[i], Z > 0),
        "array z > 0, scalar z": claim(sqrt(Z**2), Z, z[i] > 0),
        "array z > 0, scalar |z|": claim(Abs(Z) + z[i], Z + z[i], z[i] > 0),
        "scalar x < 1, array x": claim(Abs(1 - x[i]), 1 - x[i], X < 1),
        "x_0 is not meant": claim(Abs(x[0]), x[0], all_positive),
        "x_{n+1} is not meant": claim(Abs(x[i + 1]), x[i + 1], all_positive),
        "x_{i-1} is not meant": claim(sqrt(x[i - 1] ** 2), x[i - 1], all_positive),
        "x_{2i} is not meant": claim(Abs(x[2 * i]), x[2 * i], all_positive),
        "x_{i+j} is not meant": claim(Abs(x[i + j]), x[i + j], all_positive),
        "x_2 is not meant at n = 1": claim(Abs(x[2]), x[2], all_positive),
        "x_3 is not meant": claim(sqrt(x[3] ** 2), x[3], all_positive),
        "x_{-1} is not meant": claim(Abs(x[-1]), x[-1], all_positive),
        "step of x_0": claim(step(x[0]), 1, all_positive),
        "sign of x_{n+1}": claim(sign(x[i + 1]), 1, all_positive),
        "ReLU of x_0": claim(Max(x[0], 0), x[0], all_positive),
        "sum from 0 of |x|": claim(total(Abs(x[e]), e), total(x[e], e), all_positive),
        "shifted sum of |x|": claim(total(Abs(x[k + 1]), k), total(x[k + 1], k), all_positive),
        "only a part is positive, 1..n-1": claim(Abs(x[i]), x[i], x[p] > 0),
        "only a part is positive, 2..n": claim(Abs(x[i]), x[i], x[q] > 0),
        "only a part is positive, 3..n": claim(total(Abs(x[k]), k), total(x[k], k), x[r] > 0),
        "only one entry is positive": claim(Abs(x[i]), x[i], x[1] > 0),
        "the first two are positive": claim(Abs(x[i]), x[i], x[1] > 0, x[2] > 0),
        "even entries are positive": claim(Abs(x[i]), x[i], x[2 * i] > 0),
        "shifted entries are positive": claim(Abs(x[i]), x[i], x[i + 1] > 0),
        "up to m are positive": claim(Abs(x[i]), x[i], x[a] > 0),
        "diagonal, i != j assumed": claim(Abs(W[i, i]), W[i, i], W[i, j] > 0, apart),
        "whole matrix, i != j assumed": claim(total(Abs(W[k, l]), k, l), total(W[k, l], k, l), W[i, j] > 0, apart),
        "trace, i != j assumed": claim(total(Abs(W[k, k]), k), total(W[k, k], k), W[i, j] > 0, apart),
        "only the diagonal is positive": claim(Abs(W[i, j]), W[i, j], W[k, k] > 0),
        "lower triangle is positive": claim(Abs(W[i, j]), W[i, j], W[i, below] > 0),
        "first column is positive": claim(Abs(W[i, j]), W[i, j], W[k, 1] > 0),
        "another array": claim(Abs(y[i]), y[i], x[i] > 0),
        "difference is positive": claim(Abs(x[i]), x[i], x[i] - y[i] > 0),
        "sum is positive": claim(Abs(x[i]), x[i], total(x[k], k) > 0),
        "product of two is positive": claim(Abs(x[i]), x[i], x[i] * y[i] > 0),
        "square is positive": claim(Abs(x[i]), x[i], x[i] ** 2 > 0),
        "nonzero is positive": claim(Abs(x[i]), x[i], Ne(x[i], 0)),
        "nonzero step": claim(step(x[i]), 1, Ne(x[i], 0)),
        "at least -1": claim(Abs(x[i]), x[i], x[i] >= -1),
        "less than 1 is positive": claim(Abs(x[i]), x[i], x[i] < 1),
        "negative is positive": claim(Abs(x[i]), x[i], x[i] < 0),
        "greater than another": claim(Max(x[i], y[j]), x[i], x[i] > y[i]),
        "greater than the next": claim(Max(x[i], x[j]), x[i], x[i] > x[i + 1]),
        "nonnegative: step(-x) = 0": claim(step(-x[i]), 0, x[i] >= 0),
        "nonnegative: sign is 1": claim(sign(x[i]), 1, x[i] >= 0),
        "positive symbol, real one": claim(Abs(theta), theta, beta > 0),
        "SymPy's positive array, another": claim(Abs(positive[i] - x[i]), positive[i] - x[i]),
        "positive from 2 on": claim(Abs(x[i]), x[i], x[i] > i - 2),
    },
    "equations by name": {
        "sum over a part is 1": claim(total(x[k], k), 1, equation(total(x[p], p), 1)),
        "sum from 2 is 1": claim(total(x[k], k), 1, equation(total(x[q], q), 1)),
        "the sum is 1, the shifted": claim(total(x[k + 1], k), 1, equation(total(x[k], k), 1)),
        "rows sum to 1, columns": claim(total(W[k, i], k), 1, equation(total(W[i, k], k), 1)),
        "sum 1, weighted sum": claim(total(x[k] * y[k], k), total(y[k], k), equation(total(x[k], k), 1)),
        "sum 1, sum of squares": claim(total(x[k] ** 2, k), 1, equation(total(x[k], k), 1)),
        "unit norm, sum": claim(total(x[k], k), 1, equation(total(x[k] ** 2, k), 1)),
        "unit norm of another range": claim(total(x[p] ** 2, p), 1, equation(total(x[k] ** 2, k), 1)),
        "binary entries, x_0": claim(x[0] ** 2, x[0], equation(x[i] ** 2, x[i])),
        "binary entries, x_{i+1}": claim(x[i + 1] ** 3, x[i + 1], equation(x[i] ** 2, x[i])),
        "binary, a scalar of the name": claim(X**2 + 0 * x[i], X, equation(x[i] ** 2, x[i])),
        "signs, the product": claim(x[i] * x[j], 1, equation(x[i] ** 2, 1)),
        "signs: x = 1": claim(x[i], 1, equation(x[i] ** 2, 1)),
        "signs, x_0": claim(x[0] ** 2, 1, equation(x[i] ** 2, 1)),
        "symmetric A, another": claim(W[i, j], W[j, i], equation(A[i, j], A[j, i])),
        "symmetric with i and a part": claim(A[i, j], A[j, i], equation(A[p, p2], A[p2, p])),
        "symmetric: diagonal is 0": claim(A[i, i], 0, equation(A[i, j], A[j, i])),
        "symmetric: rows are equal": claim(A[i, j], A[i, i], equation(A[i, j], A[j, i])),
        "zero diagonal, whole": claim(A[i, j], 0, equation(A[k, k], 0)),
        "zero off the diagonal, diagonal": claim(A[i, i], 0, equation(A[i, j], 0), apart),
        "zero off the diagonal, all": claim(total(A[k, l], k, l), 0, equation(A[i, j], 0), apart),
        "given entry, the others": claim(x[i], c, equation(x[1], c)),
        "y_1 given, y_n": claim(total(D(k, n) * y[k], k), 1, equation(y[1], 1)),
        "x = y on a part": claim(total(x[k], k), total(y[k], k), equation(x[p], y[p])),
        "x_i = y_i, x_0": claim(x[0], y[0], equation(x[i], y[i])),
        "the same size is 1": claim(n * c, c, equation(total(x[k], k), n)),
    },
    "i = j is forgotten": {
        "delta is 0": claim(D(i, j), 0),
        "delta is 0 if k != l": claim(D(i, j), 0, Ne(k, l)),
        "delta i k, i != j": claim(D(i, k), 0, apart),
        "sum over l of delta, i != j": claim(total(D(i, l), l), 0, apart),
        "sum that hits j": claim(total(D(i, l) * x[l], l), 0, apart),
        "derivative off the diagonal": claim(Derivative(x[j] ** 2, x[i]), 0),
        "softmax off the diagonal": claim(
            Derivative(exp(z[j]) / total(exp(z[k]), k), z[i]), -exp(z[i] + z[j]) / total(exp(z[k]), k) ** 2
        ),
        "softmax on the diagonal only": claim(
            Derivative(exp(z[j]) / total(exp(z[k]), k), z[i]),
            exp(z[j]) / total(exp(z[k]), k) * (1 - exp(z[i]) / total(exp(z[k]), k)),
        ),
        "the tie of z_i and z_j": claim(step(z[i] - z[j]) + step(z[j] - z[i]), 1),
        "the sign of a difference": claim(sign(z[i] - z[j]) ** 2, 1),
        "i != j and j != k": claim(D(i, k), 0, apart, Ne(j, k)),
        "i != 1": claim(D(i, 2), 0, Ne(i, 1)),
        "a delta squared is twice": claim(D(i, j) ** 2, 2 * D(i, j)),
        "the sum over j != i": claim(total((1 - D(i, k)) * x[k], k), total(x[k], k)),
        "pairs without the diagonal": claim(total((1 - D(k, l)) * x[k] * x[l], k, l), total(x[k], k) ** 2),
    },
    "definitions that do not arrive": {
        "branch of a Piecewise": claim(Derivative(Piecewise((h, h > 0), (0, True)), u2), 0, equation(h, u2 * u1)),
        "branch, the value": claim(Piecewise((h, h > 0), (0, True)), h, equation(h, u2 * u1)),
        "condition of a Piecewise": claim(Piecewise((1, h > 0), (0, True)), 1, equation(h, theta**3)),
        "condition, an array": claim(Piecewise((1, y[i] > 0), (0, True)), 1, equation(y[i], x[i] ** 3)),
        "branch of an array": claim(
            Derivative(Piecewise((y[i], x[i] > 0), (0, True)), x[i]), 0, equation(y[i], x[i] ** 2)
        ),
        "leaky, one branch": claim(
            Derivative(Piecewise((h, h > 0), (c * h, True)), theta),
            Piecewise((1, theta > 0), (c, True)),
            equation(h, 2 * theta),
        ),
        "symbol in a Field": claim(Derivative(F[i](h), theta), 0, equation(h, theta * c)),
        "symbol in a Field, value": claim(F[i](h), F[i](theta), equation(h, theta**2)),
        "array in a Field of a vector": claim(Derivative(F[i](y[k], k), x[j]), 0, equation(y[i], x[i] ** 2)),
        "array in a Field, slope": claim(
            Derivative(F[i](y[k], k), x[j]), prime(F)[i, j](y[k], k), equation(y[i], x[i] ** 2)
        ),
        "symbol in a Maximum": claim(Derivative(Maximum(h, k), theta), 0, equation(h, theta * c)),
        "symbol in a Maximum, value": claim(Maximum(h * x[k], k), h * Maximum(x[k], k), equation(h, theta)),
        "array in a Maximum": claim(Maximum(y[k], k), Maximum(x[k], k), equation(y[i], 2 * x[i])),
        "where of a Maximum": claim(Maximum(x[k], k, where=y[k]), Maximum(x[k], k), equation(y[i], step(-x[i]))),
        "symbol in an unknown function": claim(Derivative(f(h), theta), prime(f)(h), equation(h, theta**2)),
        "inside a delta's factor": claim(Derivative(D(i, j) * h, theta), 0, equation(h, theta)),
        "inside Abs": claim(Derivative(Abs(h), theta), 0, equation(h, theta)),
        "inside Max": claim(Derivative(Max(h, 0), theta), 0, equation(h, theta**3)),
        "inside step": claim(step(h), 1, equation(h, theta)),
        "inside sign": claim(sign(h), 1, equation(h, theta)),
        "inside an exponent": claim(Derivative(2**h, theta), 0, equation(h, theta)),
        "inside a product": claim(Derivative(product(positive[k] ** h, k), theta), 0, equation(h, theta)),
        "inside a sum's body": claim(Derivative(total(h * x[k], k), theta), 0, equation(h, theta)),
        "two deep": claim(Derivative(h, theta), 2, equation(h, 2 * c), equation(c, theta**2)),
        "two deep in a branch": claim(
            Derivative(Piecewise((h, theta > 1), (0, True)), theta), 0, equation(h, 2 * c), equation(c, theta**2)
        ),
        "definition on 1..n, x_0 meant": claim(y[0], x[0], equation(y[i], x[i])),
        "definition on 1..n, y_{n+1} meant": claim(y[i + 1], x[i + 1], equation(y[i], x[i])),
        "definition on 1..n, y_2 meant, not at n = 1": claim(y[2], x[2], equation(y[i], x[i])),
        "definition on 1..n, y_3 meant": claim(Abs(y[3]), x[3] ** 2, equation(y[i], x[i] ** 2)),
        "definition on 2..n, all meant": claim(total(y[k], k), total(x[k], k), equation(y[q], x[q])),
        "definition on 1..n-1, all meant": claim(total(y[k], k), total(x[k], k), equation(y[p], x[p])),
        "definition with the indices exchanged": claim(A[i, j], W[i, j], equation(A[j, i], W[i, j])),
        "definition of a scalar, array meant": claim(z[i], theta, equation(Z, theta)),
        "definition of an array, scalar meant": claim(Z + 0 * z[i], x[i], equation(z[i], x[i])),
        "dummy of a definition is caught": claim(
            total(x[k] * y[k], k), total(x[k], k) ** 2 * total(x[k], k), equation(y[k], total(x[l], l) ** 2 / n)
        ),
        "y counts as free, z does not": claim(
            Derivative(total(y[k] ** 2, k), z[i]), 2 * y[i], equation(y[i], exp(z[i]))
        ),
        "a circle of two is no definition": claim(x[i], y[i], equation(x[i], y[i] + z[i])),
        "the diagonal of a definition": claim(A[i, i], x[i] ** 2 + c, equation(A[i, j], x[i] * x[j])),
        "sigmoid of a definition": claim(
            Derivative(sigmoid(h), theta), sigmoid(h) * (1 - sigmoid(h)), equation(h, 2 * theta)
        ),
    },
    "names of unknown functions": {
        "f is f2": claim(f(x[i]), f2(x[i])),
        "f is linear": claim(f(x[i] + y[i]), f(x[i]) + f(y[i])),
        "f is odd": claim(f(-x[i]), -f(x[i])),
        "f(0) = 0": claim(f(0 * x[i]) + x[i], x[i]),
        "f is homogeneous": claim(f(2 * x[i]), 2 * f(x[i])),
        "f commutes": claim(f2(x[i], y[i]), f2(y[i], x[i])),
        "chain rule, inner slope forgotten": claim(Derivative(f(x[i] ** 2), x[i]), prime(f)(x[i] ** 2)),
        "chain rule, at the wrong place": claim(Derivative(f(x[i] ** 2), x[i]), 2 * x[i] * prime(f)(x[i])),
        "slope of the second argument": claim(Derivative(f(x[i], y[i]), y[i]), prime(f, 1)(x[i], y[i])),
        "slopes exchanged": claim(Derivative(f(x[i], x[i]), x[i]), 2 * prime(f, 1)(x[i], x[i])),
        "mixed slopes": claim(Derivative(f(x[i], y[i]), x[i], y[i]), prime(prime(f, 1), 1)(x[i], y[i])),
        "F_i is F_j": claim(F[i](x[k], k), F[j](x[k], k)),
        "F is G": claim(F[i](x[k], k), G[i](x[k], k)),
        "F acts on each": claim(Derivative(F[i](x[k], k), x[j]), D(i, j) * prime(F)[i, i](x[k], k)),
        "Jacobian transposed": claim(Derivative(F[i](x[k], k), x[j]), prime(F)[j, i](x[k], k)),
        "symmetric Jacobian": claim(prime(F)[i, j](x[k], k), prime(F)[j, i](x[k], k)),
        "F of a permuted vector": claim(F[()](x[k], k), F[()](x[k] + y[k] - y[1], k)),
        "Hessian without cross terms": claim(
            Derivative(F[()](x[k], k), x[i], x[j]), D(i, j) * prime(prime(F))[i, i](x[k], k)
        ),
        "f of a sum is a sum": claim(f(total(x[k], k)), total(f(x[k]), k)),
        "F of one number is every F": claim(F[i](x[i]), F[j](x[i])),
    },
    "a vector cotangent with the wrong layout": {
        "W x by W, transposed": claim(total(g[i] * Derivative(total(W[i, k] * x[k], k), W[j, l]), i), x[j] * g[l]),
        "W x by x, untransposed": claim(
            total(g[i] * Derivative(total(W[i, k] * x[k], k), x[j]), i), total(W[j, k] * g[k], k)
        ),
        "quadratic form, one half": claim(
            Derivative(total(x[k] * W[k, l] * x[l], k, l), x[i]), 2 * total(W[i, k] * x[k], k)
        ),
        "quadratic form, the other half": claim(
            Derivative(total(x[k] * W[k, l] * x[l], k, l), x[i]), 2 * total(W[k, i] * x[k], k)
        ),
        "A B is B A": claim(total(A[i, k] * W[k, j], k), total(W[i, k] * A[k, j], k)),
        "trace of three": claim(
            total(A[j, k] * W[k, l] * V[l, j], j, k, l), total(W[j, k] * A[k, l] * V[l, j], j, k, l)
        ),
        "A is its transpose": claim(A[i, j], A[j, i]),
        "A A^T is A^T A": claim(total(A[i, k] * A[j, k], k), total(A[k, i] * A[k, j], k)),
        "(A B)^T is A^T B^T": claim(total(A[j, k] * W[k, i], k), total(A[k, i] * W[j, k], k)),
        "trace A^2 is trace A A^T": claim(total(A[k, l] * A[l, k], k, l), total(A[k, l] ** 2, k, l)),
        "trace A squared": claim(total(A[k, k], k) ** 2, total(A[k, l] * A[l, k], k, l)),
        "bias of a batch, not summed": claim(Derivative(total(d[t, k] * (y[t, k] + w[k]), t, k), w[i]), d[t, i]),
        "bias of a batch, mean": claim(
            Derivative(total(d[t, k] * (y[t, k] + w[k]), t, k), w[i]), total(d[t, i], t) / m
        ),
        "weights of a batch, one row": claim(
            Derivative(total(d[t, k] * total(W[k, l] * x[t, l], l), t, k), W[i, j]), d[1, i] * x[1, j]
        ),
        "weights of a batch, product of sums": claim(
            Derivative(total(d[t, k] * total(W[k, l] * x[t, l], l), t, k), W[i, j]),
            total(d[t, i], t) * total(x[t, j], t),
        ),
        "weights of a batch, sum over the units": claim(
            Derivative(total(d[t, k] * total(W[k, l] * x[t, l], l), t, k), W[i, j]), total(d[t, k] * x[t, j], t, k)
        ),
        "outer product twice": claim(total(x[k] * y[k], k) * x[i], total(x[k], k) * x[i] * y[i]),
        "mean loss without 1/T": claim(
            Derivative(total((x[t] - d[t]) ** 2, t) / total(1 + 0 * x[t], t), x[1]), 2 * (x[1] - d[1])
        ),
        "cross entropy, log of the other": claim(
            Derivative(-total(d[k] * log(exp(z[k]) / total(exp(z[l]), l)), k), z[i]),
            exp(z[i]) / total(exp(z[l]), l) - d[i],
        ),
        "logistic loss, a sign": claim(Derivative(softplus(-d[i] * z[i]), z[i]), d[i] * sigmoid(-d[i] * z[i])),
        "layer norm, mean over n-1": claim(Derivative(x[j] - total(x[k], k) / n, x[i]), D(i, j) - 1 / (n + 1)),
        "attention, softmax over the queries": claim(
            exp(W[i, j]) / total(exp(W[i, k]), k), exp(W[i, j]) / total(exp(W[k, j]), k)
        ),
        "outer derivative, exchanged": claim(Derivative(x[i] * y[j], y[k]), x[i] * D(i, k)),
        "tanh is linear": claim(tanh(x[i] + y[i]), tanh(x[i]) + tanh(y[i])),
        "Min is Max": claim(Min(x[i], y[i]) + Max(x[i], y[i]), 2 * Max(x[i], y[i])),
        "half": claim(Rational(1, 2) * x[i] ** 2 + Sum(0 * x[k], (k, 1, n)), x[i] ** 2),
    },
}
