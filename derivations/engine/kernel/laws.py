"""The laws of products, in the order in which they are tried, each with its condition beside it.

The laws of single functions stand with their constructors in `atoms`, `powers`, `sums` and `rules`.
"""

from derivations.engine.kernel.atoms import (
    fold_primes,
    order_steps,
    reduce_quotients,
    squares_of_sines,
    unfold_quotients,
)
from derivations.engine.kernel.powers import contract_deltas
from derivations.engine.kernel.rules import apply_equations
from derivations.engine.kernel.signs import known_parities, signs_at_zero, whole_sizes
from derivations.engine.kernel.sums import empty_sums
from derivations.engine.kernel.terms import Law

LAWS = (
    Law("delta", "δ(i − j) f(j) = δ(i − j) f(i)", "i runs inside the range of j, or f is polynomial", contract_deltas),
    Law("order of steps", "step(x) step(x + c) = step(x)", "c > 0", order_steps),
    Law("signs at zero", "[x = 0] x = 0, [x = 0] step(x) = [x = 0]", "", signs_at_zero),
    Law("parities", "(−1)^p = 1", "it is the sign of what is > 0", known_parities),
    Law("empty sums", "step(n − 2) Σ_{k=2}^n f_k = Σ_{k=2}^n f_k", "", empty_sums),
    Law("squares", "sin² x = 1 − cos² x", "", squares_of_sines),
    Law("sizes", "|x|^(3/2) = |x| |x|^(1/2)", "", whole_sizes),
    Law("roots of primes", "p^(3/2) = p p^(1/2)", "", fold_primes),
    Law("power of a sum", "Q^r = Q^(r − 1) Q", "r ≥ 1", unfold_quotients),
    Law("partial fraction", "p Q^r = (Q − rest) Q^r for Q = p + rest", "Q ≠ 0", reduce_quotients),
    Law("hypothesis", "what a hypothesis says of a product", "its indices run in its ranges", apply_equations),
)
