"""Batch normalisation: in training the mean and the variance of a channel are those of the batch t = 1 … T."""

from sympy import Derivative, IndexedBase, KroneckerDelta, Rational, Symbol, sqrt

from derivations import Derivation, Step, dimension, equation, index, total

n, T = dimension("n"), dimension("T")
i, j = index("i", n), index("j", n)
t, s, u = (index(name, T) for name in "tsu")
x, y, h, gain, bias, mean, variance, center, deviation, y_bar, h_bar = (
    IndexedBase(name) for name in ("x", "y", "h", "gain", "bias", "mean", "variance", "mu", "s", "y_bar", "h_bar")
)
eps = Symbol("eps", positive=True)

running = equation(y[i], gain[i] * (x[i] - mean[i]) / sqrt(variance[i] + eps) + bias[i])
training = (
    equation(center[i], total(x[u, i], u) / T),
    equation(deviation[i], sqrt(total((x[u, i] - center[i]) ** 2, u) / T + eps)),
    equation(h[t, i], (x[t, i] - center[i]) / deviation[i]),
    equation(y[t, i], gain[i] * h[t, i] + bias[i]),
    equation(h_bar[t, i], y_bar[t, i] * gain[i]),
)
delta = KroneckerDelta(i, j)
rate = 1 / sqrt(variance[i] + eps)


def of_running(name: str, wrt, result, reason: str) -> Derivation:
    return Derivation(f"batch_norm.{name}", running, equation(Derivative(y[i], wrt), result), (Step(result, reason),))


def pulled(wrt):
    return total(y_bar[t, i] * Derivative(y[t, i], wrt), t, i)


projected = h_bar[s, j] - total(h_bar[u, j], u) / T - h[s, j] * total(h_bar[u, j] * h[u, j], u) / T
DERIVATIONS = (
    of_running("x", x[j], delta * gain[i] * rate, "the running statistics are constants"),
    of_running("gain", gain[j], delta * (x[i] - mean[i]) * rate, "y is linear in the gain"),
    of_running("bias", bias[j], delta, "∂b_i/∂b_j = δ_ij"),
    of_running("mean", mean[j], -delta * gain[i] * rate, "y is linear in the mean"),
    of_running(
        "variance",
        variance[j],
        -Rational(1, 2) * delta * gain[i] * (x[i] - mean[i]) * rate**3,
        "the derivative of (v + ε)^(−1/2)",
    ),
    Derivation(
        "batch_norm.training.x",
        training,
        equation(pulled(x[s, j]), projected / deviation[j]),
        (
            Step(total(h_bar[t, j] * Derivative(h[t, j], x[s, j]), t), "y depends on x through h alone, by the gain"),
            Step(projected / deviation[j], "quotient rule; the mean and s depend on every x of the channel"),
        ),
    ),
    Derivation(
        "batch_norm.training.gain",
        training,
        equation(pulled(gain[j]), total(y_bar[t, j] * h[t, j], t)),
        (Step(total(y_bar[t, j] * h[t, j], t), "y_ti = g_i h_ti + b_i, and h does not depend on g"),),
    ),
)
