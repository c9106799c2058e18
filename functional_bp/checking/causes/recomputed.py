"""The backward computes the forward's values again, and otherwise: without an operation, with a primal turned about."""

from collections.abc import Iterator

import numpy as np

from functional_bp.checking.causes.layouts import equal_axes, moved
from functional_bp.checking.causes.menu import Menu
from functional_bp.checking.causes.mistake import Mistake
from functional_bp.checking.causes.pulls import instead
from functional_bp.checking.kinds import Kind
from functional_bp.checking.program.traced import LAYOUT


def recomputed(menu: Menu) -> Iterator[Mistake]:
    """Each needs a sweep of its own."""
    yield from skipped(menu)
    yield from spread(menu)
    yield from other_primals(menu)


def skipped(menu: Menu) -> Iterator[Mistake]:
    """An operation left out of the backward's own forward: its derivative stays, or goes too."""
    program, words = menu.program, menu.words
    for step in program.steps:
        y = step.outputs[0]
        if len(step.outputs) != 1 or step.primitive in LAYOUT:
            continue
        value = program.values[y]
        taken = [n for n in step.inputs if isinstance(n, int)]
        near = sorted(n for n in program.ancestors[y] - {y} if len(program.between(n, y)) <= 3)
        for n in dict.fromkeys([*taken, *near]):
            k = next((k for k, x in enumerate(step.inputs) if isinstance(x, int) and x == n), -1)
            if (program.values[n].shape, program.values[n].dtype) != (value.shape, value.dtype):
                continue
            without = {y: lambda values, n=n: values[n]}
            text = f"the backward's own values are computed without {words.operation(step)}"
            text = text if k >= 0 else f"the backward takes {words.value(n)} for {words.step(step)}"
            masks = k >= 0 and (step.primitive in ("select_n", "max", "min") or masking(menu, step, k))
            text = (
                f"the mask of {words.step(step)} is missing where the backward computes the forward's values again"
                if masks
                else text
            )
            places = words.places((step,))
            for kind in (Kind.MASK,) if masks else (Kind.RECOMPUTATION, Kind.WRONG_RESIDUAL):
                rank = 3.5 if masks else 5 if k >= 0 else 5.5
                yield Mistake(kind, text + places, rank, y, None, without, (step,), ("skipped", k))
                if k in menu.back.due(step):
                    through = instead(step, lambda back, at, g, k=k: {k: g})
                    yield Mistake(kind, text + places, rank - 0.5, y, through, without, (step,), ("skipped too", k))


def masking(menu: Menu, step: object, k: int) -> bool:
    others = [n for j, n in enumerate(step.inputs) if j != k]  # type: ignore[attr-defined]
    return step.primitive == "mul" and any(  # type: ignore[attr-defined]
        np.isin(menu.view.values[n] if isinstance(n, int) else n, (0, 1)).all() for n in others
    )


def spread(menu: Menu) -> Iterator[Mistake]:
    """What is broadcast, along another axis: a mask on queries instead of keys."""
    program, words = menu.program, menu.words
    for step in program.steps:
        if step.primitive != "broadcast_in_dim":
            continue
        y, n = step.outputs[0], step.inputs[0]
        if not isinstance(n, int) or not program.values[n].shape:
            continue
        kind = Kind.MASK if np.isin(menu.view.values[n], (0, 1)).all() else Kind.WRONG_AXIS
        for a, b in equal_axes(program.values[y].shape):
            text = f"{words.value(n)} is spread along the wrong axis where it is computed again{words.places((step,))}"
            turned = {y: lambda values, y=y, a=a, b=b: np.swapaxes(values[y], a, b)}
            yield Mistake(kind, text, 4, y, None, turned, (step,), ("spread", a, b))


def other_primals(menu: Menu) -> Iterator[Mistake]:
    """A primal used transposed, shifted, inverted, or another in its place, throughout."""
    program, words, values = menu.program, menu.words, menu.view.values
    for n in program.inputs:
        name, a = words.value(n), values[n]
        mask = bool(a.size) and np.isin(a, (0, 1)).all()
        if mask:
            for text, f in (
                ("used inverted", lambda a: ~a if a.dtype == bool else 1 - a),
                ("ignored", np.ones_like),
                ("taken for all zero", np.zeros_like),
            ):
                yield of_a_primal(Kind.MASK, f"{name} is {text}", 3, n, f)
        if a.dtype.kind in "iu" and not mask:
            top = int(a.max(initial=0))
            yield of_a_primal(
                Kind.PERMUTED,
                f"{name} is shifted by one",
                3,
                n,
                lambda a, t=top: np.where(a < t, a + 1, 0).astype(a.dtype),
            )
            yield of_a_primal(
                Kind.PERMUTED, f"{name} is shifted back by one", 3, n, lambda a: np.maximum(a - 1, 0).astype(a.dtype)
            )
        for kind, text, rank, f in moved(a.shape):
            yield of_a_primal(kind, f"{text.format(name)} throughout", 4 + rank, n, f)
        for other, value in enumerate(program.values):
            if other != n and value.shape == a.shape and value.dtype == a.dtype and a.shape and a.dtype.kind == "f":
                text = f"evaluated at the wrong residual: {words.value(other)} instead of {name}"
                fixed = {n: lambda _, other=other, right=values: right[other]}
                yield Mistake(Kind.WRONG_RESIDUAL, text, 5, n, None, fixed, (), ("primal", n, other))


def of_a_primal(kind: Kind, text: str, rank: float, n: int, f: object) -> Mistake:
    return Mistake(kind, text, rank, n, None, {n: lambda values: f(values[n])}, (), ("primal", n, text))  # type: ignore[operator]
