"""What a traced program tells before it runs: the constants it compares with, and whether it is smooth."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
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


OWN_DERIVATIVE = {"custom_jvp_call", "custom_vjp_call", "stop_gradient"}


@dataclass(frozen=True)
class Inspection:
    """Smooth: no operation with a kink. Declared: some derivative is declared, not derived, and may be another's."""

    smooth: bool = False
    declared: bool = True
    constants: tuple[float, ...] = ()


def inspect_program(function: Callable, *arguments: Any) -> Inspection:
    """What the program's operations tell; of one that cannot be traced, nothing."""
    try:
        jaxpr = jax.make_jaxpr(function)(*arguments).jaxpr
    except Exception:  # a program that cannot be traced tells nothing
        return Inspection()
    found, constants = list(equations(jaxpr)), set()
    for equation in found:
        if equation.primitive.name in CARRIES_CONSTANTS:
            for variable in equation.invars:
                value = getattr(variable, "val", None)
                if value is not None and np.ndim(value) == 0 and np.asarray(value).dtype != bool:
                    constants.add(float(value))
    used = {equation.primitive.name for equation in found}
    near = sorted((c for c in constants if 1e-3 < abs(c) < 1e3), key=abs)
    return Inspection(not used & NONSMOOTH, bool(used & OWN_DERIVATIVE), tuple(near[:4]))
