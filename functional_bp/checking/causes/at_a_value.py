"""The mistakes in the cotangent of one value: all, and those that may be made at several like places."""

from collections.abc import Iterator

import numpy as np

from functional_bp.checking.causes.at_hand import FUNCTIONS, Hand
from functional_bp.checking.causes.backward import Backward, Values
from functional_bp.checking.causes.menu import BY_OUTPUT, Menu, Portion, elementwise
from functional_bp.checking.causes.mistake import Mistake
from functional_bp.checking.causes.normalised import normalised
from functional_bp.checking.causes.paths import of_a_path, scaled
from functional_bp.checking.causes.slopes import another, slopes, times
from functional_bp.checking.causes.sums import added, spread_wrongly, statistics, summed_wrongly, twice
from functional_bp.checking.causes.view import Batch
from functional_bp.checking.kinds import Kind


def batches(menu: Menu) -> Iterator[Batch]:
    yield from scaled(menu)
    yield from slopes(menu)
    yield from normalised(menu)
    yield from twice(menu)
    yield from statistics(menu)
    yield from times(menu)
    yield from summed_wrongly(menu)
    yield from spread_wrongly(menu)
    yield from added(menu)


def natural(menu: Menu) -> Iterator[list[Mistake]]:
    """What may be done at each of several like places: paths lost or scaled, derivatives missing, twice, another's."""
    for portion in (*menu.nodes(), *menu.edges()):
        if not portion.whole or (len(menu.program.uses[portion.v]) > 1 and portion.v not in menu.leaves):
            made = [of_a_path(menu, portion, c) for c in (0.0, -1.0, 2.0)]
            yield [m for m in made if m is not None]
    for portion, spread in menu.regions():
        shape = menu.program.values[portion.v].shape
        steps = menu.steps_of(portion)
        if menu.program.values[portion.at].shape == shape != () and len(steps) < 8 and elementwise(steps):
            own = [Hand(-1), *(Hand(portion.at, form, rank, f) for form, rank, f in FUNCTIONS if form in BY_OUTPUT)]
            made = [another(menu, portion, spread, hand, 1.0) for hand in own]
            made.append(squared(menu, portion, spread))
            yield [m for m in made if m is not None]

    for batch in summed_wrongly(menu):
        yield [m for c in batch.natural if (m := batch.make(0, c)) is not None]


def squared(menu: Menu, portion: Portion, spread: tuple[int, ...]) -> Mistake | None:
    steps = menu.steps_of(portion)
    if menu.constant(portion.v, steps):
        return None

    def new(back: Backward, values: Values, bar: np.ndarray) -> np.ndarray:
        return back.through(values, portion.at, portion.part(back, values, bar), portion.v)

    name = menu.words.region(list(steps))
    text = f"the derivative of {name} is applied twice{menu.words.places(steps)}"
    return Mistake(
        Kind.EXTRA_FACTOR,
        text,
        3,
        portion.at,
        portion.becomes(new),
        steps=steps[-1:],
        key=("squared", name, len(steps), portion.at - portion.v),
    )
