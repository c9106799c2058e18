"""Code as formulas: a hand-written backward pass is proven for every size, or refuted. See `docs/proving.md`.

From the outside in: `prove` (the entry points), `judging` (the order of the questions), `cases` and `variants` (which
sizes), `trial` (the code itself at a point), `claims` and `proof` (what the engine is asked), `guard` (the reading
against the code); the reading: `code` walks a jaxpr, `rows` say what each operation is, `arrays`, `reading`, `sizes`,
`meant`; `derive` and `source` lead from formulas back to
code; `engine` is the one door to the prover.
"""

from derivations.reading.derive import Derived, derive_backward
from derivations.reading.prove import prove_backward, prove_custom_vjp, prove_rule
from derivations.reading.verdict import Finding, Proofs, Refutation

__all__ = [
    "Derived",
    "Finding",
    "Proofs",
    "Refutation",
    "derive_backward",
    "prove_backward",
    "prove_custom_vjp",
    "prove_rule",
]
