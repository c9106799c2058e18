"""What a certificate says. It is JSON; a term is a list whose first entry names it.

    ["n", "2/3"]  ["c", "pi"]  ["x", name, [I, …]]  ["k", I]        numbers, entries and symbols, an index as a number
    ["+", t, …]  ["*", t, …]  ["^", t, t]  ["f", name, t]           and a function that is known
    ["u", name, t, …]                                               an unknown function
    ["d", I, I]  ["S", [k, …], t]  ["P", [k, …], t]  ["M", [k], t, where]
                                                                    δ, sums, products, the maximum over an index
    ["F", name, [I, …], [k, …], t]  ["D", t, [x, …]]                unknown functions of a vector, derivatives
    ["step", t]  ["sign", t]  ["abs", t]  ["H", t, t]  ["max", t, …]  ["min", t, …]  ["cases", [t, condition], …]

An index I is [constant, [[k, coefficient], …]]. The ranges of all indices are in `indices`; no name is bound twice.
A condition is [relation, t, t] with >, >=, <, <=, !=, =; or ["and", …], ["or", …], ["true"], ["same", I, I].
"""

VERSION = 2

# What a checker may use, beside the arithmetic of polynomials with rational coefficients.
AXIOMS = {
    "definition": "a definition is put in for the entries of its range",
    "derivative": "∂x_i/∂x_j = δ_ij, the rules of sums, products, powers and chains, and the slopes of known functions",
    "delta": "δ_ii = 1, δ² = δ, δ_ij = 0 for indices that never meet, δ_ij f_j = δ_ij f_i",
    "sum": "sums are linear, their order and the names of their indices don't matter, Σ_k 1 counts, Σ_k δ_ki f_k = f_i",
    "product": "Π_k f_k = exp Σ_k log f_k for f_k > 0, and Π f g = Π f Π g",
    "quotient": "Q^r Q^s = Q^(r + s), and terms over one denominator",
    "root": "(a b)^r = a^r b^r for a, b > 0, (a²)^(1/2) = |a|",
    "exp": "exp(a + b) = exp a exp b, exp(r log a) = a^r for a > 0",
    "log": "log |a b| = log |a| + log |b| and log |a^r| = r log |a| for a, b ≠ 0, log exp a = a",
    "step": "step and [x = 0] are 0 or 1, step(c x) = step(x) for c > 0, step(−x) = 1 − step(x) + [x = 0]",
    "kink": "|x| = x (2 step(x) − 1), sign x = step(x) − step(−x), max(a, b) = b + (a − b) step(a − b), cases",
    "maximum": "max_k (a + b_k) = a + max_k b_k",
    "reflection": "f(−x) = ± f(x) for sin, cos, atan, erf",
    "expansion": "σ, tanh, softplus, sinh, cosh and others by exp and log",
    "hypothesis": "an equation of the hypotheses, for the values of its indices in their ranges",
}
