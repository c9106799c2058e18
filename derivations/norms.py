"""Norms: x̂ = (x − mean)/s has its mean and length taken out of every cotangent."""

from sympy import Derivative, IndexedBase, KroneckerDelta, Symbol, sqrt

from derivations import Derivation, Step, dimension, equation, index, total

n, m = dimension("n"), dimension("m")
g, f = index("g", m), index("f", m)
i, j, k, l = (index(name, n) for name in "ijkl")
x, y, h, gain, bias, y_bar, h_bar = (IndexedBase(name) for name in ("x", "y", "h", "gain", "bias", "y_bar", "h_bar"))
eps, mean, variance, deviation = Symbol("eps", positive=True), Symbol("mu"), Symbol("v"), Symbol("s")

layer = (
    equation(mean, total(x[k], k) / n),
    equation(variance, total((x[k] - mean) ** 2, k) / n),
    equation(deviation, sqrt(variance + eps)),
    equation(h[i], (x[i] - mean) / deviation),
    equation(y[i], gain[i] * h[i] + bias[i]),
    equation(h_bar[i], y_bar[i] * gain[i]),
)
rms = (
    equation(deviation, sqrt(total(x[k] ** 2, k) / n + eps)),
    equation(h[i], x[i] / deviation),
    equation(y[i], gain[i] * h[i]),
    equation(h_bar[i], y_bar[i] * gain[i]),
)
center, spread = IndexedBase("mu"), IndexedBase("s")
groups = (  # x_gi is the i-th of the group g: its channels, at all positions
    equation(center[g], total(x[g, k], k) / n),
    equation(spread[g], sqrt(total((x[g, k] - center[g]) ** 2, k) / n + eps)),
    equation(h[g, i], (x[g, i] - center[g]) / spread[g]),
    equation(y[g, i], gain[g, i] * h[g, i] + bias[g, i]),
    equation(h_bar[g, i], y_bar[g, i] * gain[g, i]),
)
length = (equation(deviation, sqrt(total(x[k] ** 2, k) + eps)), equation(y[i], x[i] / deviation))


def pulled(wrt):
    return total(y_bar[i] * Derivative(y[i], wrt), i)


def norm(name: str, definition, taken_out) -> Derivation:
    """ȳ ∂y/∂x: by the gain first, then with what the norm takes out projected out of h̄."""
    h_bar_x = total(h_bar[i] * Derivative(h[i], x[j]), i)
    return Derivation(
        f"{name}.x",
        definition,
        result=equation(pulled(x[j]), (h_bar[j] - taken_out) / deviation),
        steps=(
            Step(h_bar_x, "y_i depends on x through h_i alone, by g_i"),
            Step((h_bar[j] - taken_out) / deviation, "quotient rule; the mean and s depend on every x"),
        ),
    )


along = h[j] * total(h_bar[k] * h[k], k) / n
DERIVATIONS = (
    norm("layer_norm", layer, total(h_bar[k], k) / n + along),
    Derivation(
        "layer_norm.gain",
        layer,
        equation(pulled(gain[j]), y_bar[j] * h[j]),
        (Step(y_bar[j] * h[j], "y_i = g_i h_i + b_i, and h does not depend on g"),),
    ),
    Derivation(
        "layer_norm.bias",
        layer,
        equation(pulled(bias[j]), y_bar[j]),
        (Step(total(y_bar[i] * KroneckerDelta(i, j), i), "∂b_i/∂b_j = δ_ij"), Step(y_bar[j], "contract δ_ij")),
    ),
    Derivation(
        "group_norm.x",
        groups,
        equation(
            total(y_bar[g, i] * Derivative(y[g, i], x[f, j]), g, i),
            (h_bar[f, j] - total(h_bar[f, k], k) / n - h[f, j] * total(h_bar[f, k] * h[f, k], k) / n) / spread[f],
        ),
        (Step(total(h_bar[f, i] * Derivative(h[f, i], x[f, j]), i), "a group depends on its own numbers alone"),),
    ),
    norm("rms_norm", rms, along),
    Derivation(
        "rms_norm.gain",
        rms,
        equation(pulled(gain[j]), y_bar[j] * h[j]),
        (Step(y_bar[j] * h[j], "y_i = g_i h_i, and h does not depend on g"),),
    ),
    Derivation(
        "l2_normalise",
        length,
        equation(Derivative(y[i], x[j]), (KroneckerDelta(i, j) - y[i] * y[j]) / deviation),
        (
            Step(
                Derivative(x[i], x[j]) / deviation - x[i] / deviation**2 * Derivative(deviation, x[j]), "quotient rule"
            ),
            Step(KroneckerDelta(i, j) / deviation - x[i] * x[j] / deviation**3, "∂s/∂x_j = x_j/s"),
            Step((KroneckerDelta(i, j) - y[i] * y[j]) / deviation, "x_i = s y_i"),
        ),
    ),
)
