"""The code tried at sizes and points: what it gets wrong there is refuted."""

import time
from collections.abc import Mapping, Sequence

from derivations.reading import trial, variants
from derivations.reading.cases import put_in
from derivations.reading.question import Question, Shape
from derivations.reading.trial import Trial
from derivations.reading.verdict import Refutation
from functional_bp.errors import InputError

ELSEWHERE = 8.0  # seconds of the processor


class Attempts:
    """`refuted` holds what was found to be wrong, by argument."""

    def __init__(self, question: Question, shapes: Sequence[Shape]):
        self.question, self.shapes = question, shapes
        self.run = trial.program(question)
        self.refuted: dict[str, Refutation] = {}

    @property
    def all_refuted(self) -> bool:
        return len(self.refuted) == len(self.question.due)

    def at(self, numbers: Mapping[str, int], strict: bool = False, points: int = 1) -> Trial | None:
        """The code at these sizes; None where it has no finite value."""
        shapes, usable = put_in(self.shapes, numbers), []
        for seed in range(2 * points + 4):
            dominant = not usable and seed > 3
            try:
                found = trial.tried(self.question, self.run, numbers, shapes, seed, dominant)
            except Exception as error:
                if strict and isinstance(error, InputError):
                    raise
                return None
            if found.usable:
                usable.append(found)
                self.note_mistakes(found)
            if len(usable) == points or self.all_refuted:
                break
        return usable[0] if usable else None

    def elsewhere(self) -> None:
        """The code with other numbers, where sizes are numbers: what is wrong there is wrong, too."""
        own, end = self.shapes, time.process_time() + ELSEWHERE
        for shapes in variants.elsewhere(self.question, own):
            if self.all_refuted or time.process_time() > end:
                break
            self.shapes = shapes
            self.at({})
        self.shapes = own

    def note_mistakes(self, found: Trial) -> None:
        wrong = {k: r for k in range(len(self.question.due)) if (r := found.refutation(self.question, k)) is not None}
        beside = trial.nudged(self.question, self.run, found) if wrong else found
        for k, refutation in wrong.items():
            if beside.refutation(self.question, k) is not None:
                self.refuted.setdefault(self.question.due[k].name, refutation)
