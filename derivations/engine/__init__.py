"""What judges a formula, derives, prints and emits it. One room for each task, and no arrow runs back:

- `language`: to write a formula: words, indices, derivatives, renaming, and how it is printed
- `kernel`: the normal form, in which formulas that are equal for every dimension meet
- `numbers`: the value of a formula at a point; it knows nothing of the kernel
- `judging`: from a claim to a verdict: proven, refuted, undecided or ill-typed, and what was meant
- `derivation`, `kink`: what is derived; `emission`: formulas as JAX programs
"""
