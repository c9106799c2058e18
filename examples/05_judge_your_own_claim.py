"""A derivation of one's own in five steps, one wrong: the step is found, the reason named, the formula mended."""

# SymPy's annotations are partial.
# pyright: reportIndexIssue=false, reportArgumentType=false, reportOperatorIssue=false

from dataclasses import replace

from sympy import Derivative, Function, IndexedBase, KroneckerDelta

from derivations import Derivation, Step, dimension, equation, index, judge, prime, total

n_in, n = dimension("m"), dimension("n")  # as many inputs and units as you like
i, k = index("i", n), index("k", n)
j, l = index("j", n_in), index("l", n_in)
x, W, z, y, d = (IndexedBase(name) for name in ("x", "W", "z", "y", "d"))
f = Function("f")  # any activation
error = y[i] - d[i]
divergence = total(error**2, i) / 2

homework = Derivation(
    "the gradient of one layer's weights",
    definition=(equation(z[i], total(W[i, j] * x[j], j)), equation(y[i], f(z[i]))),
    result=equation(Derivative(divergence, W[k, l]), (y[k] - d[k]) * x[l]),
    steps=(
        Step(total(error * Derivative(y[i], W[k, l]), i), "derivative of the square"),
        Step(total(error * prime(f)(z[i]) * Derivative(z[i], W[k, l]), i), "chain rule"),
        Step(total(error * Derivative(z[i], W[k, l]), i), "y = f(z)"),
        Step(total(error * KroneckerDelta(i, k) * x[l], i), "∂z_i/∂W_kl = δ_ik x_l"),
        Step((y[k] - d[k]) * x[l], "contract δ_ik"),
    ),
)
print(homework.unicode(), "\n")
check = homework.check()
print(check, "\n")
assert check.failed is homework.steps[2]

# What is wrong with the result, asked directly: here the missing f′ is put back in, and what comes out is proven.
verdict = judge(homework.result.lhs, homework.result.rhs, given=homework.definitions)
print("the result:", verdict, "\n")
assert verdict.status == "refuted"
assert verdict.repair is not None

mended = replace(
    homework,
    result=equation(homework.result.lhs, verdict.repair),
    steps=(*homework.steps[:2], Step(total(error * prime(f)(z[i]) * KroneckerDelta(i, k) * x[l], i), "∂z_i/∂W_kl")),
)
print(mended.unicode(), "\n")
print(mended.check())
assert mended.check()
