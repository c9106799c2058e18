"""What typically goes wrong in the backward of one operation: a menu of mistakes for each step of a program."""

from collections.abc import Callable, Iterator
from dataclasses import replace

import jax.numpy as jnp

from functional_bp.checking.causes.at_a_softmax import of_a_softmax
from functional_bp.checking.causes.at_another_value import wrong_factors, wrong_residuals
from functional_bp.checking.causes.mistake import BY_OUTPUT, Mistake
from functional_bp.checking.program.traced import LAYOUT, LINEAR, Scope, Step


def mistakes(step: Step, scope: Scope) -> Iterator[Mistake]:
    """The menu of a step, the likeliest first."""
    floats = [k for k, n in enumerate(step.inputs) if isinstance(n, int) and scope.values[n].differentiable]
    if len(step.outputs) != 1 or not scope.values[step.outputs[0]].differentiable:
        if step.primitive not in LAYOUT and not step.scopes:
            yield from (dropped(step, k) for k in floats)
        return
    if step.primitive == "identity":
        yield from wrong_factors(step, scope)
        return
    y = scope.values[step.outputs[0]]
    for k in floats:
        x = scope.values[step.inputs[k]]
        same = (x.shape, x.dtype) == (y.shape, y.dtype) and bool(y.shape)
        if len(floats) == 1 and same:
            yield from of_a_function(step, k)
        elif same:
            yield from of_an_operand(step, k)
        if not step.scopes:
            yield dropped(step, k)
            yield from repeated(step, k) if scope.repeats else ()
        if jnp.issubdtype(x.dtype, jnp.complexfloating):
            text = f"the cotangent is conjugated at `{step.name}`"
            yield Mistake("conjugate", text, k, 4, "conjugate", lambda p, o, y, g, x: x.conj())
        if not step.linear and not step.scopes:
            yield from wrong_residuals(step, k, scope)


def dropped(step: Step, k: int) -> Mistake:
    reduction = step.primitive.startswith("reduce_") or step.primitive in ("sort", "argmax")
    if reduction:
        text = f"the path through `{step.name}`, taken for a constant"
    else:
        which = f"operand {k + 1} of " if len(step.inputs) > 1 else ""
        text = f"the path through {which}`{step.name}`"
    rank = 16 if step.primitive in LAYOUT else 1 if reduction else 8
    return Mistake("missing term", text, k, rank, ("drop", k), drops=True)


def repeated(step: Step, k: int) -> Iterator[Mistake]:
    """In a loop a factor is raised to powers: it can't be fitted, only tried."""
    which = f"operand {k + 1} of `{step.name}`"
    for kind, text, c in (
        ("sign", "the sign is flipped", -1),
        ("factor", "there is a factor 2 too many", 2),
        ("factor", "there is a factor ½ too many", 0.5),
    ):
        text = f"{text} on the path through {which}"
        yield Mistake(kind, text, k, 9, ("scaled", k, c), lambda p, o, y, g, x, c=c: c * x)


def of_a_function(step: Step, k: int) -> Iterator[Mistake]:
    """Of x ↦ f(x), both of one shape: its derivative forgotten, squared, taken at another place."""
    name = step.name
    if step.primitive in LINEAR:
        return
    if step.primitive == "select_n":
        yield from of_a_mask(step, k)
        return
    if step.primitive in ("max", "min"):
        text = f"the comparison in `{name}` is inverted"
        yield Mistake("mask", text, k, 6, "other", lambda p, o, y, g, x: g - x)
    what = f"the {'factor' if step.primitive in ('mul', 'div') else 'derivative'} of `{name}`"
    yield Mistake("missing factor", f"{what} is missing", k, 2, "missing", lambda p, o, y, g, x: g)
    yield Mistake("extra factor", f"{what} is applied twice", k, 2, "twice", lambda p, o, y, g, x: p(x)[k])
    yield Mistake(
        "wrong residual",
        f"the backward's own values are computed without `{name}`",
        k,
        4,
        "skip",
        lambda p, o, y, g, x: g,
        skips=True,
    )
    for text, slope in slopes(step):
        yield Mistake(
            "wrong residual",
            f"the derivative of `{name}` is {text}",
            k,
            2,
            text,
            lambda p, o, y, g, x, slope=slope: g * slope(o[k], y),
        )
    yield from (replace(mistake, formula=True) for mistake in of_a_softmax(step, k))


def slopes(step: Step) -> Iterator[tuple[str, Callable]]:
    """f′ is known by the output y: the same formula with the input; another function's formula; one factor of it."""
    own = BY_OUTPUT.get(step.primitive)
    if own is not None:
        yield "taken at its input in the place of its output", lambda x, y: own(x)
        for other in ("tanh", "logistic"):
            if other != step.primitive:
                yield f"taken to be that of `{other}`", lambda x, y, other=other: BY_OUTPUT[other](y)
        yield "taken to be the output itself", lambda x, y: y
        yield "taken to be 1 − the output", lambda x, y: 1 - y


def of_an_operand(step: Step, k: int) -> Iterator[Mistake]:
    """Of an operation on several arrays, one of the output's shape."""
    name, own = step.name, step.primitive
    if own in ("mul", "div", "dot_general", "pow", "max", "min", "atan2"):
        kind, text = ("mask", "the comparison in `{}` is ignored") if own in ("max", "min") else (
            "missing factor", "the other factor of `{}` is missing")  # fmt: skip
        yield Mistake(kind, f"{text.format(name)} (for operand {k + 1})", k, 4, ("whole", k), lambda p, o, y, g, x: g)
    if own == "select_n":
        yield from of_a_mask(step, k)
    if own in ("mul", "div", "add", "sub"):
        yield Mistake(
            "wrong residual",
            f"the backward's own values are computed without `{name}`",
            k,
            10,
            ("skip", k),
            lambda p, o, y, g, x: g,
            skips=True,
        )


def of_a_mask(step: Step, k: int) -> Iterator[Mistake]:
    name = step.name
    yield Mistake("mask", f"the mask of `{name}` is ignored", k, 0, ("whole", k), lambda p, o, y, g, x: g)
    yield Mistake("mask", f"the mask of `{name}` is used inverted", k, 10, ("other", k), lambda p, o, y, g, x: g - x)
    text = f"the mask of `{name}` is missing where the backward computes the forward's values again"
    yield Mistake("mask", text, k, 2, ("skip", k), lambda p, o, y, g, x: g, skips=True)
