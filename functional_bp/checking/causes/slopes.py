"""A derivative taken to be something else that is at hand; a factor too many or too few."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from functional_bp.checking.causes.at_hand import Hand
from functional_bp.checking.causes.backward import Backward, Values
from functional_bp.checking.causes.menu import Menu, Portion
from functional_bp.checking.causes.mistake import Mistake
from functional_bp.checking.causes.view import Batch
from functional_bp.checking.kinds import Kind
from functional_bp.checking.program.traced import LAYOUT


def times(menu: Menu) -> Iterator[Batch]:
    """Multiplied once too often by something at hand, or too seldom."""
    seen: set[bytes] = set()
    portions = [*menu.nodes(), *(p for p in menu.edges() if len(menu.program.uses[p.v]) > 1)]
    for portion in (*portions, *(portion for portion, _ in menu.regions())):
        array = portion.seen(menu.view)
        key = np.int64(portion.v).tobytes() + np.round(array, 9).tobytes()
        if key in seen or not array.any():
            continue
        seen.add(key)
        shape = array.shape
        make = lambda m, c, portion=portion, shape=shape: multiplied(menu, portion, menu.hands(shape)[m], c)  # noqa: E731
        yield Batch(portion.v, lambda view, s=shape: menu.vectors(view, s), portion.seen, portion.seen, make)


def multiplied(menu: Menu, portion: Portion, hand: Hand, c: float) -> Mistake | None:
    if hand.function is None or c == 0:
        return None  # told by `scaled`

    def new(back: Backward, values: Values, bar: np.ndarray) -> np.ndarray:
        part = portion.part(back, values, bar)
        return c * hand.array(values, part.shape) * part

    label = hand.text(menu.words.value(hand.n))
    where = menu.where(portion)
    leaf = portion.whole and portion.v in menu.leaves
    steps = menu.steps_of(portion)
    rank = (
        4
        + (hand.rank - hand.inverse if hand.form == "{}" else 1 + hand.rank)
        + 2 * (c != 1)
        + (c not in (1, -1, 2, 0.5))
        + 0.5 * (not portion.whole)
    )
    by = "" if c == 1 else f", with a factor {menu.words.factor(c)}"
    if hand.form.startswith("["):
        kind = Kind.FEW_ELEMENTS if leaf else Kind.MASK
        inside = f"where {label[1:-1]}"
        text = f"zero except {inside}{by}" if leaf else f"{where} counts only {inside}{by}"
    else:
        what = replace(hand, inverse=False).text(menu.words.value(hand.n))
        inverted = None if hand.inverse else menu.squared_divisor(hand, portion.v)
        if inverted is not None:
            kind = Kind.WRONG_RESIDUAL
            text = f"{where} is multiplied by {menu.words.value(inverted)} instead of divided"
        elif menu.divides(hand.n) and hand.form == "{}":
            kind = Kind.EXTRA_FACTOR if hand.inverse else Kind.MISSING_FACTOR
            text = (
                f"{where} is divided once too often by {what}"
                if hand.inverse
                else f"the division by {what} is missing in {where}"
            )
        else:
            kind = Kind.MISSING_FACTOR if hand.inverse else Kind.EXTRA_FACTOR
            text = (
                f"the factor {what} is missing in {where}"
                if hand.inverse
                else f"{where} is multiplied once too often by {what}"
            )
        text += by
    text += "" if leaf else menu.words.places(steps)
    return Mistake(
        kind, text, rank, portion.at, portion.becomes(new), steps=steps, key=("times", hand.form, hand.inverse)
    )


def slopes(menu: Menu) -> Iterator[Batch]:
    """The derivative of w by v taken to be something at hand: 1, the output, another function's."""
    for portion, spread in menu.regions():
        shape = menu.program.values[portion.v].shape
        weight = lambda view, p=portion, s=spread, shape=shape: np.broadcast_to(view.bar(p.at).reshape(s), shape)  # noqa: E731
        make = lambda m, c, p=portion, s=spread, shape=shape: another(menu, p, s, menu.hands(shape)[m], c)  # noqa: E731
        yield Batch(portion.v, lambda view, s=shape: menu.vectors(view, s), weight, portion.seen, make)


def another(menu: Menu, portion: Portion, spread: tuple[int, ...], hand: Hand, c: float) -> Mistake | None:
    steps = tuple(menu.program.between(portion.v, portion.at))
    if c == 0 or (hand.function is None and menu.constant(portion.v, steps)):
        return None  # told by `scaled`

    def new(back: Backward, values: Values, bar: np.ndarray) -> np.ndarray:
        return c * hand.array(values, values[portion.v].shape) * bar.reshape(spread)

    name = menu.words.region(list(steps))
    weighty = [step for step in steps if step.primitive not in LAYOUT]
    product = len(weighty) == 1 and weighty[0].primitive in ("mul", "div", "dot_general")
    by = menu.words.value(portion.v)
    what = f"{name} by {by}" if product or len(weighty) > 1 else name
    one_line = len({step.place and step.place.line for step in weighty}) == 1
    far = (0.15 if one_line else 0.4) * (len(weighty) - 1) if name != f"`{menu.called(weighty)}`" else 0
    unscaled = c in (1, -1)
    if hand.function is None:
        kind, rank = Kind.MISSING_FACTOR, 2 + far + 1.5 * (not unscaled)
        text = f"the {'other factor' if product else 'derivative'} of {what} is missing"
    else:
        own = 3 + 0.3 * hand.rank if hand.n in (portion.at, portion.v) else 5 + hand.rank
        kind, rank = Kind.WRONG_RESIDUAL, own + far + 2 * (not unscaled)
        text = f"the derivative of {what} is taken to be {hand.text(menu.words.value(hand.n))}"
        if "along axis" in hand.form and any(step.primitive.startswith("reduce_") for step in steps):
            kind = Kind.WRONG_AXIS
        coupled = any(step.primitive.startswith("reduce_") for step in steps)
        if coupled and hand.n == portion.at and hand.form == "{0} (1 − {0})" and c == 1:
            kind, rank = Kind.MISSING_TERM, 3
            text = f"only the diagonal of {name}'s Jacobian is there"
    text += menu.words.places(steps)
    if c != 1:  # one place, but two mistakes
        besides = "the sign is flipped" if c == -1 else f"there is a constant factor {menu.words.factor(c)}"
        text += f"; and {besides} on the path through it{menu.words.places(steps)}"
    key = (
        "slope",
        name,
        len(steps),
        portion.at - portion.v,
        hand.form,
        hand.inverse,
        None if hand.n < 0 else menu.relative(hand.n, portion),
        c,
    )
    return Mistake(kind, text, rank, portion.at, portion.becomes(new), steps=steps[-1:], key=key)
