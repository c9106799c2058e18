"""What the checker found: a few lines when all is well, a page with claimed and true values and causes when not."""

import json
import math
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from functional_bp.checking.document import Block, Document, as_html, as_text
from functional_bp.checking.kinds import Kind


@dataclass(frozen=True)
class Cause:
    """A likely reason, confirmed by recomputing: `text` says it in plain words, with the place in the forward."""

    kind: Kind
    text: str
    file: str = ""
    line: int = 0


@dataclass(frozen=True)
class Element:
    """One element of a cotangent, claimed and true side by side."""

    index: tuple[int, ...]
    claimed: float | complex
    true: float | complex


@dataclass(frozen=True)
class Verdict:
    """Right or wrong, for one array of one argument."""

    argument: str
    position: int
    path: str
    ok: bool
    summary: str = ""
    point: str = ""
    wrong: int = 0
    size: int = 0
    worst: tuple[Element, ...] = ()
    causes: tuple[Cause, ...] = ()
    trigger: str = ""

    @property
    def name(self) -> str:
        return self.argument + self.path


@dataclass(frozen=True, repr=False)
class Report:
    """`ok`, the verdicts per argument with their causes, the points tried, the oracles used, the seconds it took.

    `varied` tells at which other shapes the claim was right, `given_only` which size it was written for.
    """

    title: str
    ok: bool
    verdicts: tuple[Verdict, ...]
    points: tuple[str, ...] = ()
    skipped: tuple[str, ...] = ()
    oracles: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    faults: tuple[str, ...] = ()
    varied: str = ""
    given_only: tuple[str, ...] = ()
    seed: int = 0
    seconds: float = field(default=0.0, compare=False)

    @property
    def status(self) -> str:
        """`right`, `right at the given shapes only` or `WRONG`."""
        return "WRONG" if not self.ok else "right at the given shapes only" if self.given_only else "right"

    @property
    def diagnoses(self) -> dict[str, tuple[Cause, ...]]:
        """The causes for each wrong argument, the likeliest first."""
        return {v.name: v.causes for v in self.verdicts if not v.ok}

    @property
    def paragraphs(self) -> list[Verdict]:
        """The wrong ones of which there is something to say; what is wrong with a whole primal is said once."""
        said: dict[Any, Verdict] = {}
        for verdict in self.verdicts:
            if not verdict.ok and (verdict.summary or verdict.wrong):
                key = (verdict.position, verdict.summary) if verdict.summary else verdict.name
                said[key] = replace(verdict, path="") if key in said else verdict
        return list(said.values())

    def __bool__(self) -> bool:
        return self.ok

    def __str__(self) -> str:
        return as_text(self.document)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return as_html(self.document)

    @property
    def document(self) -> Document:
        """All that is said, in its order."""
        tone = "right" if self.ok else "wrong"
        blocks = [Block((f"{self.title}: {self.status}  ({self.evidence()})",), tone)]
        blocks += [Block((fault,), tone) for fault in self.faults]
        blocks += [block(verdict) for verdict in self.paragraphs]
        right = [v.name for v in self.verdicts if v.ok]
        blocks += [Block((f"right: {', '.join(right)}",), apart=True)] if right and not self.ok else []
        blocks += [Block((f"the given shapes only: {text}",)) for text in self.given_only]
        blocks += [Block((f"varied: {self.varied}",), "quiet")] if self.varied and self.ok else []
        return [*blocks, *(Block((f"note: {note}",), "quiet") for note in self.notes)]

    def evidence(self) -> str:
        if not self.points and not self.skipped:
            return f"no values compared; {self.seconds:.2f} s"
        skipped = f", {len(self.skipped)} outside the forward's domain" if self.skipped else ""
        oracles = " and ".join(self.oracles)
        return f"{len(self.points)} points{skipped}; against {oracles}; {self.seconds:.2f} s"

    def to_dict(self) -> dict[str, Any]:
        """Plain Python values only, so that `json.dumps` takes it."""
        return plain({**asdict(self), "diagnoses": {k: [asdict(c) for c in v] for k, v in self.diagnoses.items()}})

    def to_json(self) -> str:
        return json.dumps(self.to_dict(), indent=2, ensure_ascii=False, allow_nan=False)


def block(verdict: Verdict) -> Block:
    """One wrong argument: how much of it, the trigger, the causes, the elements that are furthest off."""
    where = f", at {verdict.point}" if verdict.point else ""
    count = f": {verdict.wrong} of {verdict.size} elements wrong" if verdict.wrong else ""
    lines = [f"{verdict.name} (primal {verdict.position}){count}{where}"]
    if verdict.summary:
        lines.append(verdict.summary)
    if verdict.trigger:
        lines.append(f"wrong {verdict.trigger}")
    causes = [cause.text for cause in verdict.causes if cause.text != verdict.summary]
    lines += [f"{'likely cause' if number == 0 else 'or'}: {text}" for number, text in enumerate(causes)]
    if not verdict.causes and verdict.wrong:
        lines.append("no cause found that gives the claimed values")
    rows = [("index", "claimed", "true"), *map(element_texts, verdict.worst)] if verdict.worst else []
    return Block(tuple(lines), rows=tuple(rows), apart=True)


def element_texts(element: Element) -> tuple[str, ...]:
    """Index, claimed and true value, with as many digits as it takes to tell these apart."""
    index = "[" + ", ".join(map(str, element.index)) + "]"
    for digits in range(7, 18):
        claimed, true = f"{element.claimed:.{digits}g}", f"{element.true:.{digits}g}"
        if claimed != true:
            break
    return index, claimed, true


def plain(value: Any) -> Any:
    """Tuples as lists, numbers that JSON cannot write as text."""
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, complex) or (isinstance(value, float) and not math.isfinite(value)):
        return str(value)
    return value
