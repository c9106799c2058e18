"""What was found, put into verdicts: for each argument right or wrong, the worst elements, the likely causes."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from functional_bp.checking.causes import explain, symptoms
from functional_bp.checking.causes.evidence import Evidence, samples_near
from functional_bp.checking.causes.where import unlike_given
from functional_bp.checking.kinds import Kind
from functional_bp.checking.limits import CAUSES_NAMED, WORST_SHOWN
from functional_bp.checking.program.compiled import Arrays, Programs, finite_rows, upcast
from functional_bp.checking.question.problem import Leaf, Point, Problem
from functional_bp.checking.question.structure import Fault
from functional_bp.checking.report import Cause, Element, Verdict
from functional_bp.checking.truth.oracle import Oracle
from functional_bp.checking.truth.tolerance import roundoff
from functional_bp.checking.verdict.judge import Mismatch

GENERAL = {Kind.JVP, Kind.SECOND_ORDER, Kind.FWD}
STATED = {Kind.RAISED, Kind.OVERWRITTEN}  # of the whole backward, and the cause itself


@dataclass(frozen=True)
class Findings:
    """Faults and mismatches with what is needed to look for their causes; `sampled`: the truth is known in places."""

    problem: Problem
    programs: Programs
    truth: Oracle
    claim: Callable[[Sequence[Point]], Arrays]
    sampled: bool
    faults: list[Fault]
    mismatches: list[Mismatch]
    nones: set[str]

    def verdicts(self, given: Point) -> tuple[Verdict, ...]:
        return tuple(self.verdict(i, leaf, given) for i, leaf in enumerate(self.problem.float_leaves))

    def verdict(self, i: int, leaf: Leaf, given: Point) -> Verdict:
        verdict = Verdict(leaf.argument, leaf.position, leaf.path, ok=True)
        fault = next((f for f in self.faults if covers(f, leaf) and f.kind not in GENERAL), None)
        if fault is not None:
            stated = fault.leaf is not None or fault.kind in STATED
            why = [Cause(Kind(fault.kind), fault.text)] if stated else []
            why = self.structural_cause(i, fault, given) + why
            return replace(
                verdict, ok=False, summary=fault.text if fault.leaf else "", causes=tuple(why[:CAUSES_NAMED])
            )
        mine = [m for m in self.mismatches if m.leaf == i]
        return self.describe(verdict, mine, given) if mine else verdict

    def describe(self, verdict: Verdict, mismatches: list[Mismatch], given: Point) -> Verdict:
        first = mismatches[0]
        order = np.argsort(-first.excess.ravel(), kind="stable")
        wrong = int((first.excess > 1).sum())
        worst = tuple(element(first, int(k)) for k in order[: min(WORST_SHOWN, wrong)])
        trigger, found = self.diagnose(mismatches, given)
        return replace(
            verdict,
            ok=False,
            trigger=between(first, verdict.name) or trigger,
            point=first.point.name,
            wrong=wrong,
            size=first.excess.size,
            worst=worst,
            causes=tuple(found),
        )

    def diagnose(self, mismatches: list[Mismatch], given: Point) -> tuple[str, list[Cause]]:
        """What is not as at the given numbers, if that is known; and the causes."""
        first = mismatches[0]
        if self.problem.float_leaves[first.leaf].name in self.nones:
            return "", [Cause(Kind.MISSING, "None came, which stands for zero; the cotangent is not zero")]
        if self.sampled:  # the truth is known in places only
            return "", []
        drawn = first.point.name.startswith("drawn at random")
        ordinary = "given" in first.point.name or first.point is given or drawn
        points = samples_near(first.point, ordinary)
        points = self.usable(points)
        if any(map(np.iscomplexobj, (*first.point.floats, *first.point.y_bar))):
            coarse = 64 * roundoff([first.point.floats[first.leaf].dtype])
            evidence = Evidence(self.problem, first.leaf, points, self.claim, self.truth, coarse)
            return "", explain.diagnose_complex(evidence)
        claim, precision = self.precise_claim(first)
        evidence = Evidence(self.problem, first.leaf, points, claim, self.truth, precision)
        trigger = unlike_given(evidence, given.floats) if drawn else ""
        return trigger, explain.diagnose(evidence, mismatches, ordinary)

    def usable(self, points: list[Point]) -> list[Point]:
        y, _, _ = self.truth(points)
        fine = finite_rows(y, len(points))
        return [p for p, ok in zip(points, fine, strict=True) if ok]

    def precise_claim(self, mismatch: Mismatch) -> tuple[Callable[[Sequence[Point]], Arrays], float]:
        """The claim in float64 if it runs there and is as wrong there; else as it is."""
        coarse = 64 * roundoff([mismatch.point.floats[mismatch.leaf].dtype])

        def precise(points: Sequence[Point]) -> Arrays:
            return self.programs.claim64([upcast(p) for p in points])

        try:
            claimed = precise([mismatch.point])[mismatch.leaf][0]
        except Exception:  # not in float64, then
            return self.claim, coarse
        if claimed.shape != mismatch.truth.shape:  # cast to a dtype by name: another structure in float64
            return self.claim, coarse
        scale = np.abs(mismatch.truth).max(initial=0.0)
        same = np.abs(claimed - mismatch.claimed.astype("float64")).max(initial=0.0) < 0.02 * scale + 1e-30
        return (precise, 1e-6) if same and claimed.dtype == np.float64 else (self.claim, coarse)

    def structural_cause(self, i: int, fault: Fault, given: Point) -> list[Cause]:
        """What makes a cotangent of another shape right: a sum, a transposition, another primal's place."""
        if fault.kind != "shape" or fault.value is None or self.programs.refusal:
            return []
        x_bar = self.truth([given])[1]
        return symptoms.reshape_cause(fault.value, x_bar[i][0], x_bar, i, self.problem)


@dataclass(frozen=True)
class Elsewhere:
    """What was found at another shape, and in words at which."""

    trigger: str
    findings: Findings
    given: Point
    cause: Cause | None = None  # which the trigger itself shows

    def verdicts(self, seed: int) -> Iterator[Verdict]:
        names = [leaf.name for leaf in self.findings.problem.float_leaves]
        shapes = ", ".join(f"{n}{list(a.shape)}" for n, a in zip(names, self.given.floats, strict=True))
        told = f"{self.trigger}; reproduce: seed {seed}, shapes {shapes}"
        for verdict in self.findings.verdicts(self.given):
            causes = verdict.causes if self.cause is None else (self.cause,)
            yield verdict if verdict.ok else replace(verdict, trigger=told, causes=causes)


def between(mismatch: Mismatch, name: str) -> str:
    """Where two or more wrong elements have inputs of an interval in which no right one lies: which; else nothing."""
    x, wrong = mismatch.point.floats[mismatch.leaf], mismatch.excess > 1
    if wrong.shape != x.shape or np.iscomplexobj(x) or wrong.sum() < 2:
        return ""
    low, high, right = x[wrong].min(), x[wrong].max(), x[~wrong]
    inside = np.any((right >= low) & (right <= high))
    if inside or low == high or not (np.any(right < low) and np.any(right > high)):
        return ""
    return f"where {name} lies between {low:.3g} and {high:.3g}"


def element(mismatch: Mismatch, k: int) -> Element:
    index = np.unravel_index(k, mismatch.truth.shape)
    kind = complex if np.iscomplexobj(mismatch.truth) else float
    return Element(tuple(map(int, index)), kind(mismatch.claimed[index]), kind(mismatch.truth[index]))


def covers(fault: Fault, leaf: Leaf) -> bool:
    """Does the fault leave nothing to compare for this leaf?"""
    if fault.leaf is None:
        return fault.kind not in GENERAL
    whole = fault.kind == "tree" and fault.leaf.position == leaf.position
    return fault.leaf == leaf or whole
