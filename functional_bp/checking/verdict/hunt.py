"""The hunt for a shape at which the claim is wrong: sizes around the given one, one, none, equal, large; a rank more.

What fails is shrunk: which family of axes it hangs on, at which of its sizes, and in words; then it is confirmed in the
ordinary way. What fails at every other size of a family was written for the given one: that is no fault, and is said.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from functional_bp.checking.limits import HUNT_EQUATIONS, MOST_TRIALS
from functional_bp.checking.program.shapes import Family, Shape, Shapes
from functional_bp.checking.verdict.trials import Trials

ORDINARY = (2, 3, 5, 7, 4)
LARGE = (33, 129)
LADDER = (*range(1, 13), 15, 16, 17, 24, 31, 32, 33, 48, 63, 64, 65, 96, 127, 128, 129)


def slightly_larger(family: Family, number: int) -> int:
    return family.size + 1 + number


def twice_as_large(family: Family, number: int) -> int:
    return 2 * family.size + number


@dataclass(frozen=True)
class Trigger:
    """A shape at which the claim fails, the smallest found, and in words when it does."""

    shape: Shape
    text: str
    related: bool = False  # two families to each other
    loud: bool = False  # one larger than the other, and it raises there: it was not written for that


class Hunt:
    """`triggers` of what is wrong, `given_only` families whose size the claim was written for, `notes`, `varied`."""

    def __init__(self, trials: Trials, shapes: Shapes) -> None:
        self.trials, self.shapes = trials, shapes
        self.given_only: dict[Family, str] = {}
        self.notes: list[str] = []
        self.seen: dict[Family, set[int]] = {}
        self.ranks_tried = False

    def run(self) -> Iterator[Trigger]:
        """The triggers, each to be confirmed by whoever asks; no second one of the same words."""
        said: set[str] = set()
        for count, planned in enumerate(self.plan()):
            if count >= MOST_TRIALS or self.trials.equations > HUNT_EQUATIONS:
                self.notes.append("not all other shapes were tried: the program is long")
                return
            shape = Shape(tuple((f, size) for f, size in planned.sizes if f not in self.given_only))
            if not shape.sizes:
                continue
            outcome = self.trials.outcome(shape)
            if not outcome.known:
                continue
            if outcome.raised and any(size == 0 for _, size in shape.sizes):
                self.notes.append(f"the backward does not take an empty batch ({shape})")
                continue
            part = any(family.part for family, _ in shape.sizes)
            if part and (outcome.loud or not self.trials.broadcasts(shape)):  # not meant to be broadcast
                continue
            for family, size in shape.sizes:
                self.seen.setdefault(family, set()).add(size)
            if outcome.failed and (trigger := self.shrunk(shape)) is not None and trigger.text not in said:
                said.add(trigger.text)
                if trigger.loud:
                    said_there = outcome.raised or outcome.faults[0].text
                    self.given_only[trigger.shape.sizes[0][0]] = f"not {trigger.text} ({said_there})"
                else:
                    yield trigger
        yield from self.other_ranks()

    def plan(self) -> Iterator[Shape]:
        """All families at once where they can be, each alone where it must be."""
        families = self.shapes.families
        slightly, twice = (self.distinct(families, size) for size in (slightly_larger, twice_as_large))
        yield slightly
        yield from (Shape(((f, 1),)) for f in families if f.size != 1)
        yield twice
        yield from (Shape(((f, 0),)) for f in families if f.batch)
        yield self.distinct(families, lambda f, k: ORDINARY[k % 5])
        yield Shape(tuple((f, 3) for f in families))
        yield Shape(tuple((f, f.size - 1 if f.size > 2 else f.size + 2) for f in families))
        if not self.grows():
            yield from (self.distinct(families, lambda f, k, n=n: n + k) for n in LARGE)
        together = {f for shape in (slightly, twice) for f, _ in shape.sizes}
        yield from (Shape(((f, n),)) for f in families if f not in together for n in (f.size + 1, 2 * f.size))
        yield from (Shape(((part, 1),)) for part in self.shapes.parts())

    def distinct(self, families: Sequence[Family], size: Callable[[Family, int], int]) -> Shape:
        """Unlike sizes for all, where the forward takes them, else for as many as it does."""
        chosen: list[tuple[Family, int]] = []
        for k, family in enumerate(families):
            for wanted in (size(family, k), 2 * family.size, 3 * family.size):
                sizes = (*chosen, (family, wanted))
                if wanted != family.size and self.shapes.taken(Shape(sizes)) is not None:
                    chosen = list(sizes)
                    break
        return Shape(tuple(chosen))

    def grows(self) -> bool:
        """Is the program longer at larger sizes (a loop of Python's)?"""
        small, large = (
            self.trials.length(self.distinct(self.shapes.families, size)) for size in (slightly_larger, twice_as_large)
        )
        return large > 1.3 * small > 0

    def shrunk(self, shape: Shape) -> Trigger | None:
        """The family that the failure hangs on alone, with the sizes at which it fails; else the sizes as they are."""
        if shape.sizes[0][0].part:
            return Trigger(shape, f"if {shape.sizes[0][0].name} is 1, so that it is broadcast")
        alone = [f for f, size in shape.sizes if self.trials.outcome(Shape(((f, size),))).failed]
        for family in alone or [f for f, _ in shape.sizes if len(shape.sizes) == 1]:
            trigger = self.of_one(family)
            if trigger is not None:
                return trigger
            if family in self.given_only:
                return None
        return self.of_two(shape)

    def of_one(self, family: Family) -> Trigger | None:
        few = [n for n in (family.size + 1, family.size + 2, 2 * family.size, 3 * family.size, 3) if n != family.size]
        outcomes = [o for n in few if (o := self.trials.outcome(Shape(((family, n),)))).known]
        if family.size != 1 and len(outcomes) > 2 and all(o.loud for o in outcomes):
            return self.of_the_given(family, few)
        failing, passing = self.ladder(family)
        passing.add(family.size)
        ordinary = {n for n in failing if n > 1}
        if not failing:
            return None
        if failing == {0}:
            return Trigger(Shape(((family, 0),)), f"if {family.name} is 0 (empty batch)")
        if ordinary and not passing - {0, 1, family.size} and family.size != 1:
            return self.of_the_given(family, sorted(ordinary))
        trigger = Trigger(Shape(((family, min(failing - {0})),)), f"if {family.name} {when(failing, passing - {0})}")
        for other in self.shapes.families:
            more = len(failing) > 1
            if other is not family and min(failing) - more <= other.size <= max(failing) + more:
                related = self.of_two(Shape(((family, family.size), (other, other.size))))
                return related if related.related else trigger
        return trigger

    def ladder(self, family: Family) -> tuple[set[int], set[int]]:
        """The sizes at which the claim fails, and at which it is right."""
        failing, passing = set(), set()
        most = 12 if self.grows() else 200
        around = {family.size + d for d in (-1, 1, 2)} | {2 * family.size, 3 * family.size, 0}
        for n in sorted({*LADDER, *around}):
            if n >= 0 and n != family.size and n <= max(most, 3 * family.size):
                outcome = self.trials.outcome(Shape(((family, n),)))
                if outcome.known and not (n == 0 and outcome.raised):
                    (failing if outcome.failed else passing).add(n)
        return failing, passing

    def of_the_given(self, family: Family, sizes: Sequence[int]) -> Trigger | None:
        """It fails at every other size of its own. If not where like axes change with it, it needs them alike."""
        sizes = [n for n in sizes if self.trials.outcome(Shape(((family, n),))).failed][:3]
        others = [f for f in self.shapes.families if f.size == family.size and f is not family]
        for other in others:
            together = [self.trials.outcome(Shape(((family, n), (other, n)))) for n in sizes]
            if any(o.known for o in together) and not any(o.failed for o in together):
                text = f"if {family.name} and {other.name} are of different sizes"
                return Trigger(Shape(((family, sizes[0]),)), text)
        if len(others) > 1:
            alike = [self.trials.outcome(Shape(((family, n), *((other, n) for other in others)))) for n in sizes]
            if any(o.known for o in alike) and not any(o.failed for o in alike):
                text = f"if {' and '.join(f.name for f in (family, *others))} are of different sizes"
                return Trigger(Shape(((family, sizes[0]),)), text)
        outcome = self.trials.outcome(Shape(((family, sizes[0]),)))
        what = outcome.raised or next((f.text for f in outcome.faults), "other values than the true ones come")
        self.given_only[family] = f"{family.name} is {family.size}, not {' or '.join(map(str, sizes))} ({what})"
        return None

    def of_two(self, shape: Shape) -> Trigger:
        """Two families that only together fail: equal, unlike, one larger than the other."""
        families = [f for f, _ in shape.sizes]
        for k, f in enumerate(families):
            for g in families[k + 1 :]:
                pairs = [(a, b) for a in (2, 3, 4, 5, 7, 8) for b in (2, 3, 4, 5, 7, 8)]
                found = {pair: self.trials.outcome(Shape(((f, pair[0]), (g, pair[1])))) for pair in pairs}
                failing = {p for p, o in found.items() if o.known and o.failed}
                passing = {p for p, o in found.items() if o.known and not o.failed}
                one = next((family for family in (f, g) if family.size == 1), None)
                if one and failing and not passing and all(found[pair].loud for pair in failing):
                    text = f"if {one.name} is larger than 1"
                    return Trigger(Shape(((one, max(failing)[0]),)), text, related=True, loud=True)
                if not failing or not passing:
                    continue
                words = next((w for w, holds in RELATIONS if holds_for(holds, failing, passing)), None)
                if words is not None:
                    a, b = min(failing)
                    loud = words in ORDERED and all(found[pair].loud for pair in failing)
                    text = f"if {f.name} {words} {g.name}"
                    return Trigger(Shape(((f, a), (g, b))), text, related=True, loud=loud)
        return Trigger(shape, f"with {shape}")

    def other_ranks(self) -> Iterator[Trigger]:
        """One more leading axis. What fails loudly there was written for the given rank: that is a note, no fault."""
        if self.trials.equations > HUNT_EQUATIONS:
            return
        for shape in self.shapes.ranks():
            outcome = self.trials.outcome(shape)
            self.ranks_tried |= outcome.known
            counted = self.shapes.taken(shape) == self.shapes.output and outcome.by_factors  # a loss, by its first axis
            if outcome.loud or counted:
                self.notes.append("right at the given rank only: not with one more leading axis")
            elif outcome.failed:
                yield Trigger(shape, "with one more leading axis")

    @property
    def varied(self) -> str:
        parts = [
            f"{f.name}: {', '.join(map(str, sorted(s)))}" for f, s in self.seen.items() if f not in self.given_only
        ]
        return "; ".join([*parts, "one more leading axis"] if self.ranks_tried else parts)


RELATIONS = (
    ("is as large as", lambda a, b: a == b),
    ("is not as large as", lambda a, b: a != b),
    ("is larger than", lambda a, b: a > b),
    ("is smaller than", lambda a, b: a < b),
    ("is not larger than", lambda a, b: a <= b),
    ("is not smaller than", lambda a, b: a >= b),
    ("is no multiple of", lambda a, b: a % b != 0),
)


ORDERED = {"is larger than", "is smaller than", "is not larger than", "is not smaller than"}


def holds_for(relation: Callable, failing: set[tuple[int, int]], passing: set[tuple[int, int]]) -> bool:
    return all(relation(*p) for p in failing) and not any(relation(*p) for p in passing)


def when(failing: set[int], passing: set[int]) -> str:
    """The simplest words that hold at all sizes that fail, and at none of the others."""
    few = sorted(failing)
    smallest = min(failing)
    if len(failing) == 1:
        return f"is {few[0]}"
    if smallest > max(passing):
        return f"is larger than {max(passing)} (smallest: {smallest})"
    if max(failing) < min(passing):
        return f"is smaller than {min(passing)}"
    if passing == {1}:
        return f"is not 1 (smallest: {smallest})"
    rules = [("is odd", lambda n: n % 2 == 1), ("is even", lambda n: n % 2 == 0)]
    rules += [(f"is not a multiple of {k}", lambda n, k=k: n % k != 0) for k in range(3, 65)]
    rules += [(f"is a multiple of {k}", lambda n, k=k: n % k == 0) for k in range(3, 65)]
    rules += [("is not a power of two", lambda n: n & (n - 1) != 0)]
    for k in range(2, 65):  # less than one whole block may go well
        if all(n % k for n in failing) and not any(n % k for n in passing if n > k):
            words = "is odd" if k == 2 else f"is not a multiple of {k}"
            rules += [(words, lambda n, k=k: n % k != 0 and (n > k or n in failing))]
    for words, holds in rules:
        if all(map(holds, failing)) and not any(map(holds, passing)):
            return f"{words} (smallest: {smallest})"
    return f"is {', '.join(map(str, few[:6]))}{' …' if len(few) > 6 else ''}"
