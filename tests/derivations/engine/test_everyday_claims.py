"""Claims from all over machine learning, each proven: losses, activations, Hessians, normalisations, identities."""

import pytest
from sympy import (
    Abs,
    Derivative,
    IndexedBase,
    KroneckerDelta,
    Max,
    Min,
    Piecewise,
    Rational,
    Symbol,
    cosh,
    exp,
    log,
    pi,
    sign,
    sqrt,
    tanh,
)

from derivations import dimension, equation, index, judge, product, sigmoid, softplus, step, total

n, m, T, H = (dimension(name) for name in ("n", "m", "T", "H"))
i, j, k, l = (index(name, n) for name in "ijkl")
a, b = index("a", m), index("b", m)
t, s, u = (index(name, T) for name in "tsu")
h, h2 = index("h", H), index("h2", H)
x, y, z, d, w, W, V, g, K, Q = (IndexedBase(name) for name in ("x", "y", "z", "d", "w", "W", "V", "g", "K", "Q"))
D = KroneckerDelta
lam, beta, eps = (Symbol(name, positive=True) for name in ("lambda_", "beta", "epsilon"))
mu = Symbol("mu")


def sm(i, z=z, k=k):
    return exp(z[i]) / total(exp(z[k]), k)


S = equation(y[i], sm(i))
Z = equation(z[t], total(W[t, a] * w[a], a))
cubic = sqrt(2 / pi) * (z[i] + z[i] ** 3 * Rational(44715, 1000000))

CLAIMS = {  # name: left side, right side, hypotheses
    "softmax Hessian": (
        Derivative(y[i], z[j], z[l]),
        y[i] * ((D(i, l) - y[l]) * (D(i, j) - y[j]) - y[j] * (D(j, l) - y[l])),
        S,
    ),
    "lse Hessian": (Derivative(log(total(exp(z[k]), k)), z[i], z[j]), sm(i) * (D(i, j) - sm(j, k=l))),
    "temperature softmax": (
        Derivative(exp(z[i] / lam) / total(exp(z[k] / lam), k), z[j]),
        exp(z[i] / lam) / total(exp(z[k] / lam), k) * (D(i, j) - exp(z[j] / lam) / total(exp(z[l] / lam), l)) / lam,
    ),
    "label smoothing": (
        Derivative(-total(((1 - eps) * d[k] + eps / n) * log(y[k]), k), z[j]),
        y[j] - (1 - eps) * d[j] - eps / n,
        S,
        equation(total(d[k], k), 1),
    ),
    "silu": (Derivative(z[i] * sigmoid(z[i]), z[j]), D(i, j) * sigmoid(z[i]) * (1 + z[i] * (1 - sigmoid(z[i])))),
    "gelu tanh": (
        Derivative(z[i] * (1 + tanh(cubic)) / 2, z[i]),
        (1 + tanh(cubic)) / 2
        + z[i] * (1 - tanh(cubic) ** 2) / 2 * sqrt(2 / pi) * (1 + 3 * Rational(44715, 1000000) * z[i] ** 2),
    ),
    "elu": (
        Derivative(Piecewise((z[i], z[i] > 0), (exp(z[i]) - 1, True)), z[j]),
        D(i, j) * Piecewise((1, z[i] > 0), (exp(z[i]), True)),
    ),
    "huber": (
        Derivative(Piecewise((z[i] ** 2 / 2, Abs(z[i]) <= beta), (beta * (Abs(z[i]) - beta / 2), True)), z[i]),
        Piecewise((z[i], Abs(z[i]) <= beta), (beta * sign(z[i]), True)),
    ),
    "hinge": (Derivative(total(Max(0, 1 - d[k] * z[k]), k), z[i]), -d[i] * step(1 - d[i] * z[i])),
    "logcosh": (Derivative(total(log(cosh(y[k] - d[k])), k), y[i]), tanh(y[i] - d[i])),
    "softsign": (Derivative(z[i] / (1 + Abs(z[i])), z[i]), 1 / (1 + Abs(z[i])) ** 2),
    "cosine": (
        Derivative(total(x[k] * y[k], k) / sqrt(total(x[k] ** 2, k)) / sqrt(total(y[k] ** 2, k)), x[i]),
        (y[i] - x[i] * total(x[k] * y[k], k) / total(x[k] ** 2, k))
        / sqrt(total(x[k] ** 2, k))
        / sqrt(total(y[l] ** 2, l)),
    ),
    "l2 normalise": (
        Derivative(x[i] / sqrt(total(x[k] ** 2, k)), x[j]),
        (D(i, j) - x[i] * x[j] / total(x[k] ** 2, k)) / sqrt(total(x[l] ** 2, l)),
    ),
    "rbf": (
        Derivative(exp(-total((x[k] - w[k]) ** 2, k) / (2 * lam**2)), x[i]),
        -(x[i] - w[i]) / lam**2 * exp(-total((x[k] - w[k]) ** 2, k) / (2 * lam**2)),
    ),
    "conv": (Derivative(total(w[a] * x[i + a - 1], a), w[b]), x[i + b - 1]),
    "bilinear": (Derivative(total(x[i] * W[i, j] * x[j], i, j), x[k]), total((W[k, l] + W[l, k]) * x[l], l)),
    "quadratic hess": (Derivative(total(x[i] * W[i, j] * x[j], i, j), x[k], x[l]), W[k, l] + W[l, k]),
    "logistic Hessian": (
        Derivative(total(softplus(z[t]) - d[t] * z[t], t), w[a], w[b]),
        total(sigmoid(z[t]) * (1 - sigmoid(z[t])) * W[t, a] * W[t, b], t),
        Z,
    ),
    "ridge": (
        Derivative(total((total(W[t, a] * w[a], a) - d[t]) ** 2, t) + lam * total(w[a] ** 2, a), w[b]),
        2 * total((total(W[t, a] * w[a], a) - d[t]) * W[t, b], t) + 2 * lam * w[b],
    ),
    "sum tanh": (
        Derivative(total(tanh(total(W[a, k] * x[k], k)), a), x[i]),
        total((1 - tanh(total(W[a, k] * x[k], k)) ** 2) * W[a, i], a),
    ),
    "glu": (
        Derivative(total(W[a, k] * x[k], k) * sigmoid(total(V[a, k] * x[k], k)), x[i]),
        W[a, i] * sigmoid(total(V[a, k] * x[k], k))
        + total(W[a, k] * x[k], k)
        * sigmoid(total(V[a, k] * x[k], k))
        * (1 - sigmoid(total(V[a, l] * x[l], l)))
        * V[a, i],
    ),
    "mean centred": (total(x[k] - total(x[l], l) / n, k), 0),
    "variance": (total((x[k] - total(x[l], l) / n) ** 2, k) / n, total(x[k] ** 2, k) / n - (total(x[k], k) / n) ** 2),
    "softmax sum": (total(sm(i), i), 1),
    "entropy": (Derivative(-total(y[k] * log(y[k]), k), z[i]), -y[i] * (log(y[i]) - total(y[l] * log(y[l]), l)), S),
    "kl gauss": (Derivative(mu**2 / 2 + lam**2 / 2 - log(lam), lam), lam - 1 / lam),
    "multihead V": (
        Derivative(total(total(K[h, t, s] * V[h, s, a], s) * g[h, t, a], h, t, a), V[h2, u, b]),
        total(K[h2, t, u] * g[h2, t, b], t),
    ),
    "max relu min": (Max(z[i], 0) + Min(z[i], 0), z[i]),
    "relu6": (Derivative(Min(Max(z[i], 0), 6), z[i]), step(z[i]) * step(6 - z[i])),
    "clip": (Max(-1, Min(1, z[i])), Min(1, Max(-1, z[i]))),
    "leaky": (Derivative(Max(z[i], z[i] / 10), z[i]), step(z[i]) + (1 - step(z[i])) / 10),
    "abs sq": (Abs(z[i]) * Abs(z[i]), z[i] ** 2),
    "mul sigma": (sigmoid(z[i]) / (1 - sigmoid(z[i])), exp(z[i])),
    "tanh sum": (tanh(x[i] + y[i]), (tanh(x[i]) + tanh(y[i])) / (1 + tanh(x[i]) * tanh(y[i]))),
    "logit": (log(sigmoid(z[i])) - log(1 - sigmoid(z[i])), z[i]),
    "softplus": (softplus(z[i]), -log(sigmoid(-z[i]))),
    "geometric mean": (Derivative(product(w[k], k) ** (1 / n), w[i]), product(w[k], k) ** (1 / n) / (n * w[i])),
    "mixture": (
        Derivative(log(total(exp(x[a]) * W[a, i], a)), x[b]),
        exp(x[b]) * W[b, i] / total(exp(x[a]) * W[a, i], a),
    ),
    "attention rows": (total(exp(total(Q[t, k] * K[s, k], k)) / total(exp(total(Q[t, l] * K[u, l], l)), u), s), 1),
    "woodbury-ish": (1 / (1 + total(x[k] ** 2, k)), 1 - total(x[k] ** 2, k) / (1 + total(x[l] ** 2, l))),
    "double quot": ((1 / x[i] + 1 / y[i]) ** -1, x[i] * y[i] / (x[i] + y[i])),
    "nested frac": (1 / (1 + 1 / (1 + w[i] ** 2)), (1 + w[i] ** 2) / (2 + w[i] ** 2)),
    "sum of frac": (total(x[k] / (1 + x[k] ** 2) + 1 / (1 + x[k] ** 2), k), total((x[k] + 1) / (1 + x[k] ** 2), k)),
    "sum of frac2": (total(1 / (1 + exp(x[k])), k), total(exp(-x[k]) / (1 + exp(-x[k])), k)),
    "sum of frac3": (total(1 / (x[k] + 1) - 1 / (x[k] + 2), k), total(1 / ((x[k] + 1) * (x[k] + 2)), k)),
    "gumbel": (
        Derivative(exp((z[i] + g[i]) / lam) / total(exp((z[k] + g[k]) / lam), k), g[j]),
        exp((z[i] + g[i]) / lam)
        / total(exp((z[k] + g[k]) / lam), k)
        * (D(i, j) - exp((z[j] + g[j]) / lam) / total(exp((z[l] + g[l]) / lam), l))
        / lam,
    ),
}


@pytest.mark.parametrize("name", CLAIMS)
def test_proven(name):
    left, right, *given = CLAIMS[name]
    verdict = judge(left, right, given)
    assert verdict.status == "proven", str(verdict)


@pytest.mark.parametrize("name", CLAIMS)
def test_changed_it_is_refuted(name):
    left, right, *given = CLAIMS[name]
    assert judge(left, 2 * right + 1, given, diagnose=False).status == "refuted"
