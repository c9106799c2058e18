"""What a traced program tells before it runs: the constants it compares with, and whether it is smooth."""

from collections.abc import Callable, Iterator
from typing import Any

import jax
import numpy as np

NONSMOOTH = {
    "max", "min", "clamp", "abs", "sign", "select_n", "sort", "argmax", "argmin", "reduce_max", "reduce_min",
    "floor", "ceil", "round", "cummax", "cummin", "top_k", "gt", "ge", "lt", "le", "eq", "ne", "cond", "while",
    "reduce_window_max", "reduce_window", "pallas_call", "pure_callback", "rem", "custom_jvp_call", "custom_vjp_call",
}  # fmt: skip
CARRIES_CONSTANTS = {"max", "min", "clamp", "gt", "ge", "lt", "le", "eq", "ne", "jit", "pjit", "custom_jvp_call"}


def equations(jaxpr: Any) -> Iterator[Any]:
    """All equations, those of inner programs too."""
    for equation in jaxpr.eqns:
        yield equation
        for value in jax.tree.leaves(list(equation.params.values()), is_leaf=lambda v: hasattr(v, "eqns")):
            inner = getattr(value, "jaxpr", value)
            if hasattr(inner, "eqns"):
                yield from equations(inner)


def inspect_program(function: Callable, *arguments: Any) -> tuple[bool, list[float]]:
    """(smooth, constants compared with); what cannot be traced is taken for not smooth."""
    try:
        jaxpr = jax.make_jaxpr(function)(*arguments).jaxpr
    except Exception:  # noqa: BLE001 - a program that cannot be traced tells nothing
        return False, []
    found, constants = list(equations(jaxpr)), set()
    for equation in found:
        if equation.primitive.name in CARRIES_CONSTANTS:
            for variable in equation.invars:
                value = getattr(variable, "val", None)
                if value is not None and np.ndim(value) == 0 and np.issubdtype(np.asarray(value).dtype, np.floating):
                    constants.add(float(value))
    smooth = not any(equation.primitive.name in NONSMOOTH for equation in found)
    return smooth, sorted((c for c in constants if 1e-3 < abs(c) < 1e3), key=abs)[:4]
