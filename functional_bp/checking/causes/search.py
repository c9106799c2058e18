"""Tries all local faults of a forward at once, and names those that give the claimed values at every sample."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from functional_bp.checking.causes.candidates import Candidate, LocalFaults, local_faults
from functional_bp.checking.causes.evidence import Evidence
from functional_bp.checking.causes.layout import name_factor
from functional_bp.checking.limits import LARGEST_GRAM, MOST_CONFIRMED, MOST_FIRSTS, MOST_PAIRS
from functional_bp.checking.program.compiled import upcast
from functional_bp.checking.report import Cause

RIGHT = Candidate(())


@dataclass(frozen=True)
class Explanation:
    """A candidate, and the leaves whose claimed values it gives at every sample, if another is made as well."""

    candidate: Candidate
    leaves: frozenset[int]
    other: Candidate = RIGHT

    @property
    def rank(self) -> tuple:
        return self.candidate.rank if self.other is RIGHT else self.candidate.rank + self.other.rank


def local_causes(e: Evidence) -> list[Cause]:
    """The faults at one place that explain this leaf; those that explain most of the leaves, and only those."""
    faults = local_faults(e.problem, upcast(e.points[0]))
    if faults is None:
        return []
    try:
        explanations = search(e, faults).explanations(e.leaf)
    except Exception:  # nor can one be named in a program that can't be run so
        return []
    found = sorted(explanations, key=lambda x: (-len(x.leaves), x.rank))
    best = [x for x in found if len(x.leaves) == len(found[0].leaves)]
    plain = [x for x in best if not x.candidate.skips] or best  # a derivative lost says it more simply
    causes = [cause(x, e) for x in plain]
    return [c for i, c in enumerate(causes) if c.kind not in {other.kind for other in causes[:i]}]


def search(e: Evidence, faults: LocalFaults) -> "Search":
    """The last one is kept: the leaves of one report ask for the same."""
    arrays = [a for p in e.points for a in (*p.floats, *p.indices, *p.y_bar)]
    asked = tuple(np.ascontiguousarray(a).tobytes() for a in (*e.all_claimed, *arrays))
    if faults.last is None or faults.last[0] != asked:
        faults.last = (asked, Search(e, faults))
    return faults.last[1]


class Search:
    """Mistakes that explain leaves alone; of leaves that none explains, two together, as long as one asks for them.

    A mistake in an upper layer is alone in the cotangents of that layer; below it one in a lower layer joins it. So
    those that explain some leaf are tried first in each pair, then all that are likely.
    """

    def __init__(self, e: Evidence, faults: LocalFaults) -> None:
        self.e, self.faults = e, faults
        sweep = Sweep(e, faults)
        self.found = sorted(sweep.explanations(), key=lambda x: (-len(x.leaves & sweep.wrong), x.rank))
        self.left = sweep.wrong.difference(*(x.leaves for x in self.found))
        self.firsts = iter([*(x.candidate for x in self.found[:MOST_FIRSTS]), *faults.likely])

    def explanations(self, leaf: int) -> list[Explanation]:
        while leaf in self.left and (first := next(self.firsts, None)) is not None:
            second = Sweep(self.e, self.faults, first).explanations()
            second = [replace(x, leaves=x.leaves & self.left, other=first) for x in second if x.leaves & self.left]
            self.found += second
            self.left = self.left.difference(*(x.leaves for x in second))
        return [x for x in self.found if leaf in x.leaves]


class Sweep:
    """The claim of all leaves held against the candidates: screened at one sample, confirmed at the others.

    `first` is a mistake that is made besides each; `base` is what the cotangents then are without any other.
    """

    def __init__(self, e: Evidence, faults: LocalFaults, first: Candidate = RIGHT) -> None:
        self.faults, self.precision, self.first = faults, e.precision, first
        self.points = [upcast(p) for p in e.points]
        self.claimed, self.true = e.all_claimed, e.all_true
        self.leaves = [i for i, (c, t) in enumerate(zip(self.claimed, self.true, strict=True)) if c.shape == t.shape]
        samples = range(len(self.points))
        self.base = list(map(self.without_another, samples))
        self.wrong = {i for i in self.leaves if not all(self.close(i, s, self.base[s][i]) for s in samples)}
        self.parts: list[tuple[Candidate, np.ndarray]] = []

    def without_another(self, sample: int) -> list[np.ndarray]:
        if self.first is RIGHT:
            return [a[sample] for a in self.true]
        ((_, x_bar),) = self.faults.cotangents([RIGHT], self.points[sample], self.first)
        return [a[0] for a in x_bar]

    def explanations(self) -> list[Explanation]:
        candidates = self.faults.candidates[: self.faults.most]
        candidates = [c for c in candidates if c.numbers.isdisjoint(self.first.numbers)]
        found = self.confirmed(self.screened([RIGHT, *(c for c in candidates if not c.swaps)]))
        if not self.wrong <= set().union(*(x.leaves for x in found)):
            found += self.confirmed([*self.screened([c for c in candidates if c.swaps]), *self.pairs()])
        return found

    def close(self, leaf: int, sample: int, predicted: np.ndarray) -> bool:
        return same(self.claimed[leaf][sample], predicted, self.true[leaf][sample], self.precision)

    def screened(self, candidates: Sequence[Candidate]) -> list[Candidate]:
        """Those that give a wrong leaf's claimed values at the first sample; of lost paths also the multiples."""
        kept = []
        for some, x_bar in self.faults.cotangents(candidates, self.points[0], self.first):
            for row, candidate in enumerate(some):
                predicted = [a[row] for a in x_bar]
                if candidate is RIGHT:
                    self.insist_on_base(predicted)
                    continue
                if any(self.close(i, 0, predicted[i]) for i in self.wrong):
                    kept.append(candidate)
                if candidate.drops:
                    kept += self.multiples(candidate, predicted)
        return kept

    def insist_on_base(self, predicted: Sequence[np.ndarray]) -> None:
        for i in self.leaves:
            base = self.base[0][i]
            if not same(base, predicted[i], base, max(self.precision, 1e-9)):
                raise ValueError("some derivative is declared, and not the function's own")

    def multiples(self, candidate: Candidate, predicted: Sequence[np.ndarray]) -> list[Candidate]:
        """The candidate's path with that multiple of it which brings a wrong leaf nearest to its claim."""
        parts = {i: self.base[0][i] - predicted[i] for i in self.wrong}
        if len(candidate.switched) == 1:
            self.parts.append((candidate, self.stacked(parts)))
        kept: dict[float, Candidate] = {}
        for i, part in parts.items():
            norm = np.vdot(part, part).real
            if norm == 0 or not np.isfinite(norm):
                continue
            base = self.base[0][i]
            c = float(np.vdot(part, self.claimed[i][0] - base).real / norm)
            if np.isfinite(c) and abs(c) > 1e-9 and abs(c + 1) > 1e-6 and self.close(i, 0, base + c * part):
                kept.setdefault(round(c, 5), replace(candidate, scaled=c))
        return list(kept.values())

    def stacked(self, leaves: dict[int, np.ndarray]) -> np.ndarray:
        """The leaves as one vector, each in units of its own size."""
        sizes = {i: np.abs(self.true[i][0]).max(initial=0.0) + 1e-300 for i in leaves}
        return np.concatenate([(leaves[i] / sizes[i]).ravel() for i in sorted(leaves)])

    def pairs(self) -> list[Candidate]:
        """Two lost paths that together make up the whole difference, such as a mean's and a variance's."""
        if not self.parts or len(self.parts) * self.parts[0][1].size > LARGEST_GRAM:
            return []
        vectors = np.stack([part for _, part in self.parts])
        difference = self.stacked({i: self.claimed[i][0] - self.base[0][i] for i in self.wrong})
        if not np.all(np.isfinite(difference)):
            return []
        vectors = np.where(np.isfinite(vectors).all(axis=1, keepdims=True), vectors, 0.0)
        gram, along = vectors @ vectors.T, vectors @ difference
        one = along * 2 + np.diag(gram)
        left = difference @ difference + one[:, None] + one[None, :] + 2 * gram
        rows, columns = np.nonzero(np.triu(left < 1e-9 * (difference @ difference), 1))
        chosen = [(self.parts[i][0], self.parts[j][0]) for i, j in zip(rows, columns, strict=True)]
        chosen = [(a, b) for a, b in chosen if a.switched[0][0] is not b.switched[0][0]]
        chosen.sort(key=lambda pair: pair[0].rank[0] + pair[1].rank[0])
        return [Candidate(a.switched + b.switched, "both") for a, b in chosen[:MOST_PAIRS]]

    def confirmed(self, candidates: Sequence[Candidate]) -> list[Explanation]:
        """Which leaves each explains, at every sample; right leaves that stay right count too."""
        candidates = sorted(candidates, key=lambda c: c.rank)[:MOST_CONFIRMED]
        explained = [set(self.leaves) for _ in candidates]
        for sample, point in enumerate(self.points):
            row = 0
            for some, x_bar in self.faults.cotangents(candidates, point, self.first):
                for k, candidate in enumerate(some):
                    for i in list(explained[row]):
                        predicted, base = x_bar[i][k], self.base[sample][i]
                        if candidate.scaled is not None:
                            predicted = base + candidate.scaled * (base - predicted)
                        if not self.close(i, sample, predicted):
                            explained[row].discard(i)
                    row += 1
        pairs = zip(candidates, explained, strict=True)
        return [Explanation(c, frozenset(leaves)) for c, leaves in pairs if leaves & self.wrong]


def same(claimed: np.ndarray, predicted: np.ndarray, true: np.ndarray, precision: float) -> bool:
    scale = max(np.abs(a[np.isfinite(a)]).max(initial=0.0) for a in (claimed, true))
    with np.errstate(all="ignore"):
        near = np.abs(claimed - predicted) <= precision * (np.abs(predicted) + 0.1 * scale)
        return bool(np.all((claimed == predicted) | np.isfinite(predicted) & near))


def cause(x: Explanation, e: Evidence) -> Cause:
    kind, text = named(x.candidate, e)
    return Cause(kind, text) if x.other is RIGHT else Cause("two mistakes", f"{text}; and {named(x.other, e)[1]}")


def named(candidate: Candidate, e: Evidence) -> tuple[str, str]:
    """The kind and the text of a candidate, with the author's line."""
    _, mistake, _ = candidate.switched[0]
    kind, text = mistake.kind, mistake.text
    if mistake.drops:
        kind, text = of_a_path(-1.0 if candidate.scaled is None else candidate.scaled, mistake.text, e)
    if candidate.where == "both":
        text += f" and {candidate.switched[1][1].text}"
    elif candidate.where:
        text += f", {candidate.where}"
    lines = list(dict.fromkeys(str(step.place) for step, _, _ in candidate.switched if step.place is not None))
    return kind, f"{text} ({'; '.join(lines[:2])}{' …' if len(lines) > 2 else ''})" if lines else text


def of_a_path(c: float, path: str, e: Evidence) -> tuple[str, str]:
    """What it means that c times a path's part of the cotangent is added."""
    if abs(c + 1) < 1e-4:
        return "missing term", f"a term is missing: {path}"
    if abs(c + 2) < 1e-4:
        return "sign", f"the sign is flipped on {path}"
    if abs(c - 1) < 1e-4:
        return "extra term", f"{path} is counted twice"
    return "factor", f"{path} is wrong by a constant factor {name_factor(1 + c, e)}"
