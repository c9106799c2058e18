"""The four verdicts on a claim."""

from dataclasses import dataclass, field
from typing import ClassVar

from sympy import Expr
from sympy.core.relational import Relational

from derivations.engine.judging.proof import Proof
from derivations.engine.judging.refute import Counterexample
from derivations.engine.language.plain import plain
from derivations.engine.language.renaming import free_indices
from derivations.engine.language.shown import Shown


@dataclass(frozen=True, kw_only=True)
class Verdict(Shown):
    """What was found about a claim; true if it was proven.

    `dimension` is "arbitrary" for a proof, else the sizes that were tried; `side_conditions` are what the proof needs,
    for every value of their indices; `repair` is the formula that the right side should have been, proven.
    """

    status: ClassVar[str]
    dimension: str = ""
    evidence: str = ""
    diagnosis: str | None = None
    repair: Expr | None = None
    seconds: float = 0.0

    @property
    def side_conditions(self) -> tuple[Relational, ...]:
        return ()

    @property
    def hypotheses(self) -> tuple[Relational, ...]:
        """What was taken for granted, beside the definitions, and used."""
        return ()

    @property
    def counterexample(self) -> Counterexample | None:
        return None

    def __bool__(self) -> bool:
        return isinstance(self, Proven)

    def first_lines(self) -> list[str]:
        return [self.status]

    def __str__(self) -> str:
        rest = {"evidence": self.evidence, "diagnosis": self.diagnosis, "repair": self.repair and plain(self.repair)}
        return "\n".join([*self.first_lines(), *(f"{label}: {text}" for label, text in rest.items() if text)])


@dataclass(frozen=True)
class Proven(Verdict):
    """The two sides are equal for every dimension, where the proof's conditions hold."""

    status = "proven"
    proof: Proof
    dimension: str = field(default="arbitrary", kw_only=True)

    def __post_init__(self):
        if not isinstance(self.proof, Proof):
            raise TypeError("what is proven has a proof")

    @property
    def side_conditions(self) -> tuple[Relational, ...]:
        return self.proof.conditions

    @property
    def hypotheses(self) -> tuple[Relational, ...]:
        return self.proof.hypotheses

    def first_lines(self) -> list[str]:
        conditions = ", ".join(map(said, self.side_conditions)) or "everything is defined: no condition"
        given = ", ".join(map(said, self.hypotheses))
        return ["proven for arbitrary dimension", *([f"given {given}"] if given else []), f"where {conditions}"]


@dataclass(frozen=True)
class Refuted(Verdict):
    """There is a point at which the two sides differ. `overruled` is a proof that the point contradicts: the engine's
    fault, and never seen. `transposed` says that the formula is proven with its two free indices exchanged."""

    status = "refuted"
    found: Counterexample
    overruled: Proof | None = None
    transposed: bool = False

    @property
    def counterexample(self) -> Counterexample:
        return self.found

    def first_lines(self) -> list[str]:
        layout = ["the transpose of what is claimed is proven: another layout; as it is stated, it is"]
        return [*(layout if self.transposed else []), "refuted", f"counterexample: {self.found}"]


@dataclass(frozen=True)
class Undecided(Verdict):
    """Neither a proof nor a counterexample was found; `evidence` says what was tried."""

    status = "undecided"


@dataclass(frozen=True)
class IllTyped(Verdict):
    """It is no claim; `evidence` names the part."""

    status = "ill-typed"


def said(condition: Relational) -> str:
    """The condition, with the ranges of its indices that don't begin at 1."""
    odd = [k for k in sorted(free_indices(condition), key=str) if k.lower != 1]
    return plain(condition) + "".join(f" for {k.name} = {k.lower} … {plain(k.upper)}" for k in odd)
