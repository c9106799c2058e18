"""Runs a traced program equation by equation: by JAX, each result seen by a visitor; or by NumPy, nothing compiled."""

from collections.abc import Callable, Sequence
from typing import Any

import jax
import numpy as np

from functional_bp.checking.program.on_numpy import RULES

CALLS = {
    "jit": "jaxpr",
    "pjit": "jaxpr",
    "closed_call": "call_jaxpr",
    "core_call": "call_jaxpr",
    "custom_jvp_call": "call_jaxpr",
    "custom_vjp_call": "call_jaxpr",
    "remat": "jaxpr",
    "remat2": "jaxpr",
    "checkpoint": "jaxpr",
}
Bind = Callable[[Any, list], list]  # an equation and its operands ↦ its results


def run(closed: Any, arguments: Sequence[Any], visit: Callable[[Any, list, list], list]) -> list:
    """The program's outputs by JAX, each equation seen by `visit(equation, operands, results)` → results."""
    return interpret(closed, arguments, lambda eqn, operands: visit(eqn, operands, bind(eqn, operands)))


def run_on_numpy(closed: Any, arguments: Sequence[Any]) -> list[np.ndarray]:
    """The program's outputs by NumPy; by JAX, one operation at a time, what NumPy has no word for."""
    with np.errstate(all="ignore"):
        results = interpret(closed, [np.asarray(a) for a in arguments], by_numpy)
    return [np.asarray(a) for a in results]


def interpret(closed: Any, arguments: Sequence[Any], perform: Bind) -> list:
    jaxpr, consts = getattr(closed, "jaxpr", closed), getattr(closed, "consts", ())
    values = dict(zip([*jaxpr.constvars, *jaxpr.invars], [*consts, *arguments], strict=True))
    for equation in jaxpr.eqns:
        operands = [v.val if hasattr(v, "val") else values[v] for v in equation.invars]
        inner = CALLS.get(equation.primitive.name)
        if inner in equation.params:
            results = interpret(equation.params[inner], operands, perform)
        else:
            results = perform(equation, operands)
        values.update(zip(equation.outvars, results, strict=True))
    return [v.val if hasattr(v, "val") else values[v] for v in jaxpr.outvars]


def bind(equation: Any, operands: list) -> list:
    results = equation.primitive.bind(*operands, **equation.primitive.get_bind_params(equation.params))
    return list(results) if equation.primitive.multiple_results else [results]


def by_numpy(equation: Any, operands: list) -> list:
    name, params = equation.primitive.name, equation.params
    if name == "scan":
        return scan(params, operands)
    if name == "while":
        return loop(params, operands)
    if name == "cond":
        branches = params["branches"]
        return interpret(branches[int(np.clip(operands[0], 0, len(branches) - 1))], operands[1:], by_numpy)
    if name == "split":
        return np.split(operands[0], np.cumsum(params["sizes"])[:-1], axis=params["axis"])
    if name in RULES:
        dtype = equation.outvars[0].aval.dtype
        return [np.asarray(RULES[name](params, *map(np.asarray, operands))).astype(dtype, copy=False)]
    return [a if is_key(a) else np.asarray(a) for a in bind(equation, list(map(jax.numpy.asarray, operands)))]


def foreign(jaxpr: Any) -> int:
    """How many operations, those of inner programs too, NumPy has no word for."""
    inner = [v for eqn in jaxpr.eqns for v in jax.tree.leaves(list(eqn.params.values()), is_leaf=is_program)]
    programs = [getattr(v, "jaxpr", v) for v in inner if is_program(v)]
    known = {*RULES, *CALLS, "scan", "while", "cond", "split"}
    return sum(eqn.primitive.name not in known for eqn in jaxpr.eqns) + sum(map(foreign, programs))


def is_program(value: Any) -> bool:
    return hasattr(getattr(value, "jaxpr", value), "eqns")


def is_key(a: Any) -> bool:
    return jax.numpy.issubdtype(a.dtype, jax.dtypes.prng_key)


def scan(params: dict, operands: list) -> list:
    fixed, carried = params["num_consts"], params["num_carry"]
    consts, carry, xs = operands[:fixed], operands[fixed : fixed + carried], operands[fixed + carried :]
    turns = range(params["length"])
    rows = []
    for t in reversed(turns) if params["reverse"] else turns:
        results = interpret(params["jaxpr"], [*consts, *carry, *(np.asarray(x)[t] for x in xs)], by_numpy)
        carry, row = results[:carried], results[carried:]
        rows.append(row)
    if params["reverse"]:
        rows.reverse()
    avals = params["jaxpr"].out_avals[carried:]
    empty = [np.zeros((0, *a.shape), a.dtype) for a in avals]
    return [*carry, *(list(map(np.stack, zip(*rows, strict=True))) if rows else empty)]


def loop(params: dict, operands: list) -> list:
    a, b = params["cond_nconsts"], params["body_nconsts"]
    asked, done, state = operands[:a], operands[a : a + b], operands[a + b :]
    while bool(interpret(params["cond_jaxpr"], [*asked, *state], by_numpy)[0]):
        state = interpret(params["body_jaxpr"], [*done, *state], by_numpy)
    return state
