"""Affine layers: z_i = Σ_j W_ij y_j + b_i; batched, in the transposed layout, and with the bias as a weight."""

from sympy import Derivative, IndexedBase, KroneckerDelta

from derivations import Derivation, Step, dimension, equation, index, total

n, m, T = dimension("n"), dimension("m"), dimension("T")
j, l = index("j", n), index("l", n)
i, k = index("i", m), index("k", m)
t = index("t", T)
W, b, y, z, z_bar = (IndexedBase(name) for name in ("W", "b", "y", "z", "z_bar"))
definition = equation(z[i], total(W[i, j] * y[j], j) + b[i])

wrt_y = Derivation(
    "affine.y",
    definition=definition,
    result=equation(Derivative(z[i], y[l]), W[i, l]),
    steps=(
        Step(total(W[i, j] * Derivative(y[j], y[l]), j), "the derivative of a sum; b does not depend on y"),
        Step(total(W[i, j] * KroneckerDelta(j, l), j), "∂y_j/∂y_l = δ_jl"),
        Step(W[i, l], "contract δ_jl"),
    ),
)

wrt_W = Derivation(
    "affine.W",
    definition=definition,
    result=equation(Derivative(z[i], W[k, l]), KroneckerDelta(i, k) * y[l]),
    steps=(
        Step(total(Derivative(W[i, j], W[k, l]) * y[j], j), "the derivative of a sum"),
        Step(total(KroneckerDelta(i, k) * KroneckerDelta(j, l) * y[j], j), "∂W_ij/∂W_kl = δ_ik δ_jl"),
        Step(KroneckerDelta(i, k) * y[l], "contract δ_jl"),
    ),
)

wrt_b = Derivation(
    "affine.b",
    definition=definition,
    result=equation(Derivative(z[i], b[k]), KroneckerDelta(i, k)),
    steps=(
        Step(Derivative(b[i], b[k]), "the rest does not depend on b"),
        Step(KroneckerDelta(i, k), "∂b_i/∂b_k = δ_ik"),
    ),
)

# What is above the layer enters through the cotangent z̄ alone: ȳ = z̄ J, with J from the three above.
batch = equation(z[t, i], total(W[i, j] * y[t, j], j) + b[i])

batched_W = Derivation(
    "affine.batch.W",
    definition=batch,
    result=equation(total(z_bar[t, i] * Derivative(z[t, i], W[k, l]), i, t), total(z_bar[t, k] * y[t, l], t)),
    steps=(
        Step(total(z_bar[t, i] * KroneckerDelta(i, k) * y[t, l], i, t), "∂z_ti/∂W_kl = δ_ik y_tl for each example"),
        Step(total(z_bar[t, k] * y[t, l], t), "contract δ_ik"),
    ),
)

batched_b = Derivation(
    "affine.batch.b",
    definition=batch,
    result=equation(total(z_bar[t, i] * Derivative(z[t, i], b[k]), i, t), total(z_bar[t, k], t)),
    steps=(
        Step(total(z_bar[t, i] * KroneckerDelta(i, k), i, t), "∂z_ti/∂b_k = δ_ik for each example"),
        Step(total(z_bar[t, k], t), "contract δ_ik"),
    ),
)

batched_y = Derivation(
    "affine.batch.y",
    definition=batch,
    result=equation(total(z_bar[t, i] * Derivative(z[t, i], y[t, l]), i), total(z_bar[t, i] * W[i, l], i)),
    steps=(Step(total(z_bar[t, i] * W[i, l], i), "∂z_ti/∂y_tl = W_il; the examples do not mix"),),
)

# The other layout: Z = Wᵀ A + W0 with W[in, out], and (∂w/∂v)_ij = ∂w_j/∂v_i, the transpose of J.
A, Z, W0 = IndexedBase("A"), IndexedBase("Z"), IndexedBase("W0")
transposed = equation(Z[i], total(W[j, i] * A[j], j) + W0[i])

transposed_A = Derivation(
    "affine.transposed.A",
    definition=transposed,
    result=equation(Derivative(Z[i], A[l]), W[l, i]),
    steps=(
        Step(total(W[j, i] * KroneckerDelta(j, l), j), "∂A_j/∂A_l = δ_jl"),
        Step(W[l, i], "contract δ_jl: entry (l, i) of ∂Z/∂A is W_li"),
    ),
)

transposed_W = Derivation(
    "affine.transposed.W",
    definition=transposed,
    result=equation(total(z_bar[i] * Derivative(Z[i], W[l, k]), i), A[l] * z_bar[k]),
    steps=(
        Step(total(z_bar[i] * KroneckerDelta(i, k) * A[l], i), "∂Z_i/∂W_lk = δ_ik A_l"),
        Step(A[l] * z_bar[k], "contract δ_ik: ∂L/∂W = A (∂L/∂Z)ᵀ"),
    ),
)

# The bias as the weight of a constant input y_0 = 1.
j0 = index("j", n, lower=0)
extended = (equation(z[i], total(W[i, j0] * y[j0], j0)), equation(y[0], 1))

bias_as_weight = Derivation(
    "affine.bias_as_weight",
    definition=extended,
    result=equation(Derivative(z[i], W[k, 0]), KroneckerDelta(i, k)),
    steps=(
        Step(KroneckerDelta(i, k) * y[0], "∂z_i/∂W_kl = δ_ik y_l at l = 0"),
        Step(KroneckerDelta(i, k), "y_0 = 1"),
    ),
)

DERIVATIONS = (
    wrt_y,
    wrt_W,
    wrt_b,
    batched_W,
    batched_b,
    batched_y,
    transposed_A,
    transposed_W,
    bias_as_weight,
)
