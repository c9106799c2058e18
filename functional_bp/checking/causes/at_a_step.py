"""Mistakes in the pull of one operation: at another operand, of another cotangent, with another mask or index."""

from collections.abc import Callable, Iterator, Sequence

import numpy as np

from functional_bp.checking.causes.at_hand import softmax
from functional_bp.checking.causes.backward import Backward, Bars, Values, perform
from functional_bp.checking.causes.choices import of_a_choice, of_a_maximum, of_a_solve, of_an_index
from functional_bp.checking.causes.layouts import NONLINEAR, cut, layouts, moved
from functional_bp.checking.causes.menu import Menu
from functional_bp.checking.causes.mistake import Mistake
from functional_bp.checking.causes.pulls import Change, of, with_values
from functional_bp.checking.kinds import Kind
from functional_bp.checking.program.traced import LAYOUT, Step

PRODUCTS = {"mul", "dot_general", "conv_general_dilated", "div"}


def singles(menu: Menu) -> Iterator[Mistake]:
    """All of them, the layouts of whole cotangents first."""
    yield from of_layout(menu)
    yield from of_parts(menu)
    for step in menu.program.steps:
        if len(step.outputs) == 1 and step.outputs[0] in menu.view.bars:
            yield from of_a_step(menu, step)


def of_layout(menu: Menu) -> Iterator[Mistake]:
    outputs = {n for n in menu.program.outputs if isinstance(n, int)}
    for v in sorted(menu.felt):
        leaf, output = v in menu.leaves, v in outputs
        made = menu.program.made_by.get(v)
        steps = (made,) if made else ()
        name = "the cotangent" if leaf else "ȳ" if output else f"the cotangent of {menu.words.value(v)}"
        places = "" if leaf or output else menu.words.places(steps)
        if made is not None and made.primitive in LAYOUT and not output:
            continue
        for kind, text, rank, change in (*layouts(menu.program.values[v].shape), *(NONLINEAR if output else ())):
            wrong = lambda back, values, bar, v=v, f=change: {v: f(bar) - bar}  # noqa: E731
            base = 3 if leaf or output else 5
            yield Mistake(
                kind, text.format(name, name) + places, base + rank, v, wrong, steps=steps, key=("layout", text)
            )


def of_parts(menu: Menu) -> Iterator[Mistake]:
    """Where a value is used more than once, for what one of its uses gives."""
    for portion in menu.edges():
        if len(menu.program.uses[portion.v]) > 1 and portion.step is not None:
            for kind, text, rank, change in layouts(menu.program.values[portion.v].shape):
                new = lambda back, values, bar, p=portion, f=change: f(p.part(back, values, bar))  # noqa: E731
                told = text.format(menu.where(portion)) + menu.words.places((portion.step,))
                wrong = portion.becomes(new)
                yield Mistake(kind, told, 5.5 + rank, portion.at, wrong, steps=(portion.step,), key=("layout", text))


def of_a_step(menu: Menu, step: Step) -> Iterator[Mistake]:
    due = [k for k in menu.back.due(step) if step.inputs[k] in menu.felt]
    if not due:
        return
    if step.primitive in ("select_n", "max", "min"):
        yield from of_a_choice(menu, step, due)
    elif step.primitive in ("reduce_max", "reduce_min"):
        yield from of_a_maximum(menu, step)
    elif step.primitive == "gather":
        yield from of_an_index(menu, step)
    elif step.primitive in ("cumsum", "cumprod", "cumlogsumexp"):
        forwards = lambda back, at, g: {0: perform(step.equation, [g])[0]}  # noqa: E731
        yield of(menu, step, Kind.TRANSPOSED, f"{menu.words.operation(step)} runs forwards, not backwards", 2, forwards)
    elif step.primitive == "solve":
        yield from of_a_solve(menu, step)
    if not step.linear and due:
        yield from at_another_operand(menu, step, due)
    yield from of_another_cotangent(menu, step, due)
    for v in {n for k in due if isinstance(n := step.inputs[k], int)}:
        yield from softmax_again(menu, step, v)


def softmax_again(menu: Menu, step: Step, v: int) -> Iterator[Mistake]:
    """The Jacobian of a softmax once too often: p (v̄ − Σ p v̄) for v̄."""
    shape = menu.program.values[v].shape
    for axis in range(len(shape)):
        if shape[axis] > 1:

            def wrong(back: Backward, values: Values, bar: np.ndarray, axis: int = axis) -> Bars:
                p = softmax(values[v], axis)
                return {v: p * (bar - (p * bar).sum(axis, keepdims=True)) - bar}

            text = f"the cotangent of {menu.words.value(v)} is pulled through a softmax's Jacobian once too often"
            yield Mistake(Kind.EXTRA_FACTOR, text, 4, v, wrong, steps=(step,), key=("softmax again", axis))


# the values a derivative is taken at


def at_another_operand(menu: Menu, step: Step, due: Sequence[int]) -> Iterator[Mistake]:
    """For each operand, what the others' cotangents (its own, of a function of one array) become if it is changed."""
    for k, n in enumerate(step.inputs):
        if not isinstance(n, int) or not menu.program.values[n].shape:
            continue
        felt = [j for j in due if j != k] if step.primitive in PRODUCTS else due
        for kind, text, rank, change, key in changes(menu, step, n):
            for j in felt:
                yield with_values(menu, step, kind, text, rank, change, k, j, key)


def changes(menu: Menu, step: Step, n: int) -> Iterator[tuple[Kind, str, float, Change, object]]:
    """What an operand may be exchanged for: itself turned about, a value of its source's shape laid out in its way."""
    program, words = menu.program, menu.words
    source, steps = origin(menu, n)
    shape = program.values[source].shape
    what, where = words.value(source), f"in {words.step(step)}"
    ways = list(moved(shape))
    if step.primitive in ("dot_general", "conv_general_dilated"):
        ways += [w for w in cut(shape) if w[0] in (Kind.PART, Kind.MISSING_SUM)]
        turns = [way for way in ways if way[0] is Kind.TRANSPOSED]
        ways += [both(way, turn) for turn in turns for way in ways if way[0] is Kind.PERMUTED and way[2] < 1]
        if step.primitive == "conv_general_dilated" and n == step.inputs[1]:
            space = tuple(step.equation.params["dimension_numbers"].rhs_spec[2:])
            ways.append((Kind.PERMUTED, "{} is not flipped", 0, lambda a: np.flip(a, space)))
    mask = menu.view.values[n].dtype == bool
    for kind, text, rank, change in ways:
        kind = Kind.MASK if mask else kind
        told = f"{'the mask ' * mask}{text.format(what)} {where}"
        yield (
            kind,
            told,
            (2 if kind is Kind.TRANSPOSED else 3) + rank,
            laid(source, steps, n, change),
            ("moved", text, source),
        )
    values = menu.view.values
    if np.isin(values[n], (0, 1)).all():
        inverted = laid(source, steps, n, lambda a: 1 - a)
        yield Kind.MASK, f"the mask {what} is used inverted {where}", 3, inverted, ("inverted", source)
    for other in range(len(values)):
        value = program.values[other]
        if other not in (source, n) and value.shape == shape and value.dtype == program.values[source].dtype:
            if program.source(other) == source:
                continue
            rank = 4 if other in step.outputs else 5
            text = f"{words.step(step)} is differentiated at {words.value(other)} instead of {what}"
            if other in step.outputs:
                text = f"the derivative of {words.operation(step)} is taken at its output instead of its input"
            made = program.made_by.get(other)
            near = (made.name, made.place, made.occurrence - step.occurrence) if made else other
            for key in (("at", near), ("at", other)):
                yield Kind.WRONG_RESIDUAL, text, rank, laid(source, steps, n, lambda a, other=other: other), key


def both(one: tuple, other: tuple) -> tuple:
    f, g = one[3], other[3]
    return one[0], one[1] + "; " + other[1].removeprefix("{} is ").replace("of {} ", ""), one[2] + 1, lambda a: g(f(a))


def origin(menu: Menu, n: int) -> tuple[int, list[Step]]:
    """The one value that an operand is laid out from, and how; else itself."""
    program, frontier, seen = menu.program, [n], {n}
    sources, steps = set(), set()
    while frontier:
        m = frontier.pop()
        step = program.made_by.get(m)
        if step is None or step.primitive not in LAYOUT:
            sources.add(m)
            continue
        steps.add(step.number)
        new = {x for x in step.inputs if isinstance(x, int)} - seen
        seen |= new
        frontier += new
    if len(sources) != 1:
        return n, []
    return next(iter(sources)), [program.steps[number] for number in sorted(steps)]


def laid(source: int, steps: list[Step], n: int, change: Callable) -> Change:
    """The operand made of a changed source; `change` gives an array, or the number of another value."""

    def operand(back: Backward, values: Values) -> np.ndarray:
        new = change(values[source])
        known = {source: values[new] if isinstance(new, int) else np.asarray(new)}
        for step in steps:
            at = [known.get(x, values[x]) if isinstance(x, int) else x for x in step.inputs]
            known.update(zip(step.outputs, perform(step.equation, at), strict=True))
        return known[n]

    return operand


# the cotangent that a pull is given


def of_another_cotangent(menu: Menu, step: Step, due: Sequence[int]) -> Iterator[Mistake]:
    """For one of several operands, or where a sum follows: the cotangent turned about, cut, or another value."""
    y = step.outputs[0]
    shape, words = menu.program.values[y].shape, menu.words
    for k in due:
        n = step.inputs[k]
        assert isinstance(n, int)
        smaller = np.prod(menu.program.values[n].shape) < np.prod(shape)
        product = step.primitive in ("dot_general", "conv_general_dilated")
        if not (smaller or product or (len(due) > 1 and step.primitive in PRODUCTS)):
            continue
        what, by = f"the cotangent of {words.step(step)}", f", for {words.value(n)}"
        ways = [
            way
            for way in layouts(shape)
            if way[0] in (Kind.TRANSPOSED, Kind.MISSING_SUM, Kind.PERMUTED, Kind.ONE_COTANGENT)
        ]
        for kind, text, rank, change in ways:
            new = lambda back, at, g, k=k, f=change: {k: back.pull_one(step, at, np.asarray(f(g)), k)}  # noqa: E731
            yield of(menu, step, kind, text.format(what) + by, 4 + rank, new, ("cotangent", text, k))
        yield from of_another_bar(menu, step, k, n)
        if product or smaller:
            for other, value in enumerate(menu.program.values):
                if value.shape == shape and value.differentiable and other != y:

                    def wrong(
                        back: Backward, values: Values, bar: np.ndarray, k: int = k, other: int = other, n: int = n
                    ) -> Bars:
                        at = [values[x] if isinstance(x, int) else x for x in step.inputs]
                        return {n: back.pull_one(step, at, values[other], k) - back.right(step, values, bar)[k]}

                    text = f"{words.value(other)} stands for {what}{by}{words.places((step,))}"
                    yield Mistake(Kind.WRONG_RESIDUAL, text, 6, y, wrong, steps=(step,), key=("for ȳ", k, other))


def of_another_bar(menu: Menu, step: Step, k: int, n: int) -> Iterator[Mistake]:
    """For one operand the cotangent of another value: that before a derivative, or of the other branch."""
    y, words, program = step.outputs[0], menu.words, menu.program
    for w in menu.inner:
        made = program.made_by.get(w)
        if w == y or program.values[w].shape != program.values[y].shape or made is None or made.primitive in LAYOUT:
            continue

        def wrong(back: Backward, values: Values, bar: np.ndarray, w: int = w) -> Bars:
            own, other = (back.seen.get(m, np.zeros_like(values[m])) for m in (y, w))
            at = [values[x] if isinstance(x, int) else x for x in step.inputs]
            return {n: back.pull_one(step, at, other, k) - back.pull_one(step, at, own, k)}

        by = f"for {words.value(n)}"
        if y in program.ancestors[w]:
            kind, text = Kind.MISSING_FACTOR, f"the derivative of {words.region(program.between(y, w))} is missing {by}"
        else:
            kind, text = Kind.SWAPPED, f"the cotangent of {words.value(w)} stands for that of {words.step(step)} {by}"
        yield Mistake(kind, text + words.places((step,)), 4, min(w, y), wrong, steps=(step,), key=("bar", k, w - y))
