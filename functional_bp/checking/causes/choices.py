"""Masks, maxima, indices and solved systems: who gets the cotangent."""

from collections.abc import Callable, Iterator, Sequence

import numpy as np

from functional_bp.checking.causes.backward import Backward, Bars
from functional_bp.checking.causes.menu import Menu
from functional_bp.checking.causes.mistake import Mistake
from functional_bp.checking.causes.pulls import New, of
from functional_bp.checking.kinds import Kind
from functional_bp.checking.program.traced import Step


def of_a_choice(menu: Menu, step: Step, due: Sequence[int]) -> Iterator[Mistake]:
    """`where`, or a maximum of two: which of them gets the cotangent."""
    name = menu.words.operation(step)
    first, what = (1, "the mask") if step.primitive == "select_n" else (0, "the comparison")
    cases = [k for k in due if k >= first]

    def shares(new: Callable[[list, np.ndarray, Bars], Sequence]) -> New:
        def pull(back: Backward, at: list, g: np.ndarray) -> Bars:
            right = back.pull(step, at, [g])
            given = new(at, g, {k: right.get(k, g - sum(right.values())) for k in (first, first + 1)})
            return {k: given[k - first] for k in cases}

        return pull

    rows = [
        (f"{what} of {name} is ignored: everywhere instead of where it is due", 1, lambda at, g, r: (g, g)),
        (f"{what} of {name} is used inverted", 1, lambda at, g, r: (r[first + 1], r[first])),
        (f"{what} of {name} is ignored: always the first", 1.5, lambda at, g, r: (g, 0 * g)),
        (f"{what} of {name} is ignored: always the second", 1.5, lambda at, g, r: (0 * g, g)),
        (f"{name} shares its cotangent evenly", 2, lambda at, g, r: (g / 2, g / 2)),
        (f"{name} is decided by size", 2, lambda at, g, r: choice(np.abs(at[-2]) >= np.abs(at[-1]), g)),
        (f"{name} is decided by the sign of the first", 2, lambda at, g, r: choice(at[-2] > 0, g)),
        (f"{name} is decided by the sign of the second", 2, lambda at, g, r: choice(at[-1] > 0, g)),
        (f"{name} shares its cotangent in proportion", 2, lambda at, g, r: part(at[-2] / (at[-2] + at[-1]), g)),
        (f"{name} shares its cotangent softly", 2, lambda at, g, r: part(1 / (1 + np.exp(at[-1] - at[-2])), g)),
    ]
    for text, rank, new in rows if len(step.inputs) == first + 2 else ():
        yield of(menu, step, Kind.MASK, text, rank, shares(new), text.replace(name, ""))


def choice(which: np.ndarray, g: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return np.where(which, g, 0), np.where(which, 0, g)


def part(share: np.ndarray, g: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return share * g, (1 - share) * g


def of_a_maximum(menu: Menu, step: Step) -> Iterator[Mistake]:
    """A maximum over axes: evenly, everywhere, at the first, the last, the other extreme, softly."""
    name, axes = menu.words.operation(step), tuple(step.equation.params["axes"])
    sign = 1 if step.primitive == "reduce_max" else -1

    def given(weights: Callable[[np.ndarray], np.ndarray]) -> New:
        return lambda back, at, g: {0: np.expand_dims(g, axes) * weights(np.asarray(at[0]))}

    def at_end(last: bool) -> Callable[[np.ndarray], np.ndarray]:
        def weights(x: np.ndarray) -> np.ndarray:
            w = np.zeros_like(x)
            w[tuple((slice(-1, None) if last else slice(1)) if a in axes else slice(None) for a in range(x.ndim))] = 1
            return w

        return weights

    def soft(x: np.ndarray) -> np.ndarray:
        e = np.exp(sign * (x - x.max(axes, keepdims=True)))
        return e / e.sum(axes, keepdims=True)

    other = np.min if sign > 0 else np.max
    for text, weights in (
        ("is given evenly to all", lambda x: np.ones_like(x) / np.prod([x.shape[a] for a in axes])),
        ("is given to all, not to the maximum", np.ones_like),
        ("is given to the other extreme", lambda x: (x == other(x, axes, keepdims=True)) * 1.0),
        ("is given to the first always", at_end(False)),
        ("is given to the last always", at_end(True)),
        ("is shared softly", soft),
    ):
        yield of(menu, step, Kind.MASK, f"the cotangent of {name} {text}", 2, given(weights), ("maximum", text))


def of_an_index(menu: Menu, step: Step) -> Iterator[Mistake]:
    """`x[i]`: i off by one, of another row, in order; set instead of add where i occurs twice."""
    name, n = menu.words.step(step), step.inputs[0]
    if not isinstance(n, int):
        return
    shape, d = menu.program.values[n].shape, step.equation.params["dimension_numbers"]

    def indexed(change: Callable[[np.ndarray], np.ndarray]) -> New:
        return lambda back, at, g: {
            0: back.pull_one(step, [at[0], change(np.asarray(at[1])).astype(np.asarray(at[1]).dtype)], g, 0)
        }

    def column(j: int, f: Callable[[np.ndarray], np.ndarray]) -> Callable[[np.ndarray], np.ndarray]:
        def change(i: np.ndarray) -> np.ndarray:
            i = np.array(i)
            i[..., j] = f(i[..., j])
            return i

        return change

    for j, axis in enumerate(d.start_index_map):
        size = shape[axis]
        rows = [
            ("is one too high", lambda i, n=size: (i + 1) % n), ("is one too low", lambda i, n=size: (i - 1) % n),
            ("is one too high, cut at the end", lambda i, n=size: np.minimum(i + 1, n - 1)),
            ("is one too low, cut at zero", lambda i: np.maximum(i - 1, 0)),
            ("is the next row's", lambda i: np.roll(i, -1, 0) if i.ndim else i),
            ("is the row's before", lambda i: np.roll(i, 1, 0) if i.ndim else i),
            ("is taken in reverse", lambda i: i[::-1] if i.ndim else i),
            ("counts from the end", lambda i, n=size: n - 1 - i),
            ("is taken in order", lambda i, n=size: (np.arange(i.size) % n).reshape(i.shape)),
            ("is always the first", lambda i: 0 * i), ("is always the last", lambda i, n=size: 0 * i + n - 1),
        ]  # fmt: skip
        for text, f in rows:
            yield of(
                menu, step, Kind.PERMUTED, f"the index in {name} {text}", 2, indexed(column(j, f)), ("index", j, text)
            )

    def once(first: bool) -> New:
        return lambda back, at, g: {0: back.pull_one(step, at, g * weights(np.asarray(at[1]), g, first), 0)}

    def weights(i: np.ndarray, g: np.ndarray, first: bool | None) -> np.ndarray:
        flat = i.reshape(-1, i.shape[-1])
        _, where, count = np.unique(flat, axis=0, return_inverse=True, return_counts=True)
        where = where.ravel()
        w = 1 / count[where] if first is None else np.zeros(len(flat))
        if first is not None:
            order = range(len(flat))[::-1] if first else range(len(flat))
            last = {where[r]: r for r in order}
            w[list(last.values())] = 1
        w = w.reshape(i.shape[:-1])
        inner = [a for a in range(g.ndim) if a in d.offset_dims]
        return np.expand_dims(w, tuple(inner))

    yield of(
        menu, step, Kind.OVERWRITTEN, f"where the index in {name} repeats, the last is set, not added", 2, once(False)
    )
    yield of(menu, step, Kind.OVERWRITTEN, f"where the index in {name} repeats, only the first is there", 2, once(True))
    mean = lambda back, at, g: {0: back.pull_one(step, at, g * weights(np.asarray(at[1]), g, None), 0)}  # noqa: E731
    yield of(menu, step, Kind.OVERWRITTEN, f"the sum over repeated indices in {name} is divided by how often", 2, mean)


def of_a_solve(menu: Menu, step: Step) -> Iterator[Mistake]:
    """x = A⁻¹ b: b̄ = A⁻ᵀ x̄, Ā = −b̄ xᵀ."""
    name = menu.words.step(step)
    solve = np.linalg.solve

    def turned(A: np.ndarray) -> np.ndarray:
        return np.swapaxes(A, -1, -2)

    def outer(u: np.ndarray, x: np.ndarray) -> np.ndarray:
        return -np.outer(u, x) if u.ndim == 1 else -u @ turned(x)

    rows: list[tuple[Kind, str, Callable]] = [
        (Kind.TRANSPOSED, "the matrix of {} is not transposed", lambda A, g: solve(A, g)),
        (Kind.MISSING_FACTOR, "the inverse in {} is missing", lambda A, g: g),
        (
            Kind.WRONG_RESIDUAL,
            "multiplied by the matrix of {}, transposed, instead of solved",
            lambda A, g: turned(A) @ g,
        ),
        (Kind.WRONG_RESIDUAL, "multiplied by the matrix of {} instead of solved", lambda A, g: A @ g),
        (Kind.EXTRA_FACTOR, "the inverse in {} is applied twice", lambda A, g: solve(turned(A), solve(turned(A), g))),
    ]
    for kind, text, f in rows:
        told = text.format(name)
        both = lambda back, at, g, f=f: {1: f(at[0], g), 0: outer(f(at[0], g), solve(at[0], at[1]))}  # noqa: E731
        alone = lambda back, at, g, f=f: {0: outer(f(at[0], g), solve(at[0], at[1]))}  # noqa: E731
        beside = lambda back, at, g, f=f: {1: f(at[0], g)}  # noqa: E731
        for new, which in ((both, ""), (alone, " for its matrix"), (beside, " for its right side")):
            if set(menu.back.due(step)) >= set(new(menu.back, *told_at(menu, step))):
                yield of(menu, step, kind, told + which, 2.5 if new is both else 3, new)
    at_b = lambda back, at, g: {0: outer(solve(turned(at[0]), g), at[1])}  # noqa: E731
    if 0 in menu.back.due(step):
        yield of(
            menu, step, Kind.WRONG_RESIDUAL, f"the matrix's cotangent in {name} is taken at the right side", 3, at_b
        )


def told_at(menu: Menu, step: Step) -> tuple[list, np.ndarray]:
    at = [menu.view.values[n] if isinstance(n, int) else n for n in step.inputs]
    return at, menu.view.bar(step.outputs[0])
