"""A claim of the lectures, and how its status comes out of the engine.

A claim is transcribed as parts; each is judged and gives a `Finding`, and the worst of them decides the claim's status.
No part carries a verdict: what a part says is what is judged.
"""

from collections.abc import Callable
from dataclasses import dataclass
from time import perf_counter
from typing import Any, Protocol

from sympy import Expr

from derivations import Verdict, judge
from derivations.engine.kink import Kink
from derivations.engine.language.plain import plain
from derivations.engine.language.renaming import free_indices
from derivations.lectures.nonnegative import nonnegative

# From the best to the worst.
STATUSES = ("not-a-formula", "proven", "convention", "undecided", "refuted")


@dataclass(frozen=True)
class Finding:
    """What came out for one part: its formal statement, its status, the engine's verdict, a remark for the reader."""

    formal: str
    status: str
    verdict: Verdict | None = None
    remark: str = ""
    repair: str | None = None
    diagnosis: str | None = None


def statement(formula: str, given: tuple, meaning: str) -> str:
    """meaning: formula, where definitions and hypotheses."""
    where = ", ".join(map(plain, given))
    return (f"{meaning}: " if meaning else "") + formula + (f", where {where}" if where else "")


class Part(Protocol):
    def judge(self) -> Finding: ...


@dataclass(frozen=True)
class Equality:
    """left = right for all values, under the hypotheses `given`. What is ill-typed is refuted.

    The repair of a false one is the first proven one of `mended`, claims that may have been meant; else the engine's.
    """

    left: Expr
    right: Expr | int
    given: tuple = ()
    mended: "tuple[Part, ...]" = ()
    meaning: str = ""

    @property
    def formal(self) -> str:
        # a range is told only where it doesn't begin at 1
        odd = [k for k in sorted(free_indices(self.left), key=str) if k.lower != 1]
        ranges = "".join(f" for {k.name} = {k.lower} … {k.upper}" for k in odd)
        return statement(f"{plain(self.left)} = {plain(self.right)}{ranges}", self.given, self.meaning)

    def judge(self) -> Finding:
        verdict = judge(self.left, self.right, given=self.given)
        if verdict.status in ("proven", "undecided"):
            return Finding(self.formal, verdict.status, verdict)
        ill_typed = verdict.evidence if verdict.status == "ill-typed" else ""
        for meant in (claim.judge() for claim in self.mended):
            if meant.status == "proven":
                return Finding(self.formal, "refuted", verdict, ill_typed, meant.formal)
        repair = None if verdict.repair is None else f"{plain(self.left)} = {plain(verdict.repair)}"
        return Finding(self.formal, "refuted", verdict, ill_typed, repair, verdict.diagnosis)


@dataclass(frozen=True)
class Layout:
    """A matrix of derivatives in a layout: a convention if it is true as stated and not in ours.

    Ours is J[out, in] for Jacobians, and the parameter's own shape for the gradient of a parameter.
    """

    stated: Equality
    ours: Equality

    def judge(self) -> Finding:
        stated, ours = self.stated.judge(), self.ours.judge()
        if stated.status != "proven" or ours.status == "proven":
            return stated
        remark = f"the transposed layout; in ours it would read {ours.formal}, which is {ours.status}"
        return Finding(stated.formal, "convention", stated.verdict, remark)


@dataclass(frozen=True)
class AtKink:
    """The slope that is taken at a kink: a convention if it lies in the Clarke interval, false if not."""

    kink: Kink
    slope: Expr | int
    jax: Callable[[], float]

    def judge(self) -> Finding:
        f, x, at = plain(self.kink.function), plain(self.kink.variable), plain(self.kink.at)
        for verdict in self.kink.check():
            if not verdict:
                return Finding(f"the one-sided slopes of {f} at {x} = {at}", "undecided", verdict)
        status = "convention" if self.kink.allows(self.slope) else "refuted"
        remark = f"the Clarke interval there is {self.kink.interval_text}; JAX takes {self.jax():g}"
        return Finding(f"the slope of {f} at {x} = {at} is {plain(self.slope)}", status, None, remark)


@dataclass(frozen=True)
class Nonnegative:
    """expression ≥ 0, by an equal one that is evidently ≥ 0 under the hypotheses. Without that, nothing is known."""

    expression: Expr
    certificate: Expr
    given: tuple = ()
    meaning: str = ""
    strict: str = ""

    def judge(self) -> Finding:
        formal = statement(f"{plain(self.expression)} = {plain(self.certificate)} ≥ 0", self.given, self.meaning)
        verdict = judge(self.expression, self.certificate, given=self.given)
        if not verdict:
            return Finding(formal, "undecided", verdict, "the two are not equal")
        if not nonnegative(self.certificate, self.given):
            return Finding(formal, "undecided", verdict, f"{plain(self.certificate)} is not evidently ≥ 0")
        return Finding(formal, "proven", verdict, self.strict)


@dataclass(frozen=True)
class NotAFormula:
    """A definition, a list or a statement about the world; `measure` looks at what can be looked at."""

    what: str
    measure: Callable[[], str] | None = None

    def judge(self) -> Finding:
        return Finding(self.what, "not-a-formula", None, self.measure() if self.measure else "")


@dataclass(frozen=True)
class Claim:
    """One row of the lectures: its id, the lectures that state it, what they state, and its parts."""

    id: str
    source: str
    statement: str
    parts: tuple[Part, ...]

    def judge(self) -> "Ruling":
        start = perf_counter()
        findings = tuple(part.judge() for part in self.parts)
        return Ruling(self, findings, perf_counter() - start)


@dataclass(frozen=True)
class Ruling:
    """A judged claim."""

    claim: Claim
    findings: tuple[Finding, ...]
    seconds: float

    @property
    def deciding(self) -> Finding:
        """The first of the worst findings."""
        return max(self.findings, key=lambda finding: STATUSES.index(finding.status))

    @property
    def status(self) -> str:
        return self.deciding.status

    @property
    def verdicts(self) -> list[Verdict]:
        return [finding.verdict for finding in self.findings if finding.verdict is not None]

    def row(self) -> dict[str, Any]:
        """What `lectures --json` prints."""
        refuted = self.deciding.verdict if self.status == "refuted" else None
        decisive = self.verdicts if refuted is None else [refuted]
        dimensions = dict.fromkeys(verdict.dimension for verdict in decisive if verdict.dimension)
        conditions = [plain(condition) for verdict in self.verdicts for condition in verdict.side_conditions]
        return {
            "id": self.claim.id,
            "source": self.claim.source,
            "statement": self.claim.statement,
            "formal": [finding.formal for finding in self.findings],
            "status": self.status,
            "dimension": "; ".join(dimensions) or None,
            "given": list(dict.fromkeys(plain(h) for verdict in self.verdicts for h in verdict.hypotheses)),
            "side_conditions": list(dict.fromkeys(conditions)),
            "counterexample": str(refuted.counterexample) if refuted is not None and refuted.counterexample else None,
            "diagnosis": self.deciding.diagnosis,
            "repair": self.deciding.repair,
            "remarks": [finding.remark for finding in self.findings if finding.remark],
            "seconds": round(self.seconds, 3),
        }
