"""The mistakes that may be made in one program: at one place, at several like places, two that belong together."""

import collections
from collections.abc import Callable, Iterator
from itertools import combinations
from typing import Any

import numpy as np

from functional_bp.checking.causes.at_a_step import singles
from functional_bp.checking.causes.at_a_value import batches, natural
from functional_bp.checking.causes.menu import Menu
from functional_bp.checking.causes.mistake import Made, Mistake
from functional_bp.checking.causes.recomputed import recomputed
from functional_bp.checking.causes.thresholds import thresholds
from functional_bp.checking.causes.view import Screen
from functional_bp.checking.kinds import Kind
from functional_bp.checking.limits import MOST_SEEMING, MOST_TOGETHER, SEARCH_WORK

Found = list[tuple[Made, frozenset[int]]]  # candidates, and the leaves that they seem to explain
CLEAR, PLAIN = 3, 4.5  # ranks of what needs no other explanation


class Alone:
    """The mistakes at one place, screened; and those of one sort at several places, or two that belong together."""

    def __init__(self, menu: Menu, screen: Screen) -> None:
        self.menu, self.screen = menu, screen
        self.projections: list[tuple[Mistake, np.ndarray]] = []
        self.naturals: list[tuple[Mistake, np.ndarray]] = []

    def likely(self) -> Found:
        found: Found = []
        for batch in batches(self.menu):
            if self.screen.work > SEARCH_WORK or len(found) > MOST_SEEMING:
                break
            found += [(Made((m,)), leaves) for m, leaves in self.screen.batch(batch)]
        found += [(Made((m,)), leaves) for m, leaves in thresholds(self.menu, self.screen)]
        self.singles = sorted(singles(self.menu), key=lambda m: -m.rank)
        return found + self.screened(CLEAR)

    def tiers(self) -> Iterator[tuple[float, Callable[[], Found]]]:
        """What is tried one after the other, and the rank up to which an explanation ends the search."""
        yield CLEAR, self.likely
        yield PLAIN, lambda: self.screened(PLAIN)
        yield PLAIN + 1, lambda: self.screened(np.inf)
        yield np.inf, self.together

    def screened(self, rank: float) -> Found:
        """Those single mistakes up to this rank that are left."""
        found: Found = []
        while self.singles and self.singles[-1].rank <= rank and self.screen.work < SEARCH_WORK:
            mistake = self.singles.pop()
            leaves, projected = self.screen.single(mistake)
            if projected is not None:
                self.projections.append((mistake, projected))
            if leaves:
                found.append((Made((mistake,)), leaves))
        return found

    @property
    def first_columns(self) -> slice:
        return slice(len(self.screen.views[0].asked))

    def families(self) -> Iterator[tuple[list[tuple[Mistake, np.ndarray]], str]]:
        """The same mistake wherever an operation, or one line's, occurs."""
        groups: dict[Any, list[tuple[Mistake, np.ndarray]]] = collections.defaultdict(list)
        for mistake, projected in [*self.projections, *self.scaled()]:
            if mistake.key is not None and mistake.steps:
                step = mistake.steps[0]
                groups[step.place, step.name, mistake.key].append((mistake, projected))
                groups[None, step.name, mistake.key].append((mistake, projected))
                if mistake.key[0] and mistake.key[0][0] == "summed":
                    groups["summed", mistake.key].append((mistake, projected))
        seen: set[tuple[int, ...]] = set()
        for family in groups.values():
            same = tuple(id(m) for m, _ in family)
            if 1 < len(family) == len({m.steps[0].number for m, _ in family}) and same not in seen:
                seen.add(same)
                yield family, "everywhere"
                if len(family) > 2 and family[0][0].kind is Kind.MISSING_TERM:
                    yield family[1:], "all but the first time"
                    yield family[:-1], "all but the last time"

    def scaled(self) -> Iterator[tuple[Mistake, np.ndarray]]:
        """Paths lost, counted twice, with another sign; derivatives that are missing, twice, or another function's."""
        if not self.naturals:
            view = self.screen.views[0]
            for batch in natural(self.menu):
                for mistake in batch if self.screen.work < SEARCH_WORK else ():
                    projected = self.screen.changes(view, mistake)
                    if projected is not None and projected.any():
                        self.naturals.append((mistake, projected))
        yield from self.naturals

    def together(self) -> Found:
        found: Found = []
        self.in_series: list[Made] = []
        for family, where in self.families():
            made = Made(tuple(m for m, _ in family), where)
            leaves = self.screen.explained(np.sum([p for _, p in family], axis=0), self.first_columns)
            if leaves:
                found.append((made, leaves))
            elif self.serial_family(made) and self.felt_by_all(family):
                self.in_series.append(made)
        return found + self.pairs()

    def suspects(self) -> list[Made]:
        """Likely mistakes that change every wrong argument: with each of them another may be made."""
        likely = [
            pair for pair in [*self.naturals, *self.projections] if pair[0].rank <= CLEAR and self.felt_by_all([pair])
        ]
        return [Made((m,)) for m, _ in sorted(likely, key=lambda pair: pair[0].rank)]

    def felt_by_all(self, family: list[tuple[Mistake, np.ndarray]]) -> bool:
        moved = np.abs(np.sum([np.abs(p) for _, p in family], axis=0)) > self.screen.loose[self.first_columns]
        asked = self.screen.asked[self.first_columns]
        return all(moved[asked == leaf].any() for leaf in self.screen.leaves)

    def serial_family(self, made: Made) -> bool:
        """Does one of them change the cotangent that another is made in?"""
        ancestors = self.menu.program.ancestors
        return any(b.at in ancestors[a.at] for a, b in combinations(made.mistakes, 2)) or any(
            a.at in ancestors[b.at] for a, b in combinations(made.mistakes, 2)
        )

    def swept(self) -> list[Any]:
        return sorted([*self.in_series, *(Made((m,)) for m in recomputed(self.menu))], key=lambda made: made.rank)

    def pairs(self) -> Found:
        """Two parts lost or scaled at once, as a mean's and a variance's; two products each at the other's operand."""
        yield_from: Found = []
        parts = [(m, p) for m, p in self.lost() if np.any(np.abs(p) > self.screen.loose[self.first_columns])]
        due, loose = self.screen.due[self.first_columns], self.screen.loose[self.first_columns]
        if parts:
            P = np.stack([p for _, p in parts])
            for i in range(len(parts)):
                near = np.abs(P[i] + P - due) <= 2 * loose
                for leaf in self.screen.leaves:
                    at = [j for j in self.screen.columns[leaf] if j < len(due)]
                    for k in np.flatnonzero(near[:, at].all(axis=1)):
                        if (k > i and parts[i][0].at != parts[k][0].at) or (
                            k > i and parts[i][0].key != parts[k][0].key
                        ):
                            yield_from.append((Made((parts[i][0], parts[k][0]), "both"), frozenset([leaf])))
        yield_from += self.exchanged()
        return yield_from[:MOST_TOGETHER]

    def lost(self) -> Iterator[tuple[Mistake, np.ndarray]]:
        for mistake, projected in self.scaled():
            if mistake.key and mistake.key[0] == "scaled":
                yield mistake, projected

    def exchanged(self) -> Found:
        """Two products, each differentiated at the other's operand."""
        found: Found = []
        swaps: dict[Any, list[tuple[Mistake, np.ndarray]]] = collections.defaultdict(list)
        for mistake, projected in self.projections:
            if (
                mistake.key
                and isinstance(mistake.key[0], tuple)
                and mistake.key[0][0] == "at"
                and isinstance(mistake.key[0][1], int)
            ):
                step, k = mistake.steps[0], mistake.key[1]
                own, other = step.inputs[k], mistake.key[0][1]
                swaps[min(own, other), max(own, other)].append((mistake, projected))  # type: ignore[type-var]
        for some in swaps.values():
            for (a, p), (b, q) in combinations(some, 2):
                if a.steps[0] is not b.steps[0] and a.key[0][1] != b.key[0][1]:
                    leaves = self.screen.explained(p + q, self.first_columns)
                    if leaves:
                        found.append((Made((a, b), "each for the other"), leaves))
        return found
