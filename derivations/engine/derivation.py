"""A derivation: a definition, steps with their reasons, and a result; every step can be judged."""

from dataclasses import dataclass
from functools import cached_property
from html import escape

from sympy import Basic, Eq, Expr

from derivations.engine.judging.judge import judge
from derivations.engine.judging.verdict import Verdict
from derivations.engine.language.latex import latex
from derivations.engine.language.plain import plain, width
from derivations.engine.language.prose import prose
from derivations.engine.language.renaming import free_indices
from derivations.engine.language.shown import Shown


@dataclass(frozen=True)
class Step:
    """What the line before is equal to, and why: "chain rule", "contract δ_ij", …"""

    expression: Expr
    reason: str


@dataclass(frozen=True)
class Check(Shown):
    """The verdict on every step; true if all are proven. `failed` is the first step that is not."""

    steps: tuple[Step, ...]
    verdicts: tuple[Verdict, ...]

    @property
    def failed(self) -> Step | None:
        return next((s for s, v in zip(self.steps, self.verdicts, strict=True) if not v), None)

    @property
    def side_conditions(self) -> tuple:
        return tuple(dict.fromkeys(c for v in self.verdicts for c in v.side_conditions))

    def __bool__(self) -> bool:
        return self.failed is None

    def __str__(self) -> str:
        for number, (step, verdict) in enumerate(zip(self.steps, self.verdicts, strict=True), start=1):
            if not verdict:
                return f"step {number} ({step.reason}) fails, = {plain(step.expression)}: {verdict}"
        conditions = ", ".join(map(plain, self.side_conditions)) or "no condition"
        return f"all {len(self.steps)} steps are proven for arbitrary dimension; side conditions: {conditions}"


@dataclass(frozen=True)
class Derivation:
    """name: result.lhs = steps[0] = steps[1] = … = result.rhs, under the definition and the hypotheses in `given`.

    `definition` is an equation or several; its left sides may stand in the steps for what they are equal to, also
    inside an unevaluated `Derivative`.
    """

    name: str
    definition: Eq | tuple[Eq, ...]
    result: Eq
    steps: tuple[Step, ...] = ()
    given: tuple[Basic, ...] = ()

    @property
    def definitions(self) -> tuple[Eq, ...]:
        return self.definition if isinstance(self.definition, tuple) else (self.definition,)

    @cached_property
    def lines(self) -> tuple[Step, ...]:
        """The steps, the result as the last of them."""
        last = self.steps[-1].expression if self.steps else None
        closing = () if last == self.result.rhs else (Step(self.result.rhs, "result" if self.steps else "definition"),)
        return (*self.steps, *closing)

    def check(self) -> Check:
        """Judge every step; the first that fails is diagnosed."""
        verdicts: list[Verdict] = []
        previous, given = self.result.lhs, (*self.definitions, *self.given)
        for line in self.lines:
            indices = tuple(free_indices(self.result))
            verdicts.append(judge(previous, line.expression, given, indices, diagnose=all(verdicts)))
            previous = line.expression
        return Check(self.lines, tuple(verdicts))

    def latex(self) -> str:
        """The derivation as an `aligned` block, the reasons beside the lines."""
        rows = [rf"{latex(d.lhs)} &= {latex(d.rhs)} && \text{{definition}}" for d in self.definitions]
        rows += [rf"& {latex(h)} && \text{{given}}" for h in self.given]
        for number, line in enumerate(self.lines):
            left = latex(self.result.lhs) if number == 0 else ""
            rows.append(rf"{left} &= {latex(line.expression)} && \text{{{prose(line.reason)}}}")
        return "\\begin{aligned}\n" + " \\\\\n".join(rows) + "\n\\end{aligned}"

    def _repr_latex_(self) -> str:
        return f"$${self.latex()}$$"

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><td><pre>{escape(formula)}</pre></td><td>{escape(why)}</td></tr>" for formula, why in self.rows
        )
        return f"<table><caption>{escape(self.name)}</caption>{rows}</table>"

    @property
    def rows(self) -> list[tuple[str, str]]:
        """The formulas on one line each, and the reason of each."""
        left = plain(self.result.lhs)
        rows = [(plain(d), "definition") for d in self.definitions] + [(plain(h), "given") for h in self.given]
        for number, line in enumerate(self.lines):
            rows.append((f"{left if number == 0 else ' ' * width(left)} = {plain(line.expression)}", line.reason))
        return rows

    def unicode(self) -> str:
        """The derivation for a terminal: one line a step, the reasons to the right."""
        rows = self.rows
        column = min(max(width(formula) for formula, _ in rows), 80)
        return "\n".join(
            [self.name, *(f"  {formula}{' ' * (column - width(formula))}   {why}" for formula, why in rows)]
        )
