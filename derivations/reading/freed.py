"""Where code is read at no symbolic sizes: some stay the example's numbers, and the others are symbols.

What is wrong at other numbers must not be proven: `Attempts.elsewhere` tries some of them.
"""

from derivations.reading import engine
from derivations.reading.arrays import Outside
from derivations.reading.asked import Undecided
from derivations.reading.cases import put_in, traced
from derivations.reading.claims import claims_of
from derivations.reading.code import NotRead
from derivations.reading.judging import Judging
from derivations.reading.limits import TimeOver, within
from derivations.reading.question import Question, Shape
from derivations.reading.verdict import Proofs

READING = 3.0  # seconds of the processor for one reading


def with_numbers(first: Judging, found: Proofs) -> Proofs:
    """The findings with as few sizes as numbers as the reading needs; what was found before, if they are no more."""
    example = first.example
    asked = any(case.asked.equal or case.asked.used for _, case in first.covered)
    if asked or not example or any(f.status != "undecided" for f in found.findings):
        return found
    numbers = example
    for name in example:
        fewer = {n: k for n, k in numbers.items() if n != name}
        if is_read(first.question, put_in(first.shapes, fewer)):
            numbers = fewer
    if numbers == example and not is_read(first.question, put_in(first.shapes, example)):
        return found
    more = Judging(first.question, put_in(first.shapes, numbers), first.limit).proofs()
    return more if more.proven or more.refuted else found


def is_read(question: Question, shapes: tuple[Shape, ...]) -> bool:
    try:
        case = traced(question, shapes)
        with engine.faults(), within(READING):
            claims_of(question, case.forward, case.backward, shapes, ())
    except (Exception, Undecided, NotRead, Outside, TimeOver):
        return False
    return True
