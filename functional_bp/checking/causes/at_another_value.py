"""Derivatives taken at wrong values: transposed, not flipped, another value of the same shape, one factor too many."""

from collections.abc import Iterator
from itertools import combinations

import jax.numpy as jnp

from functional_bp.checking.causes.mistake import BY_OUTPUT, Mistake
from functional_bp.checking.limits import MOST_AT_HAND
from functional_bp.checking.program.traced import Scope, Step


def wrong_residuals(step: Step, k: int, scope: Scope) -> Iterator[Mistake]:
    """The derivative at another value than the operand's own."""
    own = step.inputs[k]
    assert isinstance(own, int)
    shape = scope.values[own].shape
    if step.primitive in ("dot_general", "conv_general_dilated", "mul"):
        for a, b in equal_axes(shape):
            what = "is transposed" if len(shape) == 2 else f"has its axes {a} and {b} exchanged"
            text = f"operand {k + 1} of `{step.name}` {what}"
            turned = lambda r, a=a, b=b: jnp.swapaxes(r, a, b)  # noqa: E731
            yield Mistake("transposed", text, k, 2, ("swap", k, a, b), changed=turned)
        for a, b in equal_axes(scope.values[step.outputs[0]].shape):
            text = f"the cotangent that reaches operand {k + 1} of `{step.name}` is transposed"
            swap = lambda p, o, y, g, x, a=a, b=b: p(jnp.swapaxes(g, a, b))[k]  # noqa: E731
            yield Mistake("transposed", text, k, 4, ("turn", k, a, b), swap)
    if step.primitive == "conv_general_dilated" and k == 1:
        space = tuple(step.equation.params["dimension_numbers"].rhs_spec[2:])
        text = f"the kernel of `{step.name}` is not flipped"
        yield Mistake("permuted", text, k, 2, "flip", changed=lambda r: jnp.flip(r, space))
    yield from at_hand(step, k, scope)


def equal_axes(shape: tuple[int, ...]) -> list[tuple[int, int]]:
    return [(a, b) for a, b in combinations(range(len(shape)), 2) if shape[a] == shape[b] > 1]


def at_hand(step: Step, k: int, scope: Scope) -> Iterator[Mistake]:
    """Each value of the operand's shape in its place; for a transposed matrix, each value transposed."""
    own = step.inputs[k]
    assert isinstance(own, int)
    maker = scope.made_by.get(own)
    source = maker.inputs[0] if maker is not None and maker.primitive == "transpose" else own
    turned = source != own and len(scope.values[own].shape) == 2
    source = source if turned and isinstance(source, int) else own
    for row, n, near in others(step, source, scope):
        text = f"`{step.name}` is differentiated at {scope.labels[n]} in the place of {scope.labels[source]}"
        if n in step.outputs:
            text = f"the derivative of `{step.name}` is taken at its output in the place of its input"
        rank = 4 if n in step.outputs else 12
        pool = (scope.values[source].shape, scope.values[source].dtype, turned)
        replaced = {"pool": pool, "row": row, "own": source, "other": n}
        yield Mistake("wrong residual", text, k, rank, ("at", k, *near), way=("residual", k), **replaced)
        if step.primitive in BY_OUTPUT and not turned and n not in step.outputs:
            text = f"the derivative of `{step.name}` is formed from {scope.labels[n]} in the place of its output"
            yield Mistake("wrong residual", text, k, rank, ("slope", *near), way=("slope", k), **replaced)


def others(step: Step, own: int, scope: Scope, pool: tuple | None = None) -> Iterator[tuple[int, int, tuple]]:
    """The values at hand of the shape of `own`: row, number, and what made them how much earlier or later."""
    alike = scope.pools.get(pool or (scope.values[own].shape, scope.values[own].dtype), [])
    for row, n in enumerate(alike[:MOST_AT_HAND]):
        maker, occurrence = scope.makers[n]
        if n != own and scope.makers[n] != scope.makers[own]:
            yield row, n, (maker, occurrence - step.occurrence)


def wrong_factors(step: Step, scope: Scope) -> Iterator[Mistake]:
    """A value's whole cotangent multiplied or divided once too often by a value at hand: a row's norm, say."""
    (own,) = step.inputs
    assert isinstance(own, int)
    for pool in scope.pools:
        if pool[1] == scope.values[own].dtype and broadcasts(pool[0], scope.values[own].shape):
            for row, n, near in others(step, own, scope, pool):
                what, other = f"the cotangent of {scope.labels[own]}", scope.labels[n]
                replaced = {"pool": (*pool, False), "row": row, "own": own, "other": n}
                text = f"{what} is multiplied once too often by {other}, or a division by it is missing"
                yield Mistake("missing factor", text, 0, 14, ("times", *near), way=("times", pool[0]), **replaced)
                text = f"{what} is divided once too often by {other}, or the factor is missing"
                yield Mistake("extra factor", text, 0, 14, ("over", *near), way=("over", pool[0]), **replaced)


def broadcasts(small: tuple[int, ...], large: tuple[int, ...]) -> bool:
    return len(small) == len(large) and small != large and all(a in (1, b) for a, b in zip(small, large, strict=True))
