"""A path lost, counted twice, of wrong sign, wrong by a constant."""

from collections.abc import Iterator

from functional_bp.checking.causes.menu import Menu, Portion, ones
from functional_bp.checking.causes.mistake import Mistake
from functional_bp.checking.causes.view import Batch
from functional_bp.checking.kinds import Kind
from functional_bp.checking.program.traced import LAYOUT


def scaled(menu: Menu) -> Iterator[Batch]:
    """Lost, counted twice, of wrong sign, wrong by a constant."""
    for portion in (*menu.nodes(), *menu.edges()):
        if portion.whole or len(menu.program.uses[portion.v]) > 1 or portion.step is not None:
            seen = portion.seen
            make = lambda m, c, portion=portion: of_a_path(menu, portion, c)  # noqa: E731
            yield Batch(portion.v, lambda view, f=seen: f(view).reshape(1, -1), ones, seen, make)


def of_a_path(menu: Menu, portion: Portion, c: float) -> Mistake | None:
    if c == 1:
        return None
    wrong = portion.becomes(lambda back, values, bar: c * portion.part(back, values, bar))
    leaf = portion.whole and portion.v in menu.leaves
    layout = portion.step is not None and portion.step.primitive in LAYOUT
    rank = 0 if leaf else 4 if portion.whole else 3 + 6 * layout
    path = menu.path(portion)
    reduction = portion.step is not None and portion.step.primitive.startswith(("reduce_", "arg", "sort"))
    if c == 0:
        kind, text = Kind.MISSING_TERM, f"a term is missing: {path}{', taken for a constant' if reduction else ''}"
        text = "zero came: the whole cotangent is missing" if leaf else text
        rank -= 1 if reduction else 0
    elif c == -1:
        kind, text = Kind.SIGN, f"the sign is flipped on {path}"
        text = "the sign is flipped (if a gradient reversal is meant, say intended=)" if leaf else text
    elif c == 2 and len(menu.program.uses[portion.v]) > 1 and not portion.whole:
        kind, text = Kind.EXTRA_TERM, f"{path} is counted twice"
    else:
        kind, told = Kind.FACTOR, menu.words.factor(c)
        text = f"wrong by a constant factor {told}" if leaf else f"{path} is wrong by a constant factor {told}"
        rank += 0.25 if "(" in told or c in (2, 0.5) else 1.5
    steps = menu.steps_of(portion)
    text += "" if leaf else menu.words.places(steps)
    name = portion.step.name if portion.step else (steps[0].name if steps else "")
    return Mistake(kind, text, rank, portion.at, wrong, steps=steps, key=("scaled", name, portion.operand, c))
