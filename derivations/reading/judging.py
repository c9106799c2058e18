"""From two programs to findings: the trial of the code, the reading, the comparison of both, the proof."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from derivations.reading import engine, trial
from derivations.reading.arrays import Outside
from derivations.reading.cases import Case, declared, general, names_in, put_in, traced
from derivations.reading.claims import Claims, claims_of
from derivations.reading.code import NotRead
from derivations.reading.guard import disagreement
from derivations.reading.limits import TimeOver, within
from derivations.reading.proof import proof
from derivations.reading.question import Question, Shape
from derivations.reading.sizes import NUMBERS_LAST
from derivations.reading.trial import Trial
from derivations.reading.variants import Other, distinct, least, others
from derivations.reading.verdict import Finding, Proofs, Refutation
from functional_bp.errors import InputError

POINTS = 6  # at which the code is tried before it is read; a mistake may hide behind a mask or an inactive branch


class Judging:
    """The question with its trials; a finding for each argument that is due a cotangent."""

    def __init__(self, question: Question, sizes: Mapping[str, str] | None, limit: float):
        self.question, self.limit = question, limit
        self.run = trial.program(question)
        self.shapes = declared(question, sizes) if sizes else general(question)
        self.names = names_in(self.shapes)
        self.refuted: dict[str, Refutation] = {}
        self.trials: list[Trial] = []
        self.least: dict[str, int] = {}
        self.claims: Any = None

    def proofs(self) -> Proofs:
        start = time.perf_counter()
        self.deadline = time.process_time() + self.limit * len(self.question.due)
        self.attempt(distinct(self.names), strict=True, points=POINTS)
        found, assumed = self.findings()
        return Proofs(self.question.title, found, self.sizes, assumed, time.perf_counter() - start)

    @property
    def sizes(self) -> str:
        if not self.names:
            return "at these sizes"
        above = [f"{n} ≥ {k}" for n, k in self.least.items() if k > 1]
        every = [n for n in self.names if self.least.get(n, 1) == 1]
        return "for all " + ", ".join([f"{', '.join(every)} ≥ 1"] * bool(every) + above)

    def attempt(self, numbers: Mapping[str, int], strict: bool = False, points: int = 1) -> Trial | None:
        """The code at these sizes; what it gets wrong there is refuted. None where it has no finite value."""
        shapes, usable = put_in(self.shapes, numbers), []
        for seed in range(2 * points + 4):
            try:
                found = trial.tried(self.question, self.run, numbers, shapes, seed)
            except Exception as error:
                if strict and isinstance(error, InputError):
                    raise
                return None
            if found.usable:
                usable.append(found)
                self.note_mistakes(found)
            if len(usable) == points:
                break
        self.trials += usable[:1]
        return usable[0] if usable else None

    def note_mistakes(self, found: Trial) -> None:
        wrong = {k: r for k in range(len(self.question.due)) if (r := found.refutation(self.question, k)) is not None}
        beside = trial.nudged(self.question, self.run, found) if wrong else found
        for k, refutation in wrong.items():
            if beside.refutation(self.question, k) is not None:
                self.refuted.setdefault(self.question.due[k].name, refutation)

    def findings(self) -> tuple[tuple[Finding, ...], tuple[str, ...]]:
        due = self.question.due
        if len(self.refuted) == len(due):
            return tuple(self.finding(leaf.name, "") for leaf in due), ()
        try:
            case = traced(self.question, self.shapes)
        except Exception as error:
            return tuple(self.finding(leaf.name, f"not traceable: {first_line(error)}") for leaf in due), ()
        self.least = least(case, self.names)
        self.attempt(self.least)
        found, said = self.of_case(case, self.trials)
        notes: list[str] = []
        for other in others(self.question, case, self.names):
            if all(f.status != "proven" for f in found.values()):
                break
            found = self.narrowed(found, other, notes)
        findings = [self.finding(n, "") if n in self.refuted else f for n, f in found.items()]
        return tuple(findings), (*said, *notes)

    def narrowed(self, found: dict[str, Finding], other: Other, notes: list[str]) -> dict[str, Finding]:
        """What remains proven if at some sizes the code is another program."""
        if other.case is None:
            return {n: replace(f, exceptions=(*f.exceptions, str(other))) for n, f in found.items()}
        trial = self.attempt(other.numbers)
        if trial is not None and not other.degenerate and not disagreement(self.claims, trial):
            notes.append(f"at {other} the code is written out otherwise, and gave the same values")
            return found
        more, _ = self.of_case(other.case, [trial] if trial else [])
        merged = {}
        for name, f in found.items():
            at = more[name]
            if f.status == "proven" and at.status != "proven":
                f = Finding(name, "undecided", reason=f"at {other}, where the code is another program: {at.reason}")
            elif f.status == "proven":
                conditions = tuple(dict.fromkeys((*f.conditions, *at.conditions)))
                f = replace(f, conditions=conditions, proofs=(*f.proofs, *at.proofs))
            merged[name] = f
        return merged

    def finding(self, name: str, reason: str) -> Finding:
        if name in self.refuted:
            return Finding(name, "refuted", refutation=self.refuted[name])
        return Finding(name, "undecided", reason=reason)

    def of_case(self, case: Case, trials: Sequence[Trial]) -> tuple[dict[str, Finding], tuple[str, ...]]:
        """The findings for one pair of programs."""
        names = [leaf.name for leaf in self.question.due]
        try:
            with engine.faults():
                claims = self.read(case)
                wrong = next((w for t in trials if (w := disagreement(claims, t))), "")
        except (NotRead, engine.NoVerdict) as error:
            return {n: self.finding(n, str(error)) for n in names}, ()
        self.claims = claims if case.shapes == self.shapes else self.claims
        if wrong:
            reason = f"{wrong} is read otherwise than it is computed"
            return {n: self.finding(n, reason) for n in names}, ()
        found = {c.name: self.proven(claims, c) for c in claims.claims}
        conditions = " ".join(c for f in found.values() for c in f.conditions)
        return found, (*claims.reading.said, *claims.reading.explained(conditions))

    def proven(self, claims: Claims, claim: Any) -> Finding:
        if claim.name in self.refuted:
            return self.finding(claim.name, "")
        try:
            with within(min(self.limit, self.deadline - time.process_time())):
                return proof(claims, claim)
        except TimeOver:
            return self.finding(claim.name, f"no proof within {self.limit:g} s")
        except (Outside, NotRead, engine.NoVerdict, RecursionError) as error:
            return self.finding(claim.name, str(error))

    def read(self, case: Case) -> Claims:
        """Factors of an axis in one order or the other."""
        orders = [(), (NUMBERS_LAST,), tuple(sorted(self.names, reverse=True))]
        for n, order in enumerate(orders):
            try:
                return claims_of(self.question, case.forward, case.backward, case.shapes, order)
            except (NotRead, Outside) as error:
                if n == len(orders) - 1 or "axis" not in str(error):
                    raise NotRead(str(error)) from error
        raise AssertionError


def first_line(error: BaseException) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]


__all__ = ["Judging", "Shape"]
