"""The Jacobian of softmax, derived from its definition: proven for any n, refuted when it is wrong, and run by JAX."""

# SymPy's annotations are partial.
# pyright: reportIndexIssue=false, reportArgumentType=false, reportOperatorIssue=false

import jax
import jax.numpy as jnp
from sympy import Derivative, IndexedBase, KroneckerDelta, exp

import functional_bp as bp
from derivations import Derivation, Step, dimension, emit, equation, index, judge, total

n = dimension("n")  # stays a symbol
i, j, k = index("i", n), index("j", n), index("k", n)
y, z = IndexedBase("y"), IndexedBase("z")
S = total(exp(z[k]), k)
softmax = equation(y[j], exp(z[j]) / S)

derivation = Derivation(
    "softmax",
    definition=softmax,
    result=equation(Derivative(y[j], z[i]), y[j] * (KroneckerDelta(i, j) - y[i])),
    steps=(
        Step(KroneckerDelta(i, j) * exp(z[j]) / S - exp(z[j]) * exp(z[i]) / S**2, "quotient rule"),
        Step(KroneckerDelta(i, j) * y[j] - y[j] * y[i], "e^z_j / S = y_j"),
        Step(y[j] * (KroneckerDelta(i, j) - y[i]), "y_j taken out"),
    ),
)
print(derivation.unicode())
check = derivation.check()
print(check, "\n")
assert check

print("without δ, ∂y_j/∂z_i = y_j (1 − y_i) is")
wrong = judge(Derivative(y[j], z[i]), y[j] * (1 - y[i]), given=(softmax,))
print(wrong, "\n")
assert wrong.status == "refuted"

jacobian = emit(derivation.result.rhs, indices=(j, i), given=(softmax,))
logits = jax.random.normal(jax.random.key(0), (1000,))
y_1000, J = bp.softmax(logits)
difference = jnp.abs(jacobian(z=logits) - J.to_dense()).max()
print(f"the formula in JAX against the rule's Jacobian, n = 1000: {difference:.1e} at most apart")
assert difference < 1e-7
