"""What is said of each argument: proven for all sizes, refuted at a point, or undecided and why."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any


@dataclass(frozen=True)
class Refutation:
    """A point at which the code itself gives something else than the derivative of the forward."""

    sizes: Mapping[str, int]
    values: Mapping[str, Any]  # the arrays, with exact small numbers
    index: tuple[int, ...]
    claimed: float
    true: float

    @property
    def point(self) -> str:
        sizes = ", ".join(f"{n} = {s}" for n, s in self.sizes.items())
        return "; ".join([sizes] * bool(sizes) + [f"{n} = {text(v)}" for n, v in self.values.items()])

    def __str__(self) -> str:
        return f"element {list(self.index)} is {self.claimed:.7g}, the derivative {self.true:.7g}"


def text(value: Any) -> str:
    return str(value.tolist()).replace("'", "")


@dataclass(frozen=True)
class Finding:
    """Of one argument: `status` is proven, refuted or undecided."""

    argument: str
    status: str
    conditions: tuple[str, ...] = ()
    refutation: Refutation | None = None
    reason: str = ""
    exceptions: tuple[str, ...] = ()  # sizes for which nothing is proven, and why
    proofs: tuple[Any, ...] = field(default=(), compare=False, repr=False)  # the engine's, to be saved
    seconds: float = field(default=0.0, compare=False)

    def to_dict(self) -> dict[str, Any]:
        rest = {"where": list(self.conditions), "except": list(self.exceptions), "reason": self.reason}
        rest["refuted"] = f"{self.refutation}, at {self.refutation.point}" if self.refutation else ""
        return {"status": self.status} | {k: v for k, v in rest.items() if v}

    def __str__(self) -> str:
        if self.status == "proven":
            where = f", where {', '.join(self.conditions)}" if self.conditions else ""
            but = f", except {'; '.join(self.exceptions)}" if self.exceptions else ""
            return f"{self.argument}: proven{where}{but}"
        if self.status == "refuted":
            return f"{self.argument}: REFUTED: {self.refutation}"
        return f"{self.argument}: undecided: {self.reason}"


@dataclass(frozen=True)
class Proofs:
    """The findings, what they are for (`sizes`), and what was taken for granted (`assumed`)."""

    title: str
    findings: tuple[Finding, ...]
    sizes: str = ""
    assumed: tuple[str, ...] = ()
    seconds: float = field(default=0.0, compare=False)
    stable: tuple[str, ...] = ()  # forms that the code would better have in floating point

    @property
    def proven(self) -> bool:
        return all(f.status == "proven" for f in self.findings)

    @property
    def refuted(self) -> bool:
        return any(f.status == "refuted" for f in self.findings)

    def __bool__(self) -> bool:
        return self.proven

    @property
    def points(self) -> list[str]:
        """Where the refuted arguments were computed, by the code itself."""
        return list(dict.fromkeys(f.refutation.point for f in self.findings if f.refutation is not None))

    def to_dict(self) -> dict[str, Any]:
        """Plain Python values only, so that `json.dumps` takes it."""
        return {
            "proven": self.proven,
            "sizes": self.sizes,
            "taken for granted": list(self.assumed),
            "arguments": {f.argument: f.to_dict() for f in self.findings},
        }

    @property
    def parts(self) -> dict[str, Any]:
        """The engine's proofs by argument and part."""
        return {
            f"{self.title}: {f.argument}, part {n}": proof
            for f in self.findings
            for n, proof in enumerate(f.proofs, start=1)
        }

    def certificates(self) -> dict[str, Any]:
        """The proofs for `functional-bp recheck`, which believes nothing of the engine. Raises NoCertificate."""
        return {name: proof.to_json() for name, proof in self.parts.items()}

    def called(self, title: str) -> "Proofs":
        return replace(self, title=title)

    def __str__(self) -> str:
        state = "proven" if self.proven else "REFUTED" if self.refuted else "undecided"
        over = f" {self.sizes} over the real numbers" if self.proven else ""
        lines = [f"{self.title}: {state}{over}  ({self.seconds:.2f} s)"]
        lines += [f"  {finding}" for finding in self.findings]
        lines += [f"  sizes: {self.sizes}"] if self.sizes and not self.proven else []
        lines += [f"  computed at {point}" for point in self.points]
        lines += [f"  taken for granted: {a}" for a in self.assumed]
        return "\n".join(lines)
