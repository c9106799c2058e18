"""The claims that the library itself states: every step of every derivation, the layers, the lectures."""

from collections.abc import Iterator

from sympy import sympify

from claims.decide import Claim
from derivations.catalogue import catalogue
from derivations.engine.kink import h
from derivations.lectures import CLAIMS
from derivations.registry import derivations, kinks


def library_claims() -> Iterator[tuple[str, Claim]]:
    """(name, claim); the lectures' in every part that is an equation, wrong ones among them."""
    for name, d in derivations().items():
        left, given = d.result.lhs, (*d.definitions, *d.given)
        for number, line in enumerate(d.lines, start=1):
            yield f"{name}, step {number}", Claim(left, sympify(line.expression), given)
            left = line.expression
    for name, layer in catalogue().items():
        yield name, Claim(layer.left, sympify(layer.right), tuple(layer.given))
    for name, lecture in CLAIMS.items():
        for number, part in enumerate(lecture.parts):
            for kind, equality in _equations(part):
                yield f"lecture {name}, part {number}{kind}", equality
    for name, kink in kinks().items():
        for side in (-1, 1):
            jump, slope = kink.jump_and_slope(side)
            yield (
                f"kink of {name}, {side}",
                Claim(kink.value(kink.at + side * h), kink.value(kink.at) + jump + side * slope * h),
            )


def _equations(part) -> Iterator[tuple[str, Claim]]:
    names = type(part).__name__
    if names == "Equality":
        yield "", Claim(sympify(part.left), sympify(part.right), tuple(part.given))
        for number, meant in enumerate(part.mended):
            yield from ((f", mended {number}{kind}", c) for kind, c in _equations(meant))
    if names == "Layout":
        yield from ((f", stated{kind}", c) for kind, c in _equations(part.stated))
        yield from ((f", ours{kind}", c) for kind, c in _equations(part.ours))
    if names == "Nonnegative":
        yield "", Claim(sympify(part.expression), sympify(part.certificate), tuple(part.given))
