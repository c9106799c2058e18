"""What a proof cannot see, told by the words that the code uses: kinds of numbers, kinds of sizes."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

import jax.numpy as jnp

from derivations.reading.asked import Undecided
from derivations.reading.cases import Case, traced
from derivations.reading.program import same
from derivations.reading.question import Question
from derivations.reading.variants import distinct, words

KINDS = {"dtype", "finfo", "result_type", "issubdtype", "promote_types", "itemsize"}


def caveats(question: Question, cases: Sequence[Case]) -> Iterator[str]:
    used = words(question.forward) | words(question.backward)
    if {"isinstance", "type"} & used:
        yield "the code is the same for a size that is a number, whatever it asks of its type"
    if KINDS & used and cases:
        yield from other_kinds(question, cases[0])


def other_kinds(question: Question, case: Case) -> Iterator[str]:
    """Kinds of floating-point numbers for which the code is another program."""
    names = sorted({d for shape in case.shapes for d in shape if isinstance(d, str) and d.isidentifier()})
    sizes = distinct(names)
    for kind in (jnp.float16, jnp.bfloat16):
        leaves = tuple(replace(leaf, dtype=jnp.dtype(kind)) if leaf.due else leaf for leaf in question.leaves)
        try:
            other = traced(replace(question, leaves=leaves), case.shapes, case.asked.answers)
            alike = all(same(getattr(case, p), getattr(other, p), sizes) for p in ("forward", "backward"))
        except (Exception, Undecided):
            continue
        if not alike:
            own = next(leaf.dtype for leaf in question.leaves if leaf.due)
            yield f"the arrays are {own}: with {jnp.dtype(kind)} ones the code is another program"
