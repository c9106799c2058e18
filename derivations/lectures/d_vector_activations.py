"""D. Vector activations: softmax, products and the maximum, under any loss D of their outputs."""

from functools import partial

from sympy import Derivative, IndexedBase, KroneckerDelta, Max, Ne, Piecewise, Eq, Symbol, exp

from derivations import Field, Maximum, dimension, equation, index, prime, product, step, total
from derivations.kink import Kink
from derivations.lectures.claim import AtKink, Claim, Equality, NotAFormula
from derivations.lectures.measure import jax_slope

n, m = dimension("n"), dimension("m")
i, l, i_ = index("i", n), index("l", n), index("i'", n)
j, j_ = index("j", m), index("j'", m)  # the outputs, where they are not as many as the inputs
s, s_ = index("j", n), index("j'", n)  # the outputs, where they are
o, o_ = index("o", m), index("o'", m)
y, z, w, b, g, alpha, S = (IndexedBase(name) for name in ("y", "z", "w", "b", "g", "alpha", "S"))
positive = IndexedBase("z", positive=True)
D, Y, loss, x, c = Field("D"), Field("Y"), Symbol("loss"), Symbol("x", real=True), Symbol("c", real=True)

softmax = (equation(y[s], exp(z[s]) / total(exp(z[l]), l)), equation(loss, D[()](y[s], s)))
g_s = prime(D)[s](y[s_], s_)

pairs = equation(y[j], z[2 * j - 1] * z[2 * j])
k = index("k", 2 * m)

output = IndexedBase("o")
above = (equation(z[j], total(w[i, j] * output[i], i) + b[j]), equation(loss, D[()](z[j], j)))

powers = equation(y[j], product(positive[l] ** alpha[l, j], l))
others = product(Piecewise((1, Eq(l, i)), (positive[l] ** alpha[l, j], True)), l)

greatest = Maximum(z[l], l, where=S[j, l])

CLAIMS = (
    Claim("D1", "U, C, M", "∂D/∂z_i = Σ_j (∂D/∂y_j)(∂y_j/∂z_i); the number of outputs may differ from the number of "
          "inputs", (
        Equality(
            Derivative(D[()](Y[j](z[l], l), j), z[i]),
            total(prime(D)[j](Y[j_](z[l], l), j_) * Derivative(Y[j](z[l], l), z[i]), j),
        ),
    )),
    Claim("D2", "C, M", "softmax: ∂y_j/∂z_i = y_i(1−y_i) if i = j, −y_i y_j otherwise", (
        Equality(Derivative(y[s], z[i]), Piecewise((y[i] * (1 - y[i]), Eq(i, s)), (-y[i] * y[s], True)), softmax[:1]),
    )),
    Claim("D3", "C", "softmax: ∂D/∂z_i = Σ_j g_j y_i(δ_ij − y_j)", (
        Equality(Derivative(loss, z[i]), total(g_s * y[i] * (KroneckerDelta(i, s) - y[s]), s), softmax),
    )),
    Claim("D4", "M", "softmax: ∂D/∂z_i = Σ_j g_j y_j(δ_ij − y_i)", (
        Equality(Derivative(loss, z[i]), total(g_s * y[s] * (KroneckerDelta(i, s) - y[i]), s), softmax),
    )),
    Claim("D5", "U, C, M", "pair product o = y_j y_l, j ≠ l: ∂D/∂y_j = y_l ∂D/∂o and ∂D/∂y_l = y_j ∂D/∂o", (
        Equality(
            Derivative(D[()](y[i] * y[l]), y[i]), y[l] * prime(D)[()](y[i] * y[l]), (Ne(i, l),)
        ),
        Equality(
            Derivative(D[()](y[i] * y[l]), y[l]), y[i] * prime(D)[()](y[i] * y[l]), (Ne(i, l),)
        ),
    )),
    Claim("D6", "M", "as a vector activation: y_i = z_{2i−1} z_{2i}, so ∂y_i/∂z_{2i−1} = z_{2i}, "
          "∂y_i/∂z_{2i} = z_{2i−1}, every other derivative 0", (
        Equality(Derivative(y[j], z[2 * j - 1]), z[2 * j], (pairs,)),
        Equality(Derivative(y[j], z[2 * j]), z[2 * j - 1], (pairs,)),
        Equality(Derivative(y[j], z[k]), 0, (pairs, Ne(k, 2 * j - 1), Ne(k, 2 * j))),
    )),
    Claim("D7", "U, C", "below an affine layer: ∂D/∂o_i = Σ_j w_ij ∂D/∂z_j", (
        Equality(Derivative(loss, output[i]), total(w[i, j] * prime(D)[j](z[j_], j_), j), above),
    )),
    Claim("D8", "C", "y_i = Π_l z_l^{α_li}: ∂y_i/∂z_j = α_ji z_j^{α_ji − 1} Π_{l≠j} z_l^{α_li}", (
        Equality(Derivative(y[j], positive[i]), alpha[i, j] * positive[i] ** (alpha[i, j] - 1) * others, (powers,)),
    )),
    Claim("D9", "M, C", "y_j = max_{l∈S_j} z_l: ∂y_j/∂z_i = 1 if i = argmax_{l∈S_j} z_l, else 0", (
        # off a tie: 1 for the member of S_j that reaches the maximum
        Equality(Derivative(greatest, z[i]), S[j, i] * step(z[i] - greatest), (equation(S[j, l] ** 2, S[j, l]),)),
        # at a tie, as a function of the first of those tied, the others at c
        AtKink(Kink(Max(x, c), x, at=c), 1, partial(jax_slope, "max", 2.0)),
    )),
    Claim("D10", "C", "vector activations may also be polynomials, logistic or linear combinations", (
        NotAFormula("a list of what there is"),
    )),
)
