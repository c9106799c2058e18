"""What judges a formula, derives, prints and emits it. From the outside in:

- to write: `vocabulary`, `indices`, `derivation`, `calculus`, `kink`
- to judge: `prover` asks `claims` (is it one), `normal_form` (proven), `refute` (a counterexample), `diagnosis` (what
  was meant, by the `edits` of it)
- the normal form: `terms` (the algebra), `atoms`, `sums`, `naming`, `powers`, `size`, `quotients`, `scope`,
  `hypotheses`, `domains`, `renaming`
- numbers: `evaluate`, `arithmetic`
- out again: `readback` (to SymPy), `printing` (LaTeX), `plain` (one line of text), `emission` (to JAX)
"""
