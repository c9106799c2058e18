"""E. Divergences and losses."""

from functools import partial

from sympy import Abs, Derivative, IndexedBase, Rational, Symbol, exp, log, sign

from derivations import Field, dimension, equation, index, sigmoid, total
from derivations.engine.kink import Kink
from derivations.lectures.claim import AtKink, Claim, Equality, Nonnegative, NotAFormula
from derivations.lectures.measure import jax_slope

n, T, P = dimension("n"), dimension("T"), dimension("P")
i, j, k = (index(name, n) for name in "ijk")
t, q, r = index("t", T), index("q", P), index("r", P)
a, y, g, z, eta, L = (Symbol(name, real=True) for name in ("a", "y", "g", "z", "eta", "L"))
w0, w3, f2, f3 = (Symbol(name, real=True) for name in ("w0", "w3", "f2", "f3"))
A, Y, Z, W, w, x = (IndexedBase(name) for name in ("a", "y", "z", "W", "w", "x"))

# the divergence on instance t as any function of the parameters W
Div = Field("Div")
div_t = Div[t](W[r], r)

# E's loss of one sigmoid neuron, and how it changes as the guess g moves toward y
log_likelihood = equation(L, y * log(g) + (1 - y) * log(1 - g))
toward_y = (y - g) * Derivative(L, g)
binary = (log_likelihood, g > 0, g < 1, equation(y**2, y))
neuron = equation(g, sigmoid(total(w[k] * x[k], k) + w0))
nll = equation(L, -(y * log(a) + (1 - y) * log(1 - a)))

squared = (equation(L, Rational(1, 2) * (y - f3) ** 2), equation(f3, sigmoid(w3 * f2)))
softmax = equation(A[j], exp(Z[j]) / total(exp(Z[k]), k))
nllm = equation(L, -total(Y[j] * log(A[j]), j))

CLAIMS = (
    Claim(
        "E1",
        "U, C, M",
        "Loss = (1/T) Σ_t Div(Y_t, d_t), so dLoss/dw = (1/T) Σ_t dDiv_t/dw",
        (Equality(Derivative(total(div_t, t) / T, W[q]), total(Derivative(div_t, W[q]), t) / T),),
    ),
    Claim(
        "E2",
        "K",
        "the loss is Σ_i L(y_i, f(x_i)), its gradient the sum of the gradients",
        (Equality(Derivative(total(div_t, t), W[q]), total(Derivative(div_t, W[q]), t)),),
    ),
    Claim("E3", "E 7.41", "(a−y)²: derivative 2(a−y)", (Equality(Derivative((a - y) ** 2, a), 2 * (a - y)),)),
    Claim(
        "E4",
        "E 7.42",
        "|a−y|: derivative sign(a−y)",
        (
            Equality(Derivative(Abs(a - y), a), sign(a - y)),
            # E's sign is 1 at 0 (C11)
            AtKink(Kink(Abs(a - y), a, at=y), 1, partial(jax_slope, "abs")),
        ),
    ),
    Claim(
        "E5",
        "E 7.3",
        "L(g, y) = y log g + (1−y) log(1−g) is the loss: for y ∈ {0, 1} it falls as the guess g moves toward y",
        (
            # it falls: the change is minus its absolute value
            Equality(
                toward_y,
                -Abs(toward_y),
                binary,
                # it rises, so that −L falls
                mended=(
                    Nonnegative(toward_y, (y - g) ** 2 / (g * (1 - g)), binary, meaning="L rises, so that −L falls"),
                ),
            ),
        ),
    ),
    Claim(
        "E6",
        "E 7.45",
        "NLL = −(y log a + (1−y) log(1−a)): derivative −(y/a − (1−y)/(1−a))",
        (Equality(Derivative(L, a), -(y / a - (1 - y) / (1 - a)), (nll,)),),
    ),
    Claim(
        "E7",
        "E 7.7",
        "∂L/∂w = (y/σ − (1−y)/(1−σ)) · σ(1−σ) · x, for the L of E5",
        (Equality(Derivative(L, w[i]), (y / g - (1 - y) / (1 - g)) * g * (1 - g) * x[i], (log_likelihood, neuron)),),
    ),
    Claim(
        "E8",
        "E",
        "NLLM = −Σ_j y_j log a_j; its derivative is left out there; it is −y_j / a_j",
        (Equality(Derivative(L, A[i]), -Y[i] / A[i], (nllm,)),),
    ),
    Claim(
        "E9",
        "E concept 19",
        "it can be simpler to go to ∂L/∂Z^L at once; left out there; it is a − y for "
        "sigmoid+NLL, and for softmax+NLLM with Σ y = 1",
        (
            Equality(Derivative(L, z), a - y, (nll, equation(a, sigmoid(z)))),
            Equality(Derivative(L, Z[i]), A[i] - Y[i], (nllm, softmax, equation(total(Y[j], j), 1))),
        ),
    ),
    Claim(
        "E10",
        "K",
        "squared loss ½(y − f3)², learning rate η, sigmoid output f3, target y, prediction f3: "
        "∂L/∂w3 = −η(y − f3) f3(1−f3) f2",
        (Equality(Derivative(L, w3), -eta * (y - f3) * f3 * (1 - f3) * f2, squared),),
    ),
    Claim(
        "E11",
        "C, M",
        "“2 or not 2”: one sigmoid output, d ∈ {0, 1}, KL divergence; ten (or eleven, the last “none of "
        "the above”) softmax outputs, KL divergence",
        (NotAFormula("a choice of outputs and of a divergence for two problems"),),
    ),
)
