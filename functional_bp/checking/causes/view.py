"""The backward at one sample beside the claim; a mistake is screened by ⟨x̄, ẋ⟩ = ⟨v̄, v̇⟩, without a sweep."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from functional_bp.checking.causes.backward import Backward, Bars
from functional_bp.checking.causes.mistake import Made, Mistake
from functional_bp.checking.question.problem import Point

DIRECTIONS = 2  # for each wrong leaf
A_BATCH, A_MISTAKE = 1e5, 4e4  # what trying one costs in itself, in numbers computed
LOOSE = 20  # times the precision: what passes the screen is judged by the gate


class View:
    """Values, cotangents and tangents at one sample, some mistakes being made already."""

    def __init__(
        self,
        back: Backward,
        point: Point,
        claimed: Sequence[np.ndarray],
        made: Made,
        precision: float,
        floor: Sequence[float] = (),
    ) -> None:
        self.back, self.claimed, self.floor = back, claimed, floor
        self.values = back.values(point, made.recomputed)
        self.bars, self.parts = back.sweep(self.values, back.outputs_bar(point.y_bar), made.wrong)
        self.base = [self.bars.get(n, np.zeros_like(self.values[n])) for n in back.leaves]
        self.precision = precision
        self.regions: dict[int, Bars] = {}
        self.pools: dict[Any, np.ndarray] = {}
        self.moved: list[Bars] = []

    def aim(self, wrong: Sequence[int]) -> None:
        """Prepares to ask what explains these leaves: a few directions for each."""
        rng = np.random.default_rng(5)
        self.asked = [leaf for leaf in wrong for _ in range(DIRECTIONS)]
        due, loose = [], []
        for leaf in self.asked:
            direction = rng.standard_normal(self.base[leaf].shape)
            self.moved.append(self.back.tangents(self.values, leaf, direction))
            claimed, base = self.claimed[leaf], self.base[leaf]
            size = np.abs(claimed) + np.abs(base)
            due.append(np.sum((claimed - base) * direction))
            near = self.precision * (size + 0.1 * size.max(initial=0.0)) + (self.floor[leaf] if self.floor else 0)
            loose.append(np.sqrt(np.sum((near * direction) ** 2)))
        self.due, self.loose = np.array(due), LOOSE * np.array(loose) + 1e-300
        self.tangents: dict[int, np.ndarray] = {}

    def tangent(self, v: int) -> np.ndarray:
        """How v moves along each direction, [direction, element]."""
        if v not in self.tangents:
            zero = np.zeros_like(self.values[v])
            self.tangents[v] = np.stack([m.get(v, zero).ravel() for m in self.moved]).astype("float64")
        return self.tangents[v]

    def moves(self, v: int) -> bool:
        """Does it depend on a wrong leaf? As far as is known."""
        return not self.moved or bool(self.tangent(v).any())

    def projected(self, deltas: Bars) -> np.ndarray:
        """By how much cotangents added at some values change the leaves, along each direction."""
        total = np.zeros(len(self.asked))
        for v, delta in deltas.items():
            total = total + self.tangent(v) @ np.ravel(delta)
        return total

    def bar(self, v: int) -> np.ndarray:
        return self.bars[v] if v in self.bars else np.zeros_like(self.values[v])

    def through(self, w: int, v: int) -> np.ndarray:
        """The part of v's cotangent that comes through w."""
        if w not in self.regions:
            self.regions[w] = self.back.sweep(self.values, {w: self.bar(w)})[0]
        return self.regions[w].get(v, np.zeros_like(self.values[v]))


@dataclass(frozen=True)
class Batch:
    """Mistakes in one cotangent v̄, `base` of which becomes c · `weight` · u for each of many u; c is 1, or fitted."""

    v: int
    vectors: Callable[[View], np.ndarray]  # [mistake, element]
    weight: Callable[[View], np.ndarray]
    base: Callable[[View], np.ndarray]
    make: Callable[[int, float], Mistake | None]
    fitted: bool = True
    natural: tuple[float, ...] = (1.0,)  # constants worth trying at several places at once


class Screen:
    """Compares what mistakes would change with what the claim differs by, in several views at once."""

    def __init__(self, views: Sequence[View]) -> None:
        self.views, self.work = views, 0.0
        self.due, self.loose = (np.concatenate([getattr(v, name) for v in views]) for name in ("due", "loose"))
        self.asked = np.array([leaf for view in views for leaf in view.asked])
        self.leaves = list(dict.fromkeys(self.asked.tolist()))
        self.columns = {leaf: np.flatnonzero(self.asked == leaf) for leaf in self.leaves}

    def batch(self, batch: Batch) -> list[tuple[Mistake, frozenset[int]]]:
        """Those of a batch that would explain a leaf."""
        rows, added = [], []
        for view in self.views:
            tangent = view.tangent(batch.v)
            if not tangent.any():
                return []
            vectors = batch.vectors(view)
            self.work += A_BATCH + vectors.size * len(view.asked)
            rows.append(vectors @ (tangent * batch.weight(view).ravel()).T)
            added.append(tangent @ batch.base(view).ravel())
        P, target = np.concatenate(rows, axis=1), self.due + np.concatenate(added)
        chosen: dict[tuple[int, float], set[int]] = {}
        with np.errstate(all="ignore"):
            for leaf in self.leaves:
                at = self.columns[leaf]
                c = np.ones(len(P))
                if batch.fitted:
                    scale = 1 / self.loose[at]
                    c = (P[:, at] * scale) @ (target[at] * scale) / np.sum((P[:, at] * scale) ** 2, axis=1)
                near = np.abs(c[:, None] * P[:, at] - target[at]) <= self.loose[at]
                moved = np.abs(P[:, at]).max(axis=1) > self.loose[at].max() * 1e-3
                for m in np.flatnonzero(near.all(axis=1) & moved & np.isfinite(c)):
                    chosen.setdefault((int(m), nice(float(c[m]))), set()).add(leaf)
        made = [(batch.make(m, c), leaves) for (m, c), leaves in chosen.items() if abs(c) < 1e6]
        return [(mistake, frozenset(leaves)) for mistake, leaves in made if mistake is not None]

    def explained(self, projected: np.ndarray, columns: slice = slice(None)) -> frozenset[int]:
        """The leaves whose whole difference is the projection of what a mistake changes."""
        near = np.abs(projected - self.due[columns]) <= self.loose[columns]
        asked = self.asked[columns]
        return frozenset(leaf for leaf in self.leaves if near[asked == leaf].all())

    def single(self, mistake: Mistake) -> tuple[frozenset[int], np.ndarray | None]:
        """The leaves that it would explain, and what it changes in the first view."""
        first, leaves = None, frozenset(self.leaves)
        for number, view in enumerate(self.views):
            changed = self.changes(view, mistake)
            if changed is None:
                return frozenset(), first
            first = changed if number == 0 else first
            width = len(view.asked)
            leaves &= self.explained(changed, slice(number * width, (number + 1) * width))
            if not leaves:
                break
        return leaves, first

    def changes(self, view: View, mistake: Mistake) -> np.ndarray | None:
        assert mistake.wrong is not None
        try:
            view.back.seen = view.bars
            self.work += A_MISTAKE + 8 * view.values[mistake.at].size * view.back.cost
            with np.errstate(all="ignore"):
                projected = view.projected(mistake.wrong(view.back, view.values, view.bar(mistake.at)))
        except (ValueError, IndexError, TypeError):  # a mistake that can't be made at this sample
            return None
        return projected if np.all(np.isfinite(projected)) else None


NICE = [n / d for d in (1, 2, 3, 4) for n in range(-8, 9)]


def nice(c: float) -> float:
    """The simple number that c is but for rounding: a small fraction, a whole number or one over it."""
    if abs(c) < 1e-6:
        return 0.0
    for simple in (min(NICE, key=lambda n: abs(n - c)), float(round(c)), 1 / max(1, abs(round(1 / c))) * np.sign(c)):
        if abs(simple - c) < 1e-5 * abs(c):
            return float(simple)
    return c
