"""Runs a program with a mistake in the backward of any of its steps: a switch per step tells which, 0 for none."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from functional_bp.checking.causes.mistake import BY_OUTPUT
from functional_bp.checking.program.traced import Scope, Step


class Switches(NamedTuple):
    """For each step the number of the mistake that is made there, 0 for none, and the weight of a path that is lost."""

    numbers: Any
    weights: Any


Pool = dict[tuple, Any]  # for each shape and dtype the program's values, stacked


def faulty_vjp(scope: Scope, switches: Switches, floats: list, indices: list, y_bar: list) -> list:
    """ȳ J as the program's backward gives it with the mistakes that are switched on."""
    y, pull = jax.vjp(lambda x: run(scope, switches, [*x, *indices]), floats)
    return pull([b.astype(out.dtype) for b, out in zip(y_bar, y, strict=True)])[0]


def run(scope: Scope, switches: Switches, arguments: Sequence[Any]) -> list:
    """The program's results; its backward is faulty. The right values are computed first: they may be residuals."""
    given = dict(zip([*scope.inputs, *scope.const_inputs], [*arguments, *scope.consts], strict=True))
    right = dict(given)
    run_steps(scope.flat, right, lambda step, operands: bind(step, operands))
    pool = {key: lax.stop_gradient(jnp.stack([right[n] for n in numbers])) for key, numbers in scope.pools.items()}
    run_steps(scope.steps, given, lambda step, operands: perform(step, scope, switches, pool, operands))
    return [given[n] if isinstance(n, int) else n for n in scope.outputs]


def run_steps(steps: Sequence[Step], values: dict, perform: Any) -> None:
    for step in steps:
        operands = [values[n] if isinstance(n, int) else n for n in step.inputs]
        values.update(zip(step.outputs, perform(step, operands), strict=True))


def bind(step: Step, operands: Sequence[Any]) -> list:
    if step.primitive == "identity":
        return list(operands)
    equation = step.equation
    results = equation.primitive.bind(*operands, **equation.primitive.get_bind_params(equation.params))
    return list(results) if equation.primitive.multiple_results else [results]


def evaluate(step: Step, scope: Scope, switches: Switches, pool: Pool, operands: Sequence[Any]) -> list:
    """The step's results, with what is inside it as faulty as the switches say."""
    if step.inner:
        values = {n: x for n, x in zip(step.inputs, operands, strict=True) if isinstance(n, int)}
        run_steps(step.inner, values, lambda s, x: perform(s, scope, switches, pool, x))
        return [values[n] for n in step.outputs]
    if not step.scopes:
        return bind(step, operands)
    if step.primitive == "cond":
        branches = [lambda *x, body=body: run(body, switches, x) for body in step.scopes]
        return lax.switch(operands[0], branches, *operands[1:])
    return scan(step, switches, operands)


def scan(step: Step, switches: Switches, operands: Sequence[Any]) -> list:
    params, (body,) = step.equation.params, step.scopes
    consts = operands[: params["num_consts"]]
    carried = params["num_carry"]
    init, xs = operands[len(consts) : len(consts) + carried], operands[len(consts) + carried :]

    def turn(carry: list, x: list) -> tuple[list, list]:
        results = run(body, switches, [*consts, *carry, *x])
        return results[:carried], results[carried:]

    carry, ys = lax.scan(turn, list(init), list(xs), length=params["length"], reverse=params["reverse"])
    return [*carry, *ys]


def perform(step: Step, scope: Scope, switches: Switches, pool: Pool, operands: Sequence[Any]) -> list:
    """`evaluate`, with a backward that makes the mistake that is switched on."""
    if not step.faults:
        return evaluate(step, scope, switches, pool, operands)
    due = [k for k, n in enumerate(step.inputs) if isinstance(n, int) and scope.values[n].differentiable]

    def with_operands(switches: Switches, pool: Pool, operands: Sequence[Any], x: Sequence[Any]) -> list:
        operands = list(operands)
        for k, value in zip(due, x, strict=True):
            operands[k] = value
        return evaluate(step, scope, switches, pool, operands)

    @jax.custom_vjp
    def faulty(switches: Switches, pool: Pool, operands: list) -> list:
        y = evaluate(step, scope, switches, pool, operands)
        for number, fault in enumerate(step.faults, 1):
            if fault.skips:
                y = [jnp.where(switches.numbers[step.number] == number, operands[fault.operand], y[0])]
        return y

    def forward(switches: Switches, pool: Pool, operands: list) -> tuple[list, tuple]:
        y = faulty(switches, pool, operands)
        return y, (switches, pool, operands, y)

    def backward(saved: tuple, y_bar: list) -> tuple:
        switches, pool, operands, y = saved
        switch = switches.numbers[step.number]
        at = list(operands)
        for k in due:
            at[k] = residual(step, k, switch, pool, operands[k])
        _, pull = jax.vjp(lambda *x: with_operands(switches, pool, at, x), *(at[k] for k in due))
        x_bar = dict(zip(due, pull(y_bar), strict=True))
        again = lambda g: dict(zip(due, pull([g]), strict=True))  # noqa: E731
        for number, fault in enumerate(step.faults, 1):
            k = fault.operand
            if fault.drops:
                x_bar[k] = jnp.where(switch == number, weighted(x_bar[k], switches.weights[step.number]), x_bar[k])
            if fault.instead is not None:
                wrong = fault.instead(again, operands, y[0], y_bar[0], x_bar[k])
                x_bar[k] = jnp.where(switch == number, wrong, x_bar[k])
        for way in {f.way: None for f in step.faults if f.way is not None and f.way[0] in AT_HAND}:
            row, value = at_hand(step, way, switch, pool)
            x_bar[due[0]] = jnp.where(row >= 0, AT_HAND[way[0]](step, y_bar[0], value), x_bar[due[0]])
        return None, None, [x_bar.get(k) for k in range(len(operands))]

    faulty.defvjp(forward, backward)
    return faulty(switches, pool, list(operands))


def weighted(x_bar: Any, weight: Any) -> Any:
    """Without what is not finite where nothing is left of it."""
    return jnp.where(weight == 0, jnp.zeros_like(x_bar), weight.astype(x_bar.dtype) * x_bar)


def residual(step: Step, k: int, switch: Any, pool: Pool, right: Any) -> Any:
    """The operand that the derivative is taken at: its own value, or what the switch puts in its place."""
    for number, fault in enumerate(step.faults, 1):
        if fault.operand == k and fault.changed is not None:
            right = jnp.where(switch == number, fault.changed(right), right)
    row, value = at_hand(step, ("residual", k), switch, pool)
    return right if row is None else jnp.where(row >= 0, value, right)


def at_hand(step: Step, way: Any, switch: Any, pool: Pool) -> tuple[Any, Any]:
    """The value at hand that the switch asks for in this way, and its row (-1 for none); None if there are none."""
    rows = np.zeros(len(step.faults) + 1, "int32") - 1
    key = None
    for number, fault in enumerate(step.faults, 1):
        if fault.way == way:
            rows[number], key = fault.row, fault.pool
    if key is None:
        return None, None
    row = jnp.asarray(rows)[switch]
    value = pool[key[:2]][jnp.maximum(row, 0)]
    return row, jnp.swapaxes(value, 0, 1) if key[2] else value


AT_HAND = {
    "slope": lambda step, y_bar, value: y_bar * BY_OUTPUT[step.primitive](value),
    "times": lambda step, y_bar, value: y_bar * value,
    "over": lambda step, y_bar, value: y_bar / value,
}
