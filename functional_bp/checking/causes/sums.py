"""A sum along another axis, a cotangent spread along another, the chain applied twice, a term that is not there."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import combinations
from typing import Any

import numpy as np

from functional_bp.checking.causes.at_hand import Hand
from functional_bp.checking.causes.backward import Backward, Values
from functional_bp.checking.causes.menu import COUPLING, Menu, Portion, listed, ones, zeros
from functional_bp.checking.causes.mistake import Mistake
from functional_bp.checking.causes.view import Batch
from functional_bp.checking.kinds import Kind
from functional_bp.checking.program.traced import LAYOUT, Step


def twice(menu: Menu) -> Iterator[Batch]:
    """The chain applied twice, or as ȳ Jᵀ, where both sides have one shape."""
    for portion, _ in menu.regions():
        v, w = portion.v, portion.at
        steps = menu.program.between(v, w)
        whole = v in menu.leaves and w in menu.program.outputs
        if menu.program.values[w].shape != menu.program.values[v].shape or all(s.primitive in LAYOUT for s in steps):
            continue
        if not whole and len(steps) > 4 and (not steps[0].calls or len({step.calls[:1] for step in steps}) > 1):
            continue
        again = lambda back, values, bar, v=v, w=w: back.through(values, w, back.through(values, w, bar, v), v)  # noqa: E731
        name, places = menu.words.region(steps), menu.words.places(tuple(steps))
        weighty = [step for step in steps if step.primitive not in LAYOUT]
        rank = 3 + 0.4 * (len(weighty) - 1) * (name != f"`{menu.called(weighty)}`")
        square = len(weighty) == 1 and weighty[0].primitive in ("dot_general",)
        if not menu.constant(v, tuple(steps)) and not square:
            text = f"the chain rule is applied twice at {name}{places}"
            for kind in (Kind.EXTRA_FACTOR, Kind.EXTRA_TERM):
                yield menu.replaced(portion, kind, text, rank, again, "twice")
        if v in menu.back.leaves and any(s.primitive in COUPLING for s in steps):
            leaf = menu.back.leaves.index(v)
            forwards = lambda back, values, bar, w=w, leaf=leaf: back.tangents(values, leaf, bar).get(w, 0 * bar)  # noqa: E731
            text = f"the Jacobian of {name} is transposed: ȳ Jᵀ instead of ȳ J{places}"
            yield menu.replaced(portion, Kind.TRANSPOSED, text, rank, forwards, "forwards")


def statistics(menu: Menu) -> Iterator[Batch]:
    """What is summed on the way, a mean or a softmax's denominator, taken for a constant."""
    for portion, _ in menu.regions():
        v, w = portion.v, portion.at
        steps = menu.program.between(v, w)
        kept = [step for step in steps if not step.primitive.startswith("reduce_")]
        if len(kept) < len(steps) and menu.program.values[v].shape == menu.program.values[w].shape != ():

            def new(
                back: Backward, values: Values, bar: np.ndarray, v: int = v, w: int = w, kept: list[Step] = kept
            ) -> Any:
                return back.sweep(values, {w: bar}, {}, kept)[0].get(v, 0 * bar)

            text = f"terms are missing: the sums in {menu.words.region(steps)} are taken for constants"
            text += menu.words.places(tuple(steps))
            yield menu.replaced(portion, Kind.MISSING_TERM, text, 2.5 + 0.05 * len(steps), new, "statistics")


def spread_wrongly(menu: Menu) -> Iterator[Batch]:
    """A row's cotangent spread along columns."""
    ways: dict[tuple[int, int], list[tuple[Portion, tuple[int, ...]]]] = {}
    for portion, spread in menu.regions():
        ways.setdefault((portion.v, portion.at), []).append((portion, spread))
    for found in ways.values():
        for (portion, one), (_, other) in [*combinations(found, 2), *((b, a) for a, b in combinations(found, 2))]:

            def new(back: Backward, values: Values, bar: np.ndarray, p: Portion = portion, one=one, other=other):
                part = p.part(back, values, bar)
                with np.errstate(all="ignore"):
                    return part / np.broadcast_to(bar.reshape(one), part.shape) * bar.reshape(other)

            text = f"the cotangent of {menu.words.value(portion.at)} is spread along the wrong axis"
            yield menu.replaced(portion, Kind.WRONG_AXIS, text, 4, new, "spread")


def summed_wrongly(menu: Menu) -> Iterator[Batch]:
    """The sum that goes with a value that is broadcast runs over another axis, or over all."""
    program = menu.program
    for step in program.steps:
        y = step.outputs[0]
        shape = program.values[y].shape
        for k in menu.back.due(step) if y in menu.view.bars and len(step.outputs) == 1 else ():
            r = step.inputs[k]
            assert isinstance(r, int)
            small = program.values[r].shape
            if step.primitive == "broadcast_in_dim":
                kept = step.equation.params["broadcast_dimensions"]
                small = tuple(small[kept.index(a)] if a in kept else 1 for a in range(len(shape)))
            own = tuple(a for a, (m, n) in enumerate(zip(small, shape, strict=False)) if m == 1 < n)
            if len(small) == len(shape) and own:
                for v in menu.felt & program.ancestors[r]:
                    if program.values[v].shape == shape:
                        yield from other_sums(menu, step, k, v, own)


def other_sums(menu: Menu, step: Step, k: int, v: int, own: tuple[int, ...]) -> Iterator[Batch]:
    r, y = step.inputs[k], step.outputs[0]
    assert isinstance(r, int)
    shape = menu.program.values[y].shape

    def unsummed(back: Backward, values: Values, bar: np.ndarray) -> np.ndarray:
        if step.primitive == "broadcast_in_dim":
            return bar
        at = [values[n] if isinstance(n, int) else n for n in step.inputs]
        at[k] = np.array(np.broadcast_to(at[k], shape))
        return back.pull_one(step, at, bar, k)

    def part(back: Backward, values: Values, bar: np.ndarray) -> np.ndarray:
        q = unsummed(back, values, bar).sum(own, keepdims=True)
        return back.through(values, r, q.reshape(values[r].shape), v)

    portion = Portion(v, y, part, lambda view: part(view.back, view.values, view.bar(y)), step, k)
    for other in [(a,) for a in range(len(shape)) if (a,) != own] + [tuple(range(len(shape)))]:
        for logarithm in (False, True):  # Σ of what r gets, or of r times it: p (ȳ − Σ p ȳ)

            def new(back: Backward, values: Values, bar: np.ndarray, other=other, logarithm=logarithm) -> np.ndarray:
                q = unsummed(back, values, bar)
                with np.errstate(all="ignore"):
                    share = part(back, values, bar) / q.sum(own, keepdims=True)
                    q = (
                        q * np.broadcast_to(values[r].reshape(q.sum(own, keepdims=True).shape), shape)
                        if logarithm
                        else q
                    )
                    share = share / values[r].reshape(q.sum(own, keepdims=True).shape) if logarithm else share
                    return share * q.sum(other, keepdims=True)

            text = f"the sum for {menu.words.value(r)} runs over axis {listed(other)} instead of {listed(own)}"
            ratio = np.prod([shape[a] for a in own]) / np.prod([shape[a] for a in other])
            for kind in (Kind.WRONG_AXIS,) if len(other) == 1 else (Kind.WRONG_AXIS, Kind.EXTRA_SUM):
                key = ("summed", other, logarithm, v)
                told = text + menu.words.places((step,))
                yield replace(menu.replaced(portion, kind, told, 4, new, key, True), natural=(1.0, float(ratio)))


def added(menu: Menu) -> Iterator[Batch]:
    """A term that is not there: a constant times something at hand, or the cotangent's own mean."""
    for v in sorted(menu.felt):
        shape = menu.program.values[v].shape
        if v in menu.leaves:
            plain = [m for m, h in enumerate(menu.hands(shape)) if h.form in ("1", "{}")]
            make = lambda m, c, v=v, shape=shape, plain=plain: spurious(menu, v, menu.hands(shape)[plain[m]], c)  # noqa: E731
            yield Batch(v, lambda view, s=shape, p=plain: menu.vectors(view, s)[p], ones, zeros(v), make)
    parts = [p for p in menu.edges() if len(menu.program.uses[p.v]) > 1]
    for portion in (*menu.nodes(), *parts):
        for axis in range(len(menu.program.values[portion.v].shape)):
            mean = lambda view, p=portion, a=axis: spread_mean(p.seen(view), a).reshape(1, -1)  # noqa: E731
            make = lambda m, c, p=portion, a=axis: mean_too(menu, p, a, c)  # noqa: E731
            yield Batch(portion.v, mean, ones, zeros(portion.v), make)


def spread_mean(a: np.ndarray, axis: int) -> np.ndarray:
    return np.broadcast_to(a.mean(axis, keepdims=True), a.shape)


def spurious(menu: Menu, v: int, hand: Hand, c: float) -> Mistake:
    what = "1" if hand.function is None else hand.text(menu.words.value(hand.n))
    text = f"a spurious term {c:.4g} · {what} is added"
    wrong = lambda back, values, bar: {v: c * hand.array(values, bar.shape)}  # noqa: E731
    return Mistake(Kind.EXTRA_TERM, text, 6, v, wrong)


def mean_too(menu: Menu, portion: Portion, axis: int, c: float) -> Mistake | None:
    if abs(c) < 1e-4:
        return None
    text = f"{c:.4g} times its mean along axis {axis} is added to {menu.where(portion)}"

    def new(back: Backward, values: Values, bar: np.ndarray) -> np.ndarray:
        part = portion.part(back, values, bar)
        return part + c * spread_mean(part, axis)

    return Mistake(Kind.EXTRA_TERM, text, 6 + 2 * (c not in (1, -1)), portion.at, portion.becomes(new))
