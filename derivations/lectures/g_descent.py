"""G. Gradient descent. The loss is any function of the parameters θ_1 … θ_P; its change is taken to first order."""

from sympy import Abs, Derivative, Expr, Function, Idx, IndexedBase, Symbol

from derivations import Field, derivative, dimension, equation, index, prime, total
from derivations.lectures.claim import Claim, Equality, Nonnegative, NotAFormula

P, N, B = dimension("P"), dimension("N"), dimension("B")
p, k, r, s, draw = index("p", P), index("k", P), index("r", P), index("s", N), index("b", B)
theta, g, eta = IndexedBase("theta"), IndexedBase("g"), Symbol("eta")
Loss, Div = Field("Loss"), Field("Div")
gradient = equation(g[p], prime(Loss)[p](theta[r], r))
div_s = Div[s](theta[r], r)  # on instance s
mean_gradient = total(Derivative(div_s, theta[p]), s) / N


def change(direction: Expr) -> Expr:
    """d Loss(θ + η direction) / dη at η = 0: the change of the loss to first order."""
    return derivative(Loss[()](theta[k] + eta * direction.subs(p, k), k), eta).subs(eta, 0)


decrease = Nonnegative(
    -change(-g[p]),
    total(g[p] ** 2, p),
    (gradient,),
    meaning="the decrease of the loss along −∇Loss",
    strict="> 0 where ∇Loss ≠ 0",
)

# two layers; c, v and β are what all hidden units have in common
n, m, q = dimension("n"), dimension("m"), dimension("q")
i, j, j_, a = index("i", n), index("j", m), index("j'", m), index("a", q)
x, z, h, y, c, v = (IndexedBase(name) for name in "xzhycv")
W1, b1, W2, b2 = (IndexedBase(name) for name in ("W1", "b1", "W2", "b2"))
f, D, loss, beta = Function("f"), Field("D"), Symbol("loss"), Symbol("beta")
two_layers = (
    equation(z[j], total(W1[j, i] * x[i], i) + b1[j]),
    equation(h[j], f(z[j])),
    equation(y[a], total(W2[a, j] * h[j], j) + b2[a]),
    equation(loss, D[()](y[a], a)),
)
zero = (*two_layers, equation(W1[j, i], 0), equation(b1[j], 0), equation(W2[a, j], 0))
alike = (*two_layers, equation(W1[j, i], c[i]), equation(b1[j], beta), equation(W2[a, j], v[a]))


def between_units(parameter: IndexedBase, *indices: Idx) -> Expr:
    """The gradient of the hidden unit j less that of the unit j'."""
    other = tuple(j_ if index == j else index for index in indices)
    return Derivative(loss, parameter[indices]) - Derivative(loss, parameter[other])


CLAIMS = (
    Claim(
        "G1",
        "C, U",
        "W ← W − η ∇Loss(W)ᵀ, ∇Loss ≠ 0, decreases the loss to first order",
        (
            # positive where ∇Loss ≠ 0
            decrease,
        ),
    ),
    Claim(
        "G2",
        "K",
        "θ ← θ − η ∇θ, ∇θ standing for ∂L/∂θ, decreases L to first order",
        (decrease,),
    ),
    Claim(
        "G3",
        "K",
        "θ ← θ + η ∂L/∂θ, as the “gradient update” that minimises L",
        (
            # it would decrease L: the change is minus its absolute value
            Equality(
                change(g[p]),
                -Abs(change(g[p])),
                (gradient,),
                mended=(decrease,),
                meaning="the change of the loss along +∇Loss",
            ),
        ),
    ),
    Claim(
        "G4",
        "C, U, M",
        "by instances: W ← W − (η/T) Σ_t ∇Div_t; until the loss has converged",
        (
            Equality(theta[p] - eta * mean_gradient, theta[p] - eta * Derivative(total(div_s, s) / N, theta[p])),
            NotAFormula("when to stop: a rule, not a statement"),
        ),
    ),
    Claim(
        "G5",
        "C",
        "stop when |Loss(W^k) − Loss(W^{k−1})| ≤ ε; η may depend on the step: η^k (E: η(t))",
        (NotAFormula("a rule for stopping and the freedom to choose η at each step"),),
    ),
    Claim(
        "G6",
        "K",
        "one random sample, a minibatch B < N, or all N: the expected gradient is the same (up to the factor "
        "N of E1/E2)",
        (
            # the expectation over one instance drawn uniformly; of the mean over B draws; and the gradient of the sum
            Equality(mean_gradient, Derivative(total(div_s, s) / N, theta[p]), meaning="expected over one sample"),
            Equality(
                total(mean_gradient, draw) / B,
                Derivative(total(div_s, s) / N, theta[p]),
                meaning="expected over B draws with replacement",
            ),
            Equality(
                total(B / N * Derivative(div_s, theta[p]), s) / B,
                Derivative(total(div_s, s) / N, theta[p]),
                meaning="expected over a minibatch that holds each sample with probability B/N",
            ),
            Equality(N * mean_gradient, Derivative(total(div_s, s), theta[p]), meaning="of the sum over all"),
        ),
    ),
    Claim(
        "G7",
        "E",
        "random (Gaussian) initialisation; all-zero weights keep hidden units equal (symmetry)",
        (
            NotAFormula("random initialisation: a choice"),
            Equality(between_units(W1, j, i), 0, zero),
            Equality(between_units(W2, a, j), 0, zero),
            # and wherever the units are alike, so that each step keeps them so
            Equality(between_units(W1, j, i), 0, alike),
            Equality(between_units(b1, j), 0, alike),
            Equality(between_units(W2, a, j), 0, alike),
        ),
    ),
)
