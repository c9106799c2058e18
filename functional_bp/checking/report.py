"""What the checker says: a few lines when all is well, a page with claimed and true values and the cause when not."""

import html
import json
import math
from dataclasses import asdict, dataclass, field, replace
from typing import Any


@dataclass(frozen=True)
class Cause:
    """A likely reason, confirmed by recomputing: `kind` is one word or two, `text` says it in plain words."""

    kind: str
    text: str


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


@dataclass(frozen=True)
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
        lines = [f"{self.title}: {self.status}  ({self.evidence()})"]
        lines += [f"  {fault}" for fault in self.faults]
        for verdict in self.paragraphs:
            lines += ["", *(f"  {line}" for line in verdict_lines(verdict))]
        right = [v.name for v in self.verdicts if v.ok]
        if right and not self.ok:
            lines += ["", f"  right: {', '.join(right)}"]
        lines += [f"  the given shapes only: {text}" for text in self.given_only]
        lines += [f"  varied: {self.varied}"] if self.varied and self.ok else []
        lines += [f"  note: {note}" for note in self.notes]
        return "\n".join(lines)

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

    def _repr_html_(self) -> str:
        colour = "#388e3c" if self.ok else "#d9423f"  # both readable on white and on black
        parts = [
            f"<div style='font-family:sans-serif'><p><b>{html.escape(self.title)}</b>: "
            f"<b style='color:{colour}'>{self.status.lower()}</b> "
            f"<span style='opacity:.7'>({html.escape(self.evidence())})</span></p>"
        ]
        parts += [f"<p style='color:{colour}'>{html.escape(fault)}</p>" for fault in self.faults]
        parts += [verdict_html(verdict) for verdict in self.paragraphs]
        right = ", ".join(html.escape(v.name) for v in self.verdicts if v.ok)
        parts += [f"<p>right: {right}</p>"] if right and not self.ok else []
        parts += [f"<p>the given shapes only: {html.escape(text)}</p>" for text in self.given_only]
        parts += [f"<p style='opacity:.7'>varied: {html.escape(self.varied)}</p>"] if self.varied and self.ok else []
        parts += [f"<p style='opacity:.7'>{html.escape(note)}</p>" for note in self.notes]
        return "".join(parts) + "</div>"


def verdict_lines(verdict: Verdict) -> list[str]:
    where = f", at {verdict.point}" if verdict.point else ""
    count = f": {verdict.wrong} of {verdict.size} elements wrong" if verdict.wrong else ""
    lines = [f"{verdict.name} (primal {verdict.position}){count}{where}"]
    if verdict.summary:
        lines.append(f"  {verdict.summary}")
    if verdict.trigger:
        lines.append(f"  wrong {verdict.trigger}")
    causes = [cause.text for cause in verdict.causes if cause.text != verdict.summary]
    lines += [f"  {'likely cause' if number == 0 else 'or'}: {text}" for number, text in enumerate(causes)]
    if not verdict.causes and verdict.wrong:
        lines.append("  no cause found that gives the claimed values")
    if verdict.worst:
        lines.append(f"  {'index':>14} {'claimed':>16} {'true':>16}")
        lines += [
            f"  {index:>14} {claimed:>16} {true:>16}" for index, claimed, true in map(element_texts, verdict.worst)
        ]
    return lines


def verdict_html(verdict: Verdict) -> str:
    lines = verdict_lines(verdict)
    text = [line.strip() for line in lines if not verdict.worst or line not in lines[-1 - len(verdict.worst) :]]
    rows = [element_texts(e) for e in verdict.worst]
    table = table_html([("index", "claimed", "true"), *rows]) if rows else ""
    body = "".join(f"<br>{html.escape(line)}" for line in text[1:])
    return f"<p><b>{html.escape(text[0])}</b>{body}</p>{table}"


def table_html(rows: list[tuple[str, ...]]) -> str:
    """The first row as heads; numbers to the right, in the font and size of the text around."""
    cell = "<{0} style='text-align:right;padding:0 0 0 1.5em;font-variant-numeric:tabular-nums'>{1}</{0}>"
    lines = [
        "<tr>" + "".join(cell.format("td" if number else "th", html.escape(text)) for text in row) + "</tr>"
        for number, row in enumerate(rows)
    ]
    return f"<table style='font:inherit;border-collapse:collapse;margin:.3em 0'>{''.join(lines)}</table>"


def element_texts(element: Element) -> tuple[str, str, str]:
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
