"""C. Scalar activations: the derivative off the kink by proof, at the kink by the Clarke interval."""

from functools import partial

from sympy import (
    Abs,
    Derivative,
    Expr,
    Function,
    IndexedBase,
    Integer,
    KroneckerDelta,
    Max,
    Piecewise,
    Symbol,
    exp,
    tanh,
)

from derivations import Field, derivative, dimension, equation, index, prime, sigmoid, step, total
from derivations.engine.kink import Kink
from derivations.lectures.claim import AtKink, Claim, Equality, Nonnegative, NotAFormula
from derivations.lectures.measure import jax_slope, relu_slopes_at_0

n = dimension("n")
i, i_, j, j_ = index("i", n), index("i'", n), index("j", n), index("j'", n)
a, b = index("a", 3), index("b", 3)
z, v, s, alpha = (Symbol(name, real=True) for name in ("z", "v", "s", "alpha"))
f, F, D = Function("f"), Field("f"), Field("D")
Z, y, x, x0 = (IndexedBase(name) for name in ("z", "y", "x", "x0"))

relu = Max(z, 0)
leaky = Piecewise((z, z >= 0), (alpha * z, True))


def cases(above: Expr | int, below: Expr | int) -> Piecewise:
    """`above` where z ≥ 0, `below` where z < 0."""
    return Piecewise((above, z >= 0), (below, True))


# D of y_i = f(z_i), and the chord of a function from x0 to x less the function: ≥ 0 for s in [0, 1] where it is convex
loss = D[()](f(Z[j]), j)
chord = (1 - s) * F[()](x0[j], j) + s * F[()](x[j], j) - F[()](x0[j] + s * (x[j] - x0[j]), j)
slope_at_x0 = total(prime(F)[i](x0[j], j) * (x[i] - x0[i]), i)

CLAIMS = (
    Claim(
        "C1",
        "E 7.31",
        "step(z) = 1 if z ≥ 0 else 0; its derivative is 0 (and 0 is taken at the jump too)",
        (
            Equality(Derivative(step(z), z), 0),
            AtKink(Kink(step(z), z), 0, partial(jax_slope, "step")),
        ),
    ),
    Claim(
        "C2",
        "E 7.36, C",
        "ReLU′(z) = step(z): 1 if z ≥ 0, 0 if z < 0",
        (
            Equality(Derivative(relu, z), step(z)),
            Equality(step(z), cases(1, 0)),
            AtKink(Kink(relu, z), 1, partial(jax_slope, "relu")),
        ),
    ),
    Claim(
        "C3",
        "E 7.33",
        "d/dz ReLU(z) = 0 for z ≥ 0 and 0 for z < 0",
        (
            Equality(
                Derivative(relu, z),
                cases(0, 0),
                mended=(Equality(Derivative(relu, z), cases(1, 0)), Equality(Derivative(step(z), z), cases(0, 0))),
            ),
        ),
    ),
    Claim(
        "C4",
        "U, M",
        "at 0 any slope between 0 and 1 is a valid subgradient of ReLU",
        (
            Nonnegative(
                relu - v * z, (1 - v) * Max(z, 0) + v * Max(-z, 0), (v >= 0, v <= 1), meaning="f(z) − f(0) − v (z − 0)"
            ),
        ),
    ),
    Claim(
        "C5",
        "M",
        "TensorFlow and PyTorch take the derivative of ReLU at 0 to be 1",
        (NotAFormula("a statement about two programs", relu_slopes_at_0),),
    ),
    Claim(
        "C6",
        "E 7.37, K",
        "σ′(z) = σ(z)(1−σ(z)) = e^{−z}/(1+e^{−z})²",
        (
            Equality(Derivative(1 / (1 + exp(-z)), z), sigmoid(z) * (1 - sigmoid(z))),
            Equality(sigmoid(z) * (1 - sigmoid(z)), exp(-z) / (1 + exp(-z)) ** 2),
        ),
    ),
    Claim("C7", "E 7.39", "identity: derivative 1", (Equality(Derivative(z, z), 1),)),
    Claim(
        "C8",
        "E 7.40",
        "tanh′(z) = 1 − tanh(z)²",
        (Equality(Derivative((exp(z) - exp(-z)) / (exp(z) + exp(-z)), z), 1 - tanh(z) ** 2),),
    ),
    Claim(
        "C9",
        "C, K, M",
        "scalar activation: J is diagonal, diag(f′(z_1), …, f′(z_M))",
        (Equality(Derivative(f(Z[j]), Z[i]), KroneckerDelta(i, j) * prime(f)(Z[j])),),
    ),
    Claim(
        "C10",
        "C, M",
        "∂D/∂z_i = f′(z_i) ∂D/∂y_i",
        (Equality(Derivative(loss, Z[i]), prime(f)(Z[i]) * prime(D)[i](f(Z[j]), j)),),
    ),
    Claim(
        "C11",
        "E 7.44",
        "d|u|/du = sign(u), 1 for u ≥ 0 and −1 for u < 0",
        (
            Equality(Derivative(Abs(z), z), cases(1, -1)),
            AtKink(Kink(Abs(z), z), 1, partial(jax_slope, "abs")),
        ),
    ),
    Claim(
        "C12",
        "E 7.47–49",
        "f(z) = z² at (1, 2, 3): J = diag(2, 4, 6)",
        (
            Equality(Derivative(Z[a] ** 2, Z[b]), 2 * Z[a] * KroneckerDelta(a, b)),
            # at z_a = a the diagonal is 2, 4, 6
            Equality(2 * Z[a] * KroneckerDelta(a, b), 2 * a * KroneckerDelta(a, b), (equation(Z[a], a),)),
        ),
    ),
    Claim(
        "C13",
        "U, M, C",
        "leaky and randomised leaky ReLU (slope α < 1 for z < 0) are treated as ReLU is: at 0 any "
        "slope between α and 1 may be taken",
        (
            Nonnegative(
                leaky - v * z,
                (1 - v) * Max(z, 0) + (v - alpha) * Max(-z, 0),
                (v >= alpha, v <= 1),
                meaning="f(z) − f(0) − v (z − 0)",
            ),
        ),
    ),
    Claim(
        "C14",
        "C, M",
        "v is a subgradient of f at x0 if f(x) − f(x0) ≥ vᵀ(x − x0) for all x; if f is convex and "
        "differentiable at x0, the gradient there is one",
        (
            NotAFormula("a subgradient: the definition"),
            # chord(s) ≥ 0 on [0, 1] by convexity, and chord(0) = 0: so its slope at 0 is ≥ 0, and that slope is
            # f(x) − f(x0) − vᵀ(x − x0)
            Equality(chord.subs(s, 0), Integer(0), meaning="the chord less f, at x0"),
            Equality(
                derivative(chord, s).subs(s, 0),
                F[()](x[j], j) - F[()](x0[j], j) - slope_at_x0,
                meaning="its slope at x0, which is ≥ 0 as the chord is nowhere below f",
            ),
        ),
    ),
)
