"""What people write: symmetric and inverse matrices, recursion, margins, erf, masks, convolution, binary states."""

from sympy import Abs, Derivative, IndexedBase, Max, Piecewise, Rational, Sum, cosh, erf, exp, log, pi, sqrt, tanh

from claims.decide import claim
from claims.judging import Maximum, equation, sigmoid, step, total
from claims.letters import (
    A,
    B,
    D,
    Q,
    T,
    W,
    a,
    b,
    below,
    beta,
    c,
    d,
    f,
    g,
    i,
    j,
    k,
    l,
    m,
    n,
    s,
    t,
    theta,
    u,
    upto,
    v,
    w,
    x,
    y,
    z,
)
from claims.making import Inverse, orthogonal, unit_vector

symmetric, antisymmetric = equation(A[i, j], A[j, i]), equation(A[i, j], -A[j, i])
pair = Inverse()
inverse = equation(total(A[i, k] * B[k, j], k), D(i, j)), equation(total(B[i, k] * A[k, j], k), D(i, j))
both = {"A": pair.first, "B": pair.second}
rotation = equation(total(Q[i, k] * Q[j, k], k), D(i, j)), equation(total(Q[k, i] * Q[k, j], k), D(i, j))
turned = {"Q": orthogonal}
unit = equation(total(x[k] ** 2, k), 1)
long = {"x": unit_vector}
H = IndexedBase("H")
steps = equation(H[t + 1], f(H[t]))
linear = equation(H[t + 1], theta * H[t] + x[t])
before, outside = upto("before", 0, -4), upto("outside", n + 4, n + 1)
silent = equation(x[before], 0), equation(x[upto("outside", n + 4, n + 1)], 0)
state, state2 = upto("state", 1, 0), upto("state2", 1, 0)
pixel, place = upto("pixel", n * m), upto("place", n * m)
margin = 1 - y[i] * total(w[k] * x[k], k)
form = total(x[k] * A[k, l] * x[l], k, l)
normal = (1 + erf(z[i] / sqrt(2))) / 2
density = exp(-(z[i] ** 2) / 2) / sqrt(2 * pi)
later = upto("later", T, s)

TRUE = {
    "symmetric matrices": {
        "gradient of a form": claim(Derivative(form, x[i]), 2 * total(A[i, k] * x[k], k), symmetric),
        "Hessian of a form": claim(Derivative(form, x[i], x[j]), 2 * A[i, j], symmetric),
        "either side": claim(total(A[i, k] * x[k], k), total(A[k, i] * x[k], k), symmetric),
        "inner products": claim(total(x[k] * A[k, l] * y[l], k, l), total(y[k] * A[k, l] * x[l], k, l), symmetric),
        "its square is symmetric": claim(total(A[i, k] * A[k, j], k), total(A[j, k] * A[k, i], k), symmetric),
        "itself": claim(A[i, j], A[j, i], symmetric),
        "of another name": claim(A[k, l] - A[l, k], 0, symmetric),
        "antisymmetric diagonal": claim(A[i, i], 0, antisymmetric),
        "antisymmetric form": claim(form, 0, antisymmetric),
        "antisymmetric, twice": claim(A[i, j] + A[j, i], 0, antisymmetric),
        "trace with an antisymmetric one": claim(total(A[k, l] * (W[k, l] + W[l, k]), k, l), 0, antisymmetric),
        "by an entry": claim(Derivative(form, A[i, j]), x[i] * x[j], symmetric),
    },
    "inverse and orthogonal matrices": {
        "solved": claim(total(B[i, k] * total(A[k, l] * x[l], l), k), x[i], *inverse, **both),
        "solved, defined": claim(
            total(B[i, k] * y[k], k), x[i], *inverse, equation(y[i], total(A[i, k] * x[k], k)), **both
        ),
        "trace": claim(total(A[k, l] * B[l, k], k, l), n, *inverse, **both),
        "A B A": claim(total(A[i, k] * B[k, l] * A[l, j], k, l), A[i, j], *inverse, **both),
        "transposed": claim(total(A[k, i] * B[j, k], k), D(i, j), *inverse, **both),
        "a turn keeps the norm": claim(
            total(total(Q[k, l] * x[l], l) ** 2, k), total(x[k] ** 2, k), *rotation, **turned
        ),
        "a turn keeps inner products": claim(
            total(total(Q[k, l] * x[l], l) * total(Q[k, j] * y[j], j), k), total(x[k] * y[k], k), *rotation, **turned
        ),
        "turned back": claim(total(Q[k, i] * total(Q[k, l] * x[l], l), k), x[i], *rotation, **turned),
        "all squares": claim(total(Q[k, l] ** 2, k, l), n, *rotation, **turned),
        "rows": claim(total(Q[i, k] ** 2, k), 1, *rotation, **turned),
    },
    "hypotheses that are met by construction": {
        "unit norm": claim(sqrt(total(x[k] ** 2, k)), 1, unit, **long),
        "unit norm in a form": claim(total(x[k] * x[l] * x[k] * x[l], k, l), 1, unit, **long),
        "projection twice": claim(
            total((D(i, k) - x[i] * x[k]) * (D(k, j) - x[k] * x[j]), k), D(i, j) - x[i] * x[j], unit, **long
        ),
        "projection of itself": claim(total((D(i, k) - x[i] * x[k]) * x[k], k), 0, unit, **long),
        "labels y^2 = 1": claim(y[i] ** 3, y[i], equation(y[i] ** 2, 1)),
        "labels: margin squared": claim((1 - y[i] * c) ** 2, (y[i] - c) ** 2, equation(y[i] ** 2, 1)),
        "labels: logistic": claim(y[i] ** 2 * theta, theta, equation(y[i] ** 2, 1)),
        "one-hot squares": claim(total(d[k] ** 2, k), 1, equation(total(d[k], k), 1), equation(d[i] ** 2, d[i])),
        "weights that sum to 1": claim(
            total(v[k] * (x[k] + c), k), total(v[k] * x[k], k) + c, equation(total(v[k], k), 1)
        ),
        "sum 0": claim(total(v[k] * (x[k] + c), k), total(v[k] * x[k], k), equation(total(v[k], k), 0)),
    },
    "recursion over time": {
        "one step": claim(H[2], f(H[1]), steps),
        "any step": claim(H[t + 1], f(H[t]), steps),
        "the loss of a step": claim(total(H[t + 1] - f(H[t]), t), 0, steps),
        "a linear step": claim(H[2], theta * H[1] + x[1], linear),
        "a linear step, by its input": claim(total(H[t + 1] - theta * H[t], t), total(x[t], t), linear),
        "squared": claim(total(H[t + 1] ** 2, t), total(f(H[t]) ** 2, t), steps),
    },
    "margins": {
        "hinge inside": claim(Max(0, margin), margin, margin > 0),
        "hinge outside": claim(Max(0, margin), 0, margin < 0),
        "hinge's slope inside": claim(Derivative(Max(0, margin), w[j]), -y[i] * x[j], margin > 0),
        "hinge's slope outside": claim(Derivative(Max(0, margin), w[j]), 0, margin < 0),
        "step of a margin": claim(step(margin), 1, margin > 0),
        "sum of the violated": claim(total(step(-y[k]) * Max(0, 1 - y[k]), k), total(step(-y[k]) * (1 - y[k]), k)),
    },
    "erf and the normal distribution": {
        "slope of erf": claim(Derivative(erf(z[i]), z[i]), 2 / sqrt(pi) * exp(-(z[i] ** 2))),
        "erf is odd": claim(erf(-z[i]), -erf(z[i])),
        "slope of the distribution": claim(Derivative(normal, z[i]), density),
        "gelu": claim(Derivative(z[i] * normal, z[i]), normal + z[i] * density),
        "second slope": claim(Derivative(erf(z[i]), z[i], z[i]), -4 * z[i] / sqrt(pi) * exp(-(z[i] ** 2))),
        "erf(0)": claim(erf(z[i] - z[i]) + z[i], z[i]),
    },
    "causal sums and masks": {
        "causal attention's rows": claim(
            Sum(exp(W[i, below]) / Sum(exp(W[i, upto("below2", i)]), (upto("below2", i), 1, i)), (below, 1, i)), 1
        ),
        "causal mean of a constant": claim(Sum(c, (below, 1, i)) / i, c),
        "at the first": claim(Sum(x[upto("b1", 1)], (upto("b1", 1), 1, 1)), x[1]),
        "masked": claim(total(x[k] * step(i - k), k), total(Piecewise((x[k], k <= i), (0, True)), k)),
        "the gradient runs backwards": claim(
            Derivative(total(g[s] * Piecewise((1, t <= s), (0, True)) * x[t], s, t), x[u]),
            total(g[s] * Piecewise((1, u <= s), (0, True)), s),
        ),
        "mask and its complement": claim(
            total(A[k, l] * (Piecewise((1, k <= l), (0, True)) + Piecewise((1, l < k), (0, True))), k, l),
            total(A[k, l], k, l),
        ),
        "triangles exchanged": claim(
            total(Piecewise((A[s, t], t <= s), (0, True)), s, t), total(Piecewise((A[s, t], s >= t), (0, True)), t, s)
        ),
    },
    "convolution": {
        "by its weights": claim(Derivative(total(w[a] * x[i - a + 1], a), w[b]), x[i - b + 1]),
        "cotangent of the weights": claim(
            total(g[i] * Derivative(total(w[a] * x[i - a + 1], a), w[b]), i), total(g[k] * x[k - b + 1], k)
        ),
        "by its input": claim(Derivative(total(w[a] * x[i + a - 1], a), x[j]), total(w[a] * D(i + a - 1, j), a)),
        "zero before the first": claim(x[0], 0, *silent),
        "zero outside, the first output": claim(
            total(w[s] * x[2 - s], s), w[1] * x[1], equation(x[upto("bb", 0, -4)], 0)
        ),
        "shift of the dummy": claim(
            total(w[a] * x[i + a], a),
            Sum(w[upto("a2", m + 1, 2) - 1] * x[i + upto("a2", m + 1, 2) - 1], (upto("a2", m + 1, 2), 2, m + 1)),
        ),
        "moving mean of a constant": claim(total(c, a) / m, c),
        "rows of an image": claim(total(x[(k - 1) * m + a], k, a), total(x[pixel], pixel)),
        "vec of a product of vectors": claim(total(y[k] * z[a], k, a), total(y[k], k) * total(z[a], a)),
        "vec, by one entry": claim(Derivative(total(x[(k - 1) * m + a] ** 2, k, a), x[pixel]), 2 * x[pixel]),
    },
    "finite sums over states": {
        "two states": claim(total(exp(theta * state), state), 1 + exp(theta)),
        "two bits": claim(total(exp(theta * state + beta * state2), state, state2), (1 + exp(theta)) * (1 + exp(beta))),
        "a coupling": claim(total(exp(theta * state * state2), state, state2), 3 + exp(theta)),
        "mean of a bit": claim(Derivative(log(total(exp(theta * state), state)), theta), sigmoid(theta)),
        "spins": claim(total(exp(theta * (2 * state - 1)), state), 2 * cosh(theta)),
        "free energy": claim(log(total(exp(theta * state), state)), log(1 + exp(theta))),
        "a bit squared": claim(total(state**2 * c, state), total(state * c, state)),
        "an indicator": claim(total(D(state, 1) * f(theta), state), f(theta)),
    },
    "Kronecker products": {
        "of identities": claim(total(D(i, k) * D(a, b) * W[k, b], k, b), W[i, a]),
        "(A x B) vec X": claim(
            total(A[i, k] * B[a, b] * W[k, b], k, b), total(A[i, k] * total(B[a, b] * W[k, b], b), k)
        ),
        "trace": claim(total(A[k, k] * B[a, a], k, a), total(A[k, k], k) * total(B[a, a], a)),
        "product rule": claim(
            total(A[i, k] * B[a, b] * Q[k, j] * W[b, 1], k, b),
            total(A[i, k] * Q[k, j], k) * total(B[a, b] * W[b, 1], b),
        ),
    },
}

FALSE = {
    "symmetric matrices, wrongly": {
        "gradient of a form, no 2": claim(Derivative(form, x[i]), total(A[i, k] * x[k], k), symmetric),
        "gradient of a form, no hypothesis": claim(Derivative(form, x[i]), 2 * total(A[i, k] * x[k], k)),
        "product of two is symmetric": claim(
            total(A[i, k] * W[k, j], k), total(A[j, k] * W[k, i], k), symmetric, equation(W[i, j], W[j, i])
        ),
        "antisymmetric is symmetric": claim(A[i, j], A[j, i], antisymmetric),
        "antisymmetric square's trace": claim(total(A[k, l] * A[l, k], k, l), total(A[k, l] ** 2, k, l), antisymmetric),
        "by an entry, twice": claim(Derivative(form, A[i, j]), 2 * x[i] * x[j], symmetric),
        "a symmetric matrix is diagonal": claim(A[i, j], D(i, j) * A[i, i], symmetric),
        "its entries are positive": claim(Abs(A[i, i]), A[i, i], symmetric),
    },
    "inverse and orthogonal matrices, wrongly": {
        "inverse entrywise": claim(B[i, j], 1 / A[i, j], *inverse, **both),
        "inverse is the transpose": claim(B[i, j], A[j, i], *inverse, **both),
        "trace of a product is 1": claim(total(A[k, l] * B[l, k], k, l), 1, *inverse, **both),
        "Hadamard with the inverse": claim(total(A[k, l] * B[k, l], k, l), n, *inverse, **both),
        "commutes with another": claim(total(A[i, k] * W[k, l] * B[l, j], k, l), W[i, j], *inverse, **both),
        "a turn is the identity": claim(Q[i, j], D(i, j), *rotation, **turned),
        "a turn is symmetric": claim(Q[i, j], Q[j, i], *rotation, **turned),
        "a turn's trace": claim(total(Q[k, k], k), n, *rotation, **turned),
        "a turn keeps the sum": claim(total(Q[k, l] * x[l], k, l), total(x[k], k), *rotation, **turned),
        "a turn's square": claim(total(Q[i, k] * Q[k, j], k), D(i, j), *rotation, **turned),
        "a turn keeps the 1-norm": claim(
            total(Abs(total(Q[k, l] * x[l], l)), k), total(Abs(x[k]), k), *rotation, **turned
        ),
        "a turn keeps the maximum": claim(Maximum(total(Q[k, l] * x[l], l), k), Maximum(x[k], k), *rotation, **turned),
    },
    "hypotheses that are met by construction, wrongly": {
        "unit norm: entries are 1/sqrt n": claim(x[i] ** 2, 1 / n, unit, **long),
        "unit norm: sum is 1": claim(total(x[k], k), 1, unit, **long),
        "unit norm: fourth powers": claim(total(x[k] ** 4, k), 1, unit, **long),
        "unit norm of another": claim(total(y[k] ** 2, k), 1, unit, **long),
        "projection, a sign": claim(total((D(i, k) + x[i] * x[k]) * x[k], k), 0, unit, **long),
        "labels: y = 1": claim(y[i] * theta, theta, equation(y[i] ** 2, 1)),
        "labels of two": claim(y[i] * y[j], 1, equation(y[i] ** 2, 1)),
        "one-hot products": claim(d[i] * d[j], d[i], equation(total(d[k], k), 1), equation(d[i] ** 2, d[i])),
        "one-hot: the first": claim(d[1], 1, equation(total(d[k], k), 1), equation(d[i] ** 2, d[i])),
        "weights that sum to 1, squared": claim(total(v[k], k) ** 2, total(v[k] ** 2, k), equation(total(v[k], k), 1)),
    },
    "recursion over time, wrongly": {
        "two steps, not at T = 1": claim(H[3], f(f(H[1])), steps),
        "no step": claim(H[t + 1], H[t], steps),
        "one step too many": claim(H[t + 1], f(f(H[t])), steps),
        "a step before the first": claim(H[1], f(H[0]), steps),
        "a constant path": claim(H[2], H[1], linear),
        "a linear step, without its input": claim(H[t + 1], theta * H[t], linear),
        "a sum that telescopes": claim(total(H[t + 1] - H[t], t), total(x[t], t), linear),
    },
    "margins, wrongly": {
        "hinge without a hypothesis": claim(Max(0, margin), margin),
        "hinge's slope without a hypothesis": claim(Derivative(Max(0, margin), w[j]), -y[i] * x[j]),
        "the other side": claim(Max(0, margin), margin, margin < 0),
        "a margin of another example": claim(Max(0, margin), margin, 1 - y[1] * total(w[k] * x[k], k) > 0),
        "a margin above -1": claim(Max(0, margin), margin, margin > -1),
        "a margin's sign for the label's": claim(step(y[i]), 1, margin < 0),
        "product of two margins": claim(Max(0, z[i]), z[i], z[i] * z[j] > 0),
    },
    "erf, wrongly": {
        "slope without 2": claim(Derivative(erf(z[i]), z[i]), exp(-(z[i] ** 2)) / sqrt(pi)),
        "erf is tanh": claim(erf(z[i]), tanh(z[i])),
        "erf is even": claim(erf(-z[i]), erf(z[i])),
        "gelu is silu": claim(z[i] * normal, z[i] * sigmoid(Rational(1702, 1000) * z[i])),
        "gelu's slope, half": claim(Derivative(z[i] * normal, z[i]), normal),
        "distribution of minus": claim(normal, (1 + erf(-z[i] / sqrt(2))) / 2),
        "erf of a sum": claim(erf(x[i] + y[i]), erf(x[i]) + erf(y[i])),
    },
    "causal sums and masks, wrongly": {
        "causal attention, all keys": claim(Sum(exp(W[i, below]), (below, 1, i)) / total(exp(W[i, k]), k), 1),
        "the gradient runs forwards": claim(
            Derivative(total(g[s] * Piecewise((1, t <= s), (0, True)) * x[t], s, t), x[u]),
            total(g[s] * Piecewise((1, s <= u), (0, True)), s),
        ),
        "strict and not": claim(
            total(Piecewise((A[s, t], t <= s), (0, True)), s, t), total(Piecewise((A[s, t], t < s), (0, True)), s, t)
        ),
        "causal mean over T": claim(Sum(x[below], (below, 1, i)) / i, Sum(x[below], (below, 1, i)) / n),
        "masked by a product": claim(total(step(i - k) * x[k], k), step(i - 1) * total(x[k], k)),
        "future and past": claim(Sum(x[later], (later, s, T)), total(x[t], t)),
    },
    "convolution, wrongly": {
        "flipped": claim(total(w[a] * x[i + a - 1], a), total(w[a] * x[i - a + 1], a)),
        "not shifted by one": claim(Derivative(total(w[a] * x[i - a + 1], a), w[b]), x[i - b]),
        "by its input, everywhere": claim(Derivative(total(w[a] * x[i - a + 1], a), x[j]), w[i - j + 1]),
        "zero outside, forgotten": claim(total(w[s] * x[2 - s], s), w[1] * x[1]),
        "zero inside": claim(x[1], 0, *silent),
        "columns for rows": claim(x[(i - 1) * m + a], x[(a - 1) * n + i]),
        "an image's rows overlap": claim(total(x[(k - 1) + a], k, a), total(x[pixel], pixel)),
        "stride for dilation": claim(total(w[a] * x[2 * i + a], a), total(w[a] * x[i + 2 * a], a)),
        "transposed convolution": claim(
            total(g[i] * Derivative(total(w[a] * x[i + a - 1], a), x[j]), i), total(w[a] * g[j + a - 1], a)
        ),
    },
    "finite sums over states, wrongly": {
        "two states, one": claim(total(exp(theta * state), state), exp(theta)),
        "two bits are independent": claim(total(exp(theta * state * state2), state, state2), (1 + exp(theta)) ** 2),
        "mean of a bit is 1/2": claim(Derivative(log(total(exp(theta * state), state)), theta), Rational(1, 2)),
        "spins without 2": claim(total(exp(theta * (2 * state - 1)), state), cosh(theta)),
        "states 1 and 2": claim(total(exp(theta * state), state), exp(theta) + exp(2 * theta)),
        "a bit is 1": claim(total(state * c, state), 2 * c),
    },
    "Kronecker products, wrongly": {
        "exchanged": claim(A[i, k] * B[a, b], A[k, i] * B[a, b]),
        "trace is a sum": claim(total(A[k, k] * B[a, a], k, a), total(A[k, k], k) + total(B[a, a], a)),
        "vec(A X B)": claim(total(A[i, k] * W[k, b] * B[b, a], k, b), total(A[i, k] * W[k, b] * B[a, b], k, b)),
    },
}
