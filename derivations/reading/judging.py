"""From two programs to findings: the trial of the code, the reading, the comparison of both, the proof.

Where the code asks something of its sizes, they are divided into regions, and each region is a case of its own.
"""

import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from derivations.reading import engine
from derivations.reading.arrays import AtOtherSizes, BySize, Loop, OutOfRange, Outside
from derivations.reading.asked import Undecided
from derivations.reading.attempts import Attempts
from derivations.reading.cases import Case, declared, general, names_in, narrower, put_in, traced
from derivations.reading.claims import Claims, claims_of
from derivations.reading.code import NotRead
from derivations.reading.guard import disagreement
from derivations.reading.limits import TimeOver, within
from derivations.reading.program import fits
from derivations.reading.proof import proof
from derivations.reading.question import Question, Shape
from derivations.reading.regions import Region, value, whole
from derivations.reading.sizes import NUMBERS_LAST
from derivations.reading.trial import Trial
from derivations.reading.variants import Other, distinct, least, others
from derivations.reading.verdict import Finding, Proofs
from derivations.reading.words import caveats

POINTS = 6  # at which the code is tried before it is read; a mistake may hide behind a mask or an inactive branch
CASES = 24  # regions that are looked at
STEPS = 4  # of a loop whose length is a size

Found = dict[str, Finding]


class Judging:
    """The question with its trials; a finding for each argument that is due a cotangent."""

    def __init__(self, question: Question, shapes: tuple[Shape, ...], limit: float):
        self.question, self.shapes, self.limit = question, shapes, limit
        self.names = names_in(self.shapes)
        self.attempts = Attempts(question, self.shapes)
        self.covered: list[tuple[Region, Case]] = []
        self.left_out: dict[str, str] = {}  # sizes for which nothing is proven, and why
        self.rests: set[str] = set()  # sizes by the rest that they leave
        self.least: dict[str, int] = {}
        self.said: dict[str, None] = {}
        self.claims: Any = None

    def proofs(self) -> Proofs:
        start = time.perf_counter()
        self.deadline = time.process_time() + self.limit * len(self.question.due)
        self.attempts.at(distinct(self.names), strict=True, points=POINTS)
        try:
            found = self.findings()
        except Loop as loop:  # its steps are unrolled, for a small number of them
            numbers = dict.fromkeys(loop.names, STEPS)
            return Judging(self.question, put_in(self.shapes, numbers), self.limit).proofs()
        if any(f.status == "proven" for f in found.values()):
            self.attempts.elsewhere()
        findings = tuple(self.finding(n, "") if n in self.attempts.refuted else f for n, f in found.items())
        return Proofs(self.question.title, findings, self.sizes, tuple(self.said), time.perf_counter() - start)

    @property
    def example(self) -> dict[str, int]:
        """The sizes of the example, of those that stand alone as the size of an axis."""
        leaves = zip(self.question.leaves, self.shapes, strict=True)
        pairs = [pair for leaf, shape in leaves for pair in zip(shape, leaf.shape, strict=True)]
        return {d: n for d, n in pairs if d in self.names}

    @property
    def sizes(self) -> str:
        fixed = [
            f"{leaf.name} of shape ({', '.join(map(str, shape))}{',' * (len(shape) == 1)})"
            for leaf, shape in zip(self.question.leaves, self.shapes, strict=True)
            if any(isinstance(d, int) and d > 1 for d in shape)
        ]
        given = f", {', '.join(fixed)}" if fixed else ""
        if not self.names:
            return f"at these sizes{given}"
        least = {n: self.least_of(n) for n in self.names}
        every = [n for n in self.names if least[n] == 1]
        above = [f"{n} ≥ {k}" for n, k in least.items() if k > 1]
        return "for all " + ", ".join([f"{', '.join(every)} ≥ 1"] * bool(every) + above) + given

    def least_of(self, name: str) -> int:
        """The smallest size below which there is nothing to prove."""
        low = self.least.get(name, 1)
        while f"{name} = {low}" in self.left_out:
            low += 1
        return low

    def findings(self) -> Found:
        """Region after region, each divided where the code takes sizes apart."""
        names = [leaf.name for leaf in self.question.due]
        found: Found = {}
        regions = [whole(self.names)]
        visited = 0
        while regions and not self.attempts.all_refuted:
            region, visited = regions.pop(0), visited + 1
            if len(self.covered) == CASES or visited == 4 * CASES:
                return {n: self.finding(n, f"the code takes sizes apart in more than {CASES} ways") for n in names}
            more, beside = self.of_region(region)
            regions = [*beside, *regions]
            if str(region) in self.rests and more and all(f.status == "undecided" for f in more.values()):
                self.left_out[str(region)] = next(f.reason for f in more.values())
                continue
            found = merged(found, more, str(region)) if found else more
            if found and all(f.status != "proven" for f in found.values()):
                return found
        for other in others(self.question, self.shapes, self.names, self.covering):
            if all(f.status != "proven" for f in found.values()):
                break
            found = self.narrowed(found, other)
        self.said |= dict.fromkeys(caveats(self.question, [case for _, case in self.covered]))
        if not found:
            why = next(iter(self.left_out.values()), "there is no size at which the code runs")
            return {n: self.finding(n, why) for n in names}
        below = {f"{n} = {k}" for n in self.names for k in range(1, self.least_of(n))}
        apart = tuple(f"{where}: {why}" for where, why in self.left_out.items() if where not in below)
        return {n: replace(f, exceptions=(*f.exceptions, *apart)) for n, f in found.items()}

    def of_region(self, region: Region) -> tuple[Found, list[Region]]:
        """The findings for these sizes, and what must be looked at beside them."""
        names = [leaf.name for leaf in self.question.due]
        try:
            case = traced(self.question, region.shapes(self.shapes), region.answers)
            found = self.of_program(region, case)
        except (Undecided, BySize) as error:
            divisor = getattr(error, "divisor", 0)
            parts = [] if error.gap in region.answers else region.split(error.gap, divisor)
            self.rests |= {str(part) for part in parts if divisor}
            return ({}, parts) if parts else ({n: self.finding(n, str(error)) for n in names}, [])
        except OutOfRange as error:
            self.left_out[str(region)] = str(error)
            return {}, []
        except Loop:
            raise
        except Exception as error:
            if region == whole(self.names):
                return {n: self.finding(n, f"not traceable: {first_line(error)}") for n in names}, []
            self.left_out[str(region)] = f"the code does not run ({first_line(error)})"
            return {}, []
        if not found:
            self.left_out[str(region)] = "the output is empty"
            return {}, []
        self.covered.append((region, case))
        return found, self.beside(region, case)

    def of_program(self, region: Region, case: Case) -> Found:
        """The findings for these sizes; none where the output is empty."""
        if any(0 in y.shape for y in case.forward.out_avals):
            return {}
        if region == whole(self.names):
            self.least = least(case, self.names)
            self.attempts.at(self.least)
        own = region.trial(lambda sizes: self.is_inside(case, sizes))
        trial = self.attempts.at(region.given(own)) if own is not None else None
        return self.of_case(case, trial, own or {})

    def beside(self, region: Region, case: Case) -> list[Region]:
        """Where the answer would have been another."""
        found = []
        for gap, line in case.asked.equal.items():
            more = region.equal(gap)
            found += more or []
            if more is None:
                self.said[f"{gap} ≠ 0, which the code asks ({line})"] = None
                for own in region.zeros(gap):
                    self.attempts.at(region.given(own))
        self.said |= case.asked.used
        return [r for r in found if all(r != known for known, _ in self.covered)]

    def is_inside(self, case: Case, own: Mapping[str, int]) -> bool:
        """Is the code this program at these sizes?"""
        return fits(case.forward.jaxpr, own) and all(value(gap, own) != 0 for gap in case.asked.equal)

    def covering(self, numbers: Mapping[str, int]) -> tuple[Case, dict[str, int]] | None:
        """The program for these sizes, and the sizes of its region."""
        for region, case in self.covered:
            own = region.own(numbers)
            if own is not None and self.is_inside(case, own):
                return case, own
        return None

    def narrowed(self, found: Found, other: Other) -> Found:
        """What remains proven if at some sizes the code is another program."""
        if other.case is None:
            return excepted(found, f"{other}: the code does not run")
        trial = self.attempts.at(other.numbers)
        known = self.covering(other.numbers)
        alike = trial is not None and not other.degenerate
        if known and known[0] is self.covered[0][1] and alike and not disagreement(self.claims, trial, known[1]):
            self.said[f"at {other} the code is written out otherwise, and gave the same values"] = None
            return found
        try:
            more = self.of_case(other.case, trial, other.numbers)
        except AtOtherSizes:  # the other sizes would have to be taken apart, too: as numbers they need not be
            more = self.at_numbers(other.numbers, trial)
        if trial is None and any(f.status == "undecided" for f in more.values()):
            return excepted(found, f"{other}: there is no finite derivative")
        return merged(found, more, str(other))

    def at_numbers(self, numbers: Mapping[str, int], trial: Trial | None) -> Found:
        try:
            return self.of_case(traced(self.question, put_in(self.shapes, numbers)), trial, numbers)
        except AtOtherSizes as error:
            return {leaf.name: self.finding(leaf.name, str(error)) for leaf in self.question.due}

    def finding(self, name: str, reason: str) -> Finding:
        refuted = self.attempts.refuted
        if name in refuted:
            return Finding(name, "refuted", refutation=refuted[name])
        return Finding(name, "undecided", reason=reason)

    def of_case(self, case: Case, trial: Trial | None, own: Mapping[str, int]) -> Found:
        """The findings for one pair of programs; `own` are the sizes of the trial by the names of the case."""
        names = [leaf.name for leaf in self.question.due]
        try:
            with engine.faults():
                claims = self.read(case)
                wrong = disagreement(claims, trial, own) if trial is not None else ""
        except (NotRead, engine.NoVerdict) as error:
            return {n: self.finding(n, str(error)) for n in names}
        self.claims = self.claims or claims
        if wrong:
            return {n: self.finding(n, f"{wrong} is read otherwise than it is computed") for n in names}
        found = {c.name: self.proven(claims, c) for c in claims.claims}
        conditions = " ".join(c for f in found.values() for c in f.conditions)
        self.said |= dict.fromkeys((*claims.reading.said, *claims.reading.explained(conditions)))
        return found

    def proven(self, claims: Claims, claim: Any) -> Finding:
        if claim.name in self.attempts.refuted:
            return self.finding(claim.name, "")
        try:
            with within(min(self.limit, self.deadline - time.process_time())):
                return proof(claims, claim)
        except TimeOver:
            return self.finding(claim.name, f"no proof within {self.limit:g} s")
        except AtOtherSizes:
            raise
        except (Outside, NotRead, engine.NoVerdict, RecursionError) as error:
            return self.finding(claim.name, str(error))

    def read(self, case: Case) -> Claims:
        """Factors of an axis in one order or the other."""
        orders = [(), (NUMBERS_LAST,), tuple(sorted(self.names, reverse=True))]
        for n, order in enumerate(orders):
            try:
                return claims_of(self.question, case.forward, case.backward, case.shapes, order)
            except AtOtherSizes:
                raise
            except (NotRead, Outside) as error:
                if n == len(orders) - 1 or "axis" not in str(error):
                    raise NotRead(str(error)) from error
        raise AssertionError


def judging(question: Question, sizes: Mapping[str, str] | None, limit: float) -> Judging:
    """At the most general shapes that the code takes, or at those that the user names."""
    shapes = declared(question, sizes) if sizes else general(question)
    if not sizes and not runs(question, shapes):
        shapes = next((s for s in narrower(question, shapes) if runs(question, s)), shapes)
    return Judging(question, shapes, limit)


def runs(question: Question, shapes: tuple[Shape, ...]) -> bool:
    """Does the code take these shapes, as far as it does not ask for more?"""
    try:
        traced(question, shapes)
    except Undecided:
        return True
    except Exception:
        return False
    return True


def excepted(found: Found, where: str) -> Found:
    return {n: replace(f, exceptions=(*f.exceptions, where)) for n, f in found.items()}


def merged(found: Found, more: Found, where: str) -> Found:
    """What is proven here and there."""
    result = dict(found)
    for name, f in found.items():
        at = more.get(name)
        if at is not None and f.status == "proven":
            if at.status != "proven":
                result[name] = Finding(name, "undecided", reason=f"at {where}, where the code is another: {at.reason}")
            else:
                conditions = tuple(dict.fromkeys((*f.conditions, *at.conditions)))
                result[name] = replace(f, conditions=conditions, proofs=(*f.proofs, *at.proofs))
    return result


def first_line(error: BaseException) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]


__all__ = ["judging"]
