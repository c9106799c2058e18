"""Multiplicative layers: y_i = z_2i−1 z_2i, and y_i = Π_l z_l^α_li for z > 0."""

from sympy import Derivative, IndexedBase, KroneckerDelta, exp, log

from derivations import Derivation, Step, dimension, equation, index, product, total

n, m = dimension("n"), dimension("m")
y, z = IndexedBase("y"), IndexedBase("z")

i, k = index("i", m), index("k", 2 * m)
first, second = KroneckerDelta(2 * i - 1, k), KroneckerDelta(2 * i, k)

pair = Derivation(
    "pair_product",
    definition=equation(y[i], z[2 * i - 1] * z[2 * i]),
    result=equation(Derivative(y[i], z[k]), first * z[2 * i] + second * z[2 * i - 1]),
    steps=(
        Step(Derivative(z[2 * i - 1], z[k]) * z[2 * i] + z[2 * i - 1] * Derivative(z[2 * i], z[k]), "product rule"),
        Step(first * z[2 * i] + second * z[2 * i - 1], "∂z_l/∂z_k = δ_lk"),
    ),
)

base, alpha = IndexedBase("z", positive=True), IndexedBase("alpha")
l, j, p = index("l", n), index("j", n), index("p", m)
power = equation(y[i], product(base[l] ** alpha[l, i], l))
logarithm = total(alpha[l, i] * log(base[l]), l)
# Π_l≠j: the exponent of the factor l = j is 0.
others = product(base[l] ** (alpha[l, i] * (1 - KroneckerDelta(l, j))), l)

wrt_z = Derivation(
    "power_product.z",
    definition=power,
    result=equation(Derivative(y[i], base[j]), alpha[j, i] * base[j] ** (alpha[j, i] - 1) * others),
    steps=(
        Step(Derivative(exp(logarithm), base[j]), "Π_l z_l^α_li = exp Σ_l α_li log z_l"),
        Step(exp(logarithm) * total(alpha[l, i] * KroneckerDelta(l, j) / base[l], l), "chain rule"),
        Step(y[i] * alpha[j, i] / base[j], "contract δ_lj"),
        Step(
            alpha[j, i] * base[j] ** (alpha[j, i] - 1) * others,
            "the factor l = j taken out: z_j^α_ji / z_j = z_j^(α_ji − 1)",
        ),
    ),
)

wrt_alpha = Derivation(
    "power_product.alpha",
    definition=power,
    result=equation(Derivative(y[i], alpha[j, p]), KroneckerDelta(i, p) * y[i] * log(base[j])),
    steps=(
        Step(Derivative(exp(logarithm), alpha[j, p]), "Π_l z_l^α_li = exp Σ_l α_li log z_l"),
        Step(
            exp(logarithm) * total(KroneckerDelta(l, j) * KroneckerDelta(i, p) * log(base[l]), l),
            "chain rule; ∂α_li/∂α_jp = δ_lj δ_ip",
        ),
        Step(KroneckerDelta(i, p) * y[i] * log(base[j]), "contract δ_lj"),
    ),
)

DERIVATIONS = (pair, wrt_z, wrt_alpha)
