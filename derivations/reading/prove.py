"""Is this backward pass right for every size? The code is read as formulas, and the engine proves or refutes them."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from derivations.reading.judging import Judging
from derivations.reading.question import ask
from derivations.reading.verdict import Proofs


def prove_backward(
    forward: Callable,
    backward: Callable,
    *primals: Any,
    names: Sequence[str] | None = None,
    sizes: Mapping[str, str] | None = None,
    constant: Sequence[int] = (),
    limit: float = 20.0,
) -> Proofs:
    """x̄ = ȳ ∂y/∂x for each argument of `backward(primals, y_bar)`: proven for all sizes, refuted, or undecided.

    primals: example arrays; their values matter only to the trial of the code before the proof.
    sizes: the axes of an array by name, {"x": "b n", "W": "m n"}; equal names are equal sizes, h*k is a product.
    A proof is over the real numbers, where its conditions hold. A refutation was run through the code itself.
    """
    question = ask(forward, backward, primals, names, constant, getattr(backward, "__name__", "backward"))
    return Judging(question, sizes, limit).proofs()
