"""Mistakes that only complex numbers know: a conjugate too many or too few, a part lost."""

from collections.abc import Iterator

import numpy as np

from functional_bp.checking.causes.at_a_value import natural
from functional_bp.checking.causes.menu import Menu, Portion
from functional_bp.checking.causes.mistake import Made, Mistake
from functional_bp.checking.kinds import Kind


def of_complex(menu: Menu) -> list[Made]:
    """Beside paths that are lost or have another sign: all tried by sweeps."""
    outputs = [n for n in menu.program.outputs if isinstance(n, int)]
    before = tuple(conjugated(menu, whole(n), "ȳ is conjugated", 2) for n in dict.fromkeys(outputs))
    after = tuple(conjugated(menu, whole(n), "the cotangent is conjugated", 1) for n in menu.back.leaves)
    convention = "the conjugate of J is used (as where gradients are 2 ∂/∂z̄): JAX's ȳ J takes J itself"
    both = Mistake(Kind.CONJUGATE, convention, 0, before[0].at, before[0].wrong)
    found = [
        Made((both, *before[1:], *after)),
        Made(before),
        Made(after),
        *(Made((m,)) for m in (*after, *parts(menu))),
    ]
    return found + [Made((m,)) for some in natural(menu) for m in some]


def parts(menu: Menu) -> Iterator[Mistake]:
    for n in menu.back.leaves:
        leaf = whole(n)
        for c, kind, text in (
            (0.0, Kind.MISSING_TERM, "zero came: the whole cotangent is missing"),
            (-1.0, Kind.SIGN, "the sign is flipped"),
        ):
            yield Mistake(kind, text, 0, n, leaf.becomes(lambda back, values, bar, c=c: c * bar))
        wrong = leaf.becomes(lambda back, values, bar: np.real(bar).astype(bar.dtype))
        yield Mistake(Kind.MISSING_TERM, "the imaginary part is missing", 1, n, wrong)
    for portion in menu.edges():
        if np.iscomplexobj(portion.seen(menu.view)):
            text = f"the cotangent is conjugated at `{portion.step.name if portion.step else ''}`"
            yield conjugated(menu, portion, text + menu.words.places(menu.steps_of(portion)), 3)


def whole(n: int) -> Portion:
    return Portion(n, n, lambda back, values, bar: bar, lambda view: view.bar(n))


def conjugated(menu: Menu, portion: Portion, text: str, rank: float) -> Mistake:
    wrong = portion.becomes(lambda back, values, bar: np.conj(portion.part(back, values, bar)))
    return Mistake(Kind.CONJUGATE, text, rank, portion.at, wrong, steps=menu.steps_of(portion))
