"""What is normalised along an axis, by its derivative: a softmax, p (p̄ − Σ p p̄); a row's spread, its length."""

from collections.abc import Callable, Iterator

import numpy as np

from functional_bp.checking.causes.backward import Backward, Values
from functional_bp.checking.causes.menu import Menu, Portion
from functional_bp.checking.causes.view import Batch
from functional_bp.checking.kinds import Kind

Array = np.ndarray
Pull = Callable[[Array, Array, Array, int, int], Array]  # (x, y, ȳ, axis, another axis) ↦ x̄
Rows = tuple[tuple[Kind, str, Pull], ...]


def normalised(menu: Menu) -> Iterator[Batch]:
    """Each region whose pull is one of these formulas, along one axis: the formula with a mistake in it."""
    for portion, _ in menu.regions():
        v, w = portion.v, portion.at
        x, y, bar = menu.view.values[v], menu.view.values[w], menu.view.bar(w)
        if x.shape != y.shape or not x.ndim or not bar.any():
            continue
        steps = menu.program.between(v, w)
        if not any(step.primitive == "reduce_sum" for step in steps):
            continue
        due = portion.seen(menu.view)
        for axis in range(x.ndim):
            for right, wrong in FORMULAS:
                with np.errstate(all="ignore"):
                    if x.shape[axis] > 1 and np.allclose(
                        right(x, y, bar, axis, axis), due, 1e-7, 1e-9 * np.abs(due).max()
                    ):
                        yield from mistakes(menu, portion, wrong, axis)


def mistakes(menu: Menu, portion: Portion, rows: Rows, axis: int) -> Iterator[Batch]:
    v, w = portion.v, portion.at
    steps = menu.program.between(v, w)
    name, places = menu.words.region(steps), menu.words.places(tuple(steps))
    others = [other for other in range(len(menu.program.values[v].shape)) if other != axis]
    for kind, text, pull in rows:
        for other in others if kind is Kind.WRONG_AXIS else [axis]:

            def new(back: Backward, values: Values, bar: Array, pull: Pull = pull, other: int = other) -> Array:
                with np.errstate(all="ignore"):
                    return np.nan_to_num(pull(values[v], values[w], bar, axis, other))

            told = f"in the derivative of {name} {text.format(a=axis, b=other)}{places}"
            yield menu.replaced(portion, kind, told, 2.5, new, ("normalised", text, other))


def total(a: Array, axis: int) -> Array:
    return a.sum(axis, keepdims=True)


def mean(a: Array, axis: int) -> Array:
    return a.mean(axis, keepdims=True)


def by_softmax(x: Array, p: Array, g: Array, a: int, b: int) -> Array:
    return p * (g - total(p * g, a))


OF_A_SOFTMAX: Rows = (
    (Kind.MISSING_TERM, "only the diagonal is there: p (1 − p) p̄", lambda x, p, g, a, b: p * (1 - p) * g),
    (Kind.MISSING_TERM, "the sum is missing: p p̄", lambda x, p, g, a, b: p * g),
    (Kind.SIGN, "the sum is added, not subtracted", lambda x, p, g, a, b: p * (g + total(p * g, a))),
    (Kind.MISSING_FACTOR, "p is missing in the sum: p (p̄ − Σ p̄)", lambda x, p, g, a, b: p * (g - total(g, a))),
    (Kind.MISSING_FACTOR, "the outer p is missing: p̄ − Σ p p̄", lambda x, p, g, a, b: g - total(p * g, a)),
    (Kind.EXTRA_FACTOR, "the outer p stands twice", lambda x, p, g, a, b: p * p * (g - total(p * g, a))),
    (Kind.FACTOR, "the sum is a mean", lambda x, p, g, a, b: p * (g - mean(p * g, a))),
    (Kind.EXTRA_SUM, "the sum runs over everything", lambda x, p, g, a, b: p * (g - (p * g).sum())),
    (Kind.WRONG_AXIS, "the sum runs over axis {b}, not {a}", lambda x, p, g, a, b: p * (g - total(p * g, b))),
)


def of_a_spread(less: int) -> tuple[Pull, Rows]:
    """y = (x − mean) / σ, its variance divided by n − `less`: (ȳ − mean ȳ − y Σ y ȳ / (n − less)) / σ."""

    def pull(x: Array, y: Array, g: Array, of_mean: int, of_sum: int, own: int) -> Array:
        sigma = np.std(x, own, keepdims=True) / np.std(y, own, keepdims=True)
        return (g - mean(g, of_mean) - y * total(y * g, of_sum) / (x.shape[of_sum] - less)) / sigma

    rows: Rows = (
        (Kind.WRONG_AXIS, "both means run over axis {b}, not {a}", lambda x, y, g, a, b: pull(x, y, g, b, b, a)),
        (Kind.WRONG_AXIS, "the mean runs over axis {b}, not {a}", lambda x, y, g, a, b: pull(x, y, g, b, a, a)),
        (Kind.WRONG_AXIS, "the projection runs over axis {b}, not {a}", lambda x, y, g, a, b: pull(x, y, g, a, b, a)),
    )
    return lambda x, y, g, a, b: pull(x, y, g, a, a, a), rows


def of_a_length(average: bool) -> tuple[Pull, Rows]:
    """y = x / r, r² = Σ x² or its mean: (ȳ − y Σ y ȳ) / r, or with the mean of it."""
    summed = mean if average else total

    def pull(x: Array, y: Array, g: Array, of_sum: int, own: int) -> Array:
        r = np.sqrt(total(x * x, own) / total(y * y, own))
        return (g - y * summed(y * g, of_sum)) / r

    rows: Rows = (
        (Kind.WRONG_AXIS, "the projection runs over axis {b}, not {a}", lambda x, y, g, a, b: pull(x, y, g, b, a)),
    )
    return lambda x, y, g, a, b: pull(x, y, g, a, a), rows


FORMULAS: tuple[tuple[Pull, Rows], ...] = (
    (by_softmax, OF_A_SOFTMAX),
    of_a_spread(0),
    of_a_spread(1),
    of_a_length(average=False),
    of_a_length(average=True),
)
