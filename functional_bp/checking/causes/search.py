"""The one gate: a mistake is named only if the backward with it gives the claimed values, at every sample."""

import collections
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from functional_bp.checking.causes.backward import Backward
from functional_bp.checking.causes.candidates import CLEAR, PLAIN, Alone, Found
from functional_bp.checking.causes.conjugates import of_complex
from functional_bp.checking.causes.evidence import Evidence, finite
from functional_bp.checking.causes.menu import Menu
from functional_bp.checking.causes.mistake import Made
from functional_bp.checking.causes.untraced import Untraced
from functional_bp.checking.causes.view import Screen, View
from functional_bp.checking.causes.words import Words
from functional_bp.checking.kinds import Kind
from functional_bp.checking.limits import FORWARDS_KEPT, MOST_CONFIRMED, MOST_TOGETHER, MOST_TRIED, SEARCH_WORK
from functional_bp.checking.program.compiled import upcast
from functional_bp.checking.report import Cause

RIGHT = Made()
MOST_BESIDE = 3  # mistakes, to which another is added
ENOUGH = 4  # confirmed for one leaf


@dataclass(frozen=True)
class Explanation:
    """Mistakes made together, and the leaves whose claimed values they give at every sample."""

    made: Made
    leaves: frozenset[int]
    first: Made = RIGHT  # made besides

    @property
    def rank(self) -> float:
        return self.made.rank + (self.first.rank if self.first.mistakes else 0)


class Declared(ValueError):
    """Some derivative is declared, and not the function's own."""


class Search:
    """The claim of all leaves held against the mistakes of one forward."""

    def __init__(self, e: Evidence, back: Backward) -> None:
        self.e, self.back = e, back
        self.points = [upcast(p) for p in e.points]
        self.samples = range(len(self.points))
        self.right = [back.values(p) for p in self.points]
        sizes = {
            n
            for a in (*self.points[0].floats, *self.points[0].indices, *self.points[0].y_bar)
            for n in (*a.shape, a.size)
        }
        self.words = Words(back.program, sizes)
        pairs = zip(e.all_claimed, e.all_true, strict=True)
        self.leaves = frozenset(i for i, (c, t) in enumerate(pairs) if c.shape == t.shape)
        self.floor = [1e-12 * float(np.abs(finite(t)).max(initial=0.0)) for t in e.all_true]
        self.wrong = self.leaves - self.unchanged(RIGHT)
        self.suspects: list[Made] = []
        self.zero = frozenset(i for i in self.leaves - self.wrong if np.abs(e.all_true[i]).max(initial=0.0) < 1e-9)
        self.insist_on_base()
        self.found = self.look(RIGHT, self.wrong)

    def insist_on_base(self) -> None:
        for s in self.samples:
            for i, x_bar in enumerate(self.pulled(RIGHT, s)):
                if not same(
                    self.e.all_true[i][s], x_bar, self.e.all_true[i][s], max(self.e.precision, 1e-9), self.floor[i]
                ):
                    raise Declared

    def explanations(self, leaf: int) -> list[Explanation]:
        """Of one mistake; if there is none, of one beside those that explain other leaves, up to three together."""
        if not any(leaf in x.leaves for x in self.found):
            known = [x.first + x.made for x in self.found]
            felt = [made for made in known if len(made.mistakes) < MOST_BESIDE and self.feels(leaf, made)][:MOST_TRIED]
            self.beside(leaf, felt or ([] if known else self.suspects), CLEAR)
            self.beside(leaf, felt[:3], PLAIN + 1)
        return [x for x in self.found if leaf in x.leaves]

    def feels(self, leaf: int, made: Made) -> bool:
        """Do these mistakes change the leaf's cotangent?"""
        try:
            return not same(self.pulled(made, 0)[leaf], self.e.all_true[leaf][0], self.e.all_true[leaf][0], 1e-9)
        except (ValueError, IndexError, TypeError):
            return False

    def beside(self, leaf: int, firsts: Sequence[Made], rank: float) -> None:
        """Looks, up to a rank, for what explains a leaf together with one of these, or with what is found so."""
        firsts, tried = list(firsts), 0
        while firsts and tried < 2 * MOST_TRIED and not any(leaf in x.leaves for x in self.found):
            first, tried = firsts.pop(0), tried + 1
            left = self.wrong.difference(*(x.leaves for x in self.found))
            new = [Explanation(x.made, x.leaves & left, first) for x in self.look(first, left, rank)]
            self.found += new
            firsts = [*(first + x.made for x in new[:2]), *firsts]

    def look(self, first: Made, wrong: frozenset[int], rank: float = np.inf) -> list[Explanation]:
        """What explains some of the leaves, the mistakes of `first` being made; up to a rank, those at one place."""
        if not wrong:
            return []
        other = self.samples[3 if len(self.samples) > 3 else -1]
        chosen = (0, other) if other else (0,)
        views = [
            View(self.back, self.points[s], [c[s] for c in self.e.all_claimed], first, self.e.precision, self.floor)
            for s in chosen
        ]
        if any(np.iscomplexobj(a) for a in views[0].values):
            some = of_complex(Menu(views[0], self.words, self.leaves))
            return sorted(
                self.confirmed(self.swept(some, first, wrong), first, wrong), key=lambda x: (-len(x.leaves), x.rank)
            )
        for view in views:
            view.aim(sorted(wrong))
        found: list[Explanation] = []
        screen = Screen(views)
        for free in (wrong | self.zero, self.leaves):  # first what changes no right argument
            if not wrong <= set().union(*(x.leaves for x in found)):
                alone = Alone(Menu(views[0], self.words, free), screen)
                found += self.among(alone, first, wrong, rank)
                if first is RIGHT and not found:
                    self.suspects = alone.suspects()
        return sorted(found, key=lambda x: (-len(x.leaves & wrong), x.rank))

    def among(self, alone: Alone, first: Made, wrong: frozenset[int], rank: float) -> list[Explanation]:
        found: list[Explanation] = []
        for bound, more in alone.tiers():
            found += self.confirmed(more(), first, wrong)
            if bound >= rank < np.inf or all(any(i in x.leaves and x.made.rank <= bound for x in found) for i in wrong):
                break
        else:
            found += self.confirmed(self.swept(alone.swept(), first, wrong), first, wrong)
        return found

    def swept(self, some: Sequence[Made], first: Made, wrong: frozenset[int]) -> Found:
        """Those that no screen can judge: each by a sweep at the first sample."""
        found: Found = []
        size = sum(a.size for a in self.right[0]) * self.back.cost
        for made in some[: min(MOST_TOGETHER, int(SEARCH_WORK / (8 * size + 1)))]:
            try:
                x_bar = self.pulled(first + made, 0)
            except (ValueError, IndexError, TypeError):  # can't be made at these shapes
                continue
            leaves = frozenset(i for i in wrong if self.close(i, 0, x_bar[i]))
            if leaves:
                found.append((made, leaves))
        return found

    def confirmed(self, candidates: Found, first: Made, wrong: frozenset[int]) -> list[Explanation]:
        """The gate: which leaves each explains, at every sample; right leaves that stay right count too."""
        found: list[Explanation] = []
        enough = collections.Counter[int]()
        kinds = {(i, "") for i in wrong}
        tried = collections.Counter[frozenset[int]]()
        for made, seems in sorted(candidates, key=lambda pair: (-len(pair[1]), pair[0].rank)):
            kind = made.mistakes[0].kind
            if tried[seems] >= MOST_CONFIRMED or all(enough[i] >= ENOUGH or (i, kind) in kinds for i in seems):
                continue
            tried[seems] += 1
            leaves = self.unchanged(first + made)
            if leaves & wrong:
                found.append(Explanation(made, leaves))
                kinds |= {(i, kind) for i in leaves}
                enough.update(leaves & wrong)
        return found

    def unchanged(self, made: Made) -> frozenset[int]:
        """The leaves to which the backward with these mistakes gives the claimed values at every sample."""
        leaves = set(self.leaves)
        for s in self.samples:
            try:
                x_bar = self.pulled(made, s)
            except (ValueError, IndexError, TypeError):
                return frozenset()
            leaves = {i for i in leaves if self.close(i, s, x_bar[i])}
        return frozenset(leaves)

    def pulled(self, made: Made, s: int) -> list[np.ndarray]:
        point, again = self.points[s], made.recomputed
        values = self.back.values(point, again) if again else self.right[s]
        bars, _ = self.back.sweep(values, self.back.outputs_bar(point.y_bar), made.wrong)
        return [bars.get(n, np.zeros_like(values[n])) for n in self.back.leaves]

    def close(self, leaf: int, sample: int, predicted: np.ndarray) -> bool:
        e = self.e
        return same(e.all_claimed[leaf][sample], predicted, e.all_true[leaf][sample], e.precision, self.floor[leaf])


def same(claimed: np.ndarray, predicted: np.ndarray, true: np.ndarray, precision: float, floor: float = 0) -> bool:
    scale = max(np.abs(a[np.isfinite(a)]).max(initial=0.0) for a in (claimed, true))
    with np.errstate(all="ignore"):
        near = np.abs(claimed - predicted) <= precision * (np.abs(predicted) + 0.1 * scale) + floor
        return bool(np.all((claimed == predicted) | np.isfinite(predicted) & near))


KEPT: collections.OrderedDict[Any, Backward | None] = collections.OrderedDict()
LAST: list[tuple[Any, Search]] = []  # the leaves of one report ask for the same


def local_causes(e: Evidence) -> list[Cause]:
    """The mistakes that explain this leaf; those that explain most of the leaves, and only those."""
    try:
        explanations = searched(e).explanations(e.leaf)
    except Exception:  # nor can one be named in a program that can't be run so
        if DEBUG:
            raise
        return []
    found = sorted(explanations, key=lambda x: (-len(x.leaves), x.rank))
    best = [x for x in found if len(x.leaves) == len(found[0].leaves)]
    causes = [cause(x) for x in best]
    return [c for i, c in enumerate(causes) if c.kind not in {other.kind for other in causes[:i]}]


DEBUG = False


def cause(x: Explanation) -> Cause:
    kind, text = told(x.made)
    place = next((step.place for m in x.made.mistakes for step in m.steps if step.place is not None), None)
    where = (place.file, place.line) if place else ("", 0)
    if x.first is RIGHT:
        return Cause(kind, text, *where)
    return Cause(Kind.TWO_MISTAKES, "; and ".join([*(m.text for m in x.first.mistakes), text]), *where)


def told(made: Made) -> tuple[Any, str]:
    first = made.mistakes[0]
    if made.where in ("both", "each for the other"):
        return first.kind, f"{first.text}; and {made.mistakes[1].text}"
    return first.kind, f"{first.text}, {made.where}" if made.where else first.text


def searched(e: Evidence) -> Search:
    """The search in the forward's steps; in the whole of it where these are no steps of its derivative's."""
    arrays = [a for p in e.points for a in (*p.floats, *p.indices, *p.y_bar)]
    asked = id(e.problem.forward), *(np.ascontiguousarray(a).tobytes() for a in (*e.all_claimed, *arrays))
    if not LAST or LAST[0][0] != asked:
        back = backward_of(e)
        try:
            search = Search(e, back or Untraced(e))
        except Declared:
            search = Search(e, Untraced(e))
        LAST[:] = [(asked, search)]
    return LAST[0][1]


def backward_of(e: Evidence) -> Backward | None:
    """The forward's backward, taken apart once; None if it can't be."""
    problem, point = e.problem, e.points[0]
    shapes = tuple((a.shape, a.dtype.name) for a in (*point.floats, *point.indices))
    key = (problem.forward, problem.treedef, problem.leaves, problem.statics, shapes)
    try:
        known = key in KEPT
    except TypeError:  # a static primal that can't be hashed
        return taken_apart(e)
    if not known:
        KEPT[key] = taken_apart(e)
        if len(KEPT) > FORWARDS_KEPT:
            KEPT.popitem(last=False)
    return KEPT[key]


def taken_apart(e: Evidence) -> Backward | None:
    try:
        return Backward(e.problem, e.points[0])
    except Exception:  # JAX can't trace it, or it is too long
        return None
