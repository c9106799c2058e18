"""What is no claim about real numbers, or is one about nothing: neither proven nor refuted, but said in words."""

from sympy import (
    Abs,
    Derivative,
    Eq,
    I,
    IndexedBase,
    Ne,
    Piecewise,
    Sum,
    Symbol,
    conjugate,
    exp,
    im,
    log,
    nan,
    oo,
    re,
    sqrt,
    tanh,
    zoo,
)
from sympy import Product as SympyProduct

from claims.decide import claim
from claims.judging import Maximum, equation, step, total
from claims.letters import D, beta, c, f, h, i, j, k, l, m, n, theta, upto, x, y

real = Symbol("t_real", real=True)
bare = Symbol("q_bare")
imaginary = Symbol("iota", imaginary=True)
unreal = IndexedBase("unreal", imaginary=True)
kk = Symbol("kk", integer=True)

EMPTY = {
    "contradictory hypotheses": {
        "above 0 and below -1": claim(x[i], y[i], x[i] > 0, x[i] < -1),
        "above 0 and below 0": claim(Abs(x[i]), -x[i], x[i] > 0, x[i] < 0),
        "x = 0 and x != 0": claim(x[i], 1, Ne(x[i], 0), equation(x[i] ** 2, 0)),
        "a square is -1": claim(x[i], y[i], equation(x[i] ** 2, -1)),
        "a square is below 0": claim(x[i], 0, x[i] ** 2 < 0),
        "norm -1": claim(x[i], 0, equation(total(x[k] ** 2, k), -1)),
        "exp x = -1": claim(x[i], 0, equation(exp(x[i]), -1)),
        "x < y < x": claim(x[i], y[i], x[i] < y[i], y[i] < x[i]),
        "x_i < x_j for all": claim(x[i], x[j], x[i] < x[j]),
        "x_i != x_j for all": claim(x[i], x[j], Ne(x[i], x[j])),
        "i != i": claim(x[i], y[i], x[i] > x[i] + y[i] ** 2),
        "i != j and i = j": claim(D(i, j), 1, Ne(i, j), Eq(i, j)),
        "beta is negative": claim(x[i], 0, beta + x[i] ** 2 < 0),
        "a sum is 1 and 2": claim(x[i], 0, equation(total(x[k], k), 1), equation(total(2 * x[k], k), 4)),
        "binary and 2": claim(x[i], 0, equation(x[i] ** 2, x[i]), x[i] > 1),
        "0 is above 0, by a definition": claim(x[i], y[i], equation(h, c**2), h < 0),
        "all entries are x_1 + i - 1, and equal": claim(x[i], 0, equation(x[k] - x[1], 1)),
        "the size is 0": claim(x[i], 0, equation(total(x[k] ** 2, k) + n, 0)),
        "step is 2": claim(x[i], 0, equation(step(x[i]), 2)),
        "tanh is 2": claim(x[i], 0, equation(tanh(x[i]), 2)),
    },
    "nowhere defined": {
        "log of a negative square": claim(log(-(x[i] ** 2) - 1), 0),
        "root of a negative square": claim(sqrt(-1 - x[i] ** 2), x[i]),
        "no branch": claim(Piecewise((1, x[i] ** 2 < 0)), 2),
        "division by a sum minus itself": claim(x[i] / (total(x[k], k) - total(x[l], l)), 1),
        "an empty maximum": claim(Maximum(x[k], k, where=0), 1),
        "log of 0 by a definition": claim(log(h), c, equation(h, total(x[k] - x[k], k))),
        "1 / delta off the diagonal": claim(x[i] / D(i, j), y[i], Ne(i, j)),
        "root of exp, negated": claim(sqrt(-exp(x[i])), 1),
        "0^0": claim((total(x[k], k) - total(x[l], l)) ** (total(y[k], k) - total(y[l], l)), 1),
    },
}

REFUSED = {
    "complex, infinite, not a number": {
        "I": claim(I * x[i], y[i]),
        "I^2 in a product": claim(I * I * x[i] + I * y[i], I * y[i] - x[i]),
        "sqrt(-1)": claim(sqrt(-1) * x[i], x[i]),
        "log(-1)": claim(log(-1) * x[i], x[i]),
        "(-8)^(1/3)": claim((-8) ** (1 / Symbol("three")) * 0 + I * x[i], -2 * x[i]),
        "an imaginary symbol": claim(imaginary**2, -(Abs(imaginary) ** 2)),
        "an imaginary array": claim(Abs(unreal[i]), unreal[i]),
        "conjugate": claim(conjugate(x[i]), x[i]),
        "real part": claim(re(x[i]), x[i]),
        "imaginary part": claim(im(x[i]), 0),
        "sum to infinity": claim(Sum(x[kk], (kk, 1, oo)), Sum(x[kk], (kk, 1, oo))),
        "geometric series": claim(Sum(beta**kk, (kk, 0, oo)), 1 / (1 - beta), beta < 1),
        "product to infinity": claim(SympyProduct(1 + x[kk], (kk, 1, oo)), 1),
        "oo": claim(x[i] + oo, oo),
        "oo in a branch": claim(Piecewise((oo, x[i] > 0), (1, True)), 1),
        "zoo": claim(x[i], zoo),
        "nan": claim(x[i], nan + x[i]),
        "a float": claim(0.5 * x[i], x[i] / 2),
        "a float in an exponent": claim(x[i] ** 0.5, sqrt(x[i])),
        "a float inside a derivative": claim(Derivative(0.5 * x[i] ** 2, x[i]), x[i]),
        "exp of I": claim(exp(I * x[i]), exp(I * x[i])),
    },
    "ranges that are none": {
        "sum to a real t": claim(Sum(1, (kk, 1, real)), real),
        "sum of c to a real t": claim(Sum(c, (kk, 1, bare)), bare * c),
        "sum to a scalar square": claim(Sum(c, (kk, 1, theta**2)), theta**2 * c),
        "sum to an entry": claim(Sum(c, (kk, 1, x[i])), x[i] * c),
        "sum from a real t": claim(Sum(c, (kk, real, n)), (n - real + 1) * c),
        "sum to n/2": claim(Sum(c, (kk, 1, n / 2)), n * c / 2),
        "sum to sqrt n": claim(Sum(c, (kk, 1, sqrt(n))), sqrt(n) * c),
        "product to a real t": claim(SympyProduct(c, (kk, 1, real)), c**real),
        "entry at a real place": claim(x[real], x[real] + 0 * y[i]),
        "entry at half a place": claim(x[i / 2], x[i / 2]),
        "entry at an entry": claim(x[y[i]], x[y[i]]),
        "an index to an entry": claim(total(c, upto("ye", 2 * theta)), 2 * theta * c),
    },
    "derivatives by what is no variable": {
        "by a size": claim(Derivative(n**2, n), 2 * n),
        "by a size, 0": claim(Derivative(x[i] * m, n), 0),
        "a sum's derivative by its size": claim(Derivative(total(x[k], k), n), 0),
        "mean by the size": claim(Derivative(total(x[k], k) / n, n), -total(x[k], k) / n**2),
        "by an index": claim(Derivative(i**2 * x[j], i), 2 * i * x[j]),
        "by an index, 0": claim(Derivative(x[i], i), 0),
        "by the sum's index": claim(total(Derivative(k**2, k), k), n * (n + 1)),
        "by a bare dummy": claim(Sum(Derivative(kk**2, kk), (kk, 1, n)), n * (n + 1)),
        "by a function's value": claim(Derivative(f(x[i]) ** 2, f(x[i])), 2 * f(x[i])),
    },
}
