"""D. Vector activations: softmax, products and the maximum, under any loss D of their outputs."""

from functools import partial

from sympy import Derivative, Function, IndexedBase, KroneckerDelta, Max, Ne, Symbol, exp

from derivations import Field, Maximum, dimension, equation, index, product, step, total
from derivations.engine.kink import Kink
from derivations.lectures.claim import AtKink, Claim, Equality, NotAFormula
from derivations.lectures.measure import jax_slope

n, m = dimension("n"), dimension("m")
i, l = index("i", n), index("l", n)
j = index("j", m)  # the outputs, where they are not as many as the inputs
s = index("j", n)  # the outputs, where they are
y, z, w, b, g, alpha, S = (IndexedBase(name) for name in ("y", "z", "w", "b", "g", "alpha", "S"))
positive = IndexedBase("z", positive=True)
D, Y, loss, x, c = Field("D"), Field("Y"), Symbol("loss"), Symbol("x", real=True), Symbol("c", real=True)

softmax = (equation(y[s], exp(z[s]) / total(exp(z[l]), l)), equation(loss, D[()](y[s], s)))
g_s = Derivative(loss, y[s])

o, h, loss_of = IndexedBase("o"), Function("D"), IndexedBase("loss")
pair_loss = (equation(o[s, l], y[s] * y[l]), equation(loss_of[s, l], h(o[s, l])), Ne(s, l))
pairs = equation(y[j], z[2 * j - 1] * z[2 * j])
k = index("k", 2 * m)

output = IndexedBase("o")
above = (equation(z[j], total(w[i, j] * output[i], i) + b[j]), equation(loss, D[()](z[j], j)))

powers = equation(y[j], product(positive[l] ** alpha[l, j], l))
others = product(positive[l] ** (alpha[l, j] * (1 - KroneckerDelta(l, i))), l)  # the factor l = i is 1

greatest = Maximum(z[l], l, where=S[j, l])

CLAIMS = (
    Claim(
        "D1",
        "U, C, M",
        "∂D/∂z_i = Σ_j (∂D/∂y_j)(∂y_j/∂z_i); the number of outputs may differ from the number of inputs",
        (
            Equality(
                Derivative(loss, z[i]),
                total(Derivative(loss, y[j]) * Derivative(y[j], z[i]), j),
                (equation(y[j], Y[j](z[l], l)), equation(loss, D[()](y[j], j))),
            ),
        ),
    ),
    Claim(
        "D2",
        "C, M",
        "softmax: ∂y_j/∂z_i = y_i(1−y_i) if i = j, −y_i y_j otherwise",
        (
            Equality(Derivative(y[i], z[i]), y[i] * (1 - y[i]), softmax[:1]),
            Equality(Derivative(y[s], z[i]), -y[i] * y[s], (*softmax[:1], Ne(i, s))),
        ),
    ),
    Claim(
        "D3",
        "C",
        "softmax: ∂D/∂z_i = Σ_j g_j y_i(δ_ij − y_j)",
        (Equality(Derivative(loss, z[i]), total(g_s * y[i] * (KroneckerDelta(i, s) - y[s]), s), softmax),),
    ),
    Claim(
        "D4",
        "M",
        "softmax: ∂D/∂z_i = Σ_j g_j y_j(δ_ij − y_i)",
        (Equality(Derivative(loss, z[i]), total(g_s * y[s] * (KroneckerDelta(i, s) - y[i]), s), softmax),),
    ),
    Claim(
        "D5",
        "U, C, M",
        "pair product o = y_j y_l, j ≠ l: ∂D/∂y_j = y_l ∂D/∂o and ∂D/∂y_l = y_j ∂D/∂o",
        (
            Equality(Derivative(loss_of[s, l], y[s]), y[l] * Derivative(loss_of[s, l], o[s, l]), pair_loss),
            Equality(Derivative(loss_of[s, l], y[l]), y[s] * Derivative(loss_of[s, l], o[s, l]), pair_loss),
        ),
    ),
    Claim(
        "D6",
        "M",
        "as a vector activation: y_i = z_{2i−1} z_{2i}, so ∂y_i/∂z_{2i−1} = z_{2i}, "
        "∂y_i/∂z_{2i} = z_{2i−1}, every other derivative 0",
        (
            Equality(Derivative(y[j], z[2 * j - 1]), z[2 * j], (pairs,)),
            Equality(Derivative(y[j], z[2 * j]), z[2 * j - 1], (pairs,)),
            Equality(Derivative(y[j], z[k]), 0, (pairs, Ne(k, 2 * j - 1), Ne(k, 2 * j))),
        ),
    ),
    Claim(
        "D7",
        "U, C",
        "below an affine layer: ∂D/∂o_i = Σ_j w_ij ∂D/∂z_j",
        (Equality(Derivative(loss, output[i]), total(w[i, j] * Derivative(loss, z[j]), j), above),),
    ),
    Claim(
        "D8",
        "C",
        "y_i = Π_l z_l^{α_li}: ∂y_i/∂z_j = α_ji z_j^{α_ji − 1} Π_{l≠j} z_l^{α_li}",
        (Equality(Derivative(y[j], positive[i]), alpha[i, j] * positive[i] ** (alpha[i, j] - 1) * others, (powers,)),),
    ),
    Claim(
        "D9",
        "M, C",
        "y_j = max_{l∈S_j} z_l: ∂y_j/∂z_i = 1 if i = argmax_{l∈S_j} z_l, else 0",
        (
            # off a tie: 1 for the member of S_j that reaches the maximum
            Equality(Derivative(greatest, z[i]), S[j, i] * step(z[i] - greatest), (equation(S[j, l] ** 2, S[j, l]),)),
            # at a tie, as a function of the first of those tied, the others at c
            AtKink(Kink(Max(x, c), x, at=c), 1, partial(jax_slope, "max", 2.0)),
        ),
    ),
    Claim(
        "D10",
        "C",
        "vector activations may also be polynomials, logistic or linear combinations",
        (NotAFormula("a list of what there is"),),
    ),
)
