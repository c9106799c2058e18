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


ROUNDING = {
    "add", "sub", "mul", "div", "exp", "exp2", "log", "log1p", "expm1", "tanh", "logistic", "sqrt", "rsqrt", "pow",
    "square", "integer_pow", "sin", "cos", "erf", "dot_general", "reduce_sum", "reduce_prod", "cumsum", "cumprod",
    "cumlogsumexp", "add_any", "conv_general_dilated", "scatter-add",
}  # fmt: skip


def largest_factor(function: Callable, *arguments: Any) -> float:
    """The largest number that the program multiplies; of a product of many, the root of that of the numbers above 1."""
    found = [0.0]

    def visit(equation: Any, operands: list, results: list) -> list:
        found.append(factor(equation, operands))
        return results

    run(jax.make_jaxpr(function)(*arguments), jax.tree.leaves(arguments), visit)
    return max(found)


def factor(equation: Any, operands: list) -> float:
    name, sizes = equation.primitive.name, [np.abs(np.asarray(a)) for a in operands]
    if name in ("mul", "dot_general", "square", "integer_pow"):
        return max(float(a.max(initial=0)) for a in sizes)
    if name in ("reduce_prod", "cumprod"):
        axes = equation.params.get("axes", equation.params.get("axis"))
        return float(np.maximum(sizes[0], 1).prod(axis=axes).max(initial=0)) ** 0.5
    return 0.0


def rounded(closed: Any, arguments: Any, size: float, info: Any, rng: np.random.Generator) -> list:
    """The program's outputs when each result that is rounded is wrong by a random share of up to `size`.

    `info` is the dtype's `finfo`. Of what is smaller than its smallest normal number, by such a share of that: there
    its numbers have gaps. In half precision only that: a few of its roundings are granted anyway, and they are large.
    """
    normal = float(info.eps < 1e-5)

    def visit(equation: Any, operands: list, results: list) -> list:
        if equation.primitive.name not in ROUNDING:
            return results
        sizes = [
            np.where(np.abs(a) < info.tiny, float(info.tiny), normal * np.abs(a)) for a in map(np.asarray, results)
        ]
        return [np.asarray(a) + size * s * rng.uniform(-1, 1, a.shape) for a, s in zip(results, sizes, strict=True)]

    return run(closed, jax.tree.leaves(arguments), visit)


def run(closed: Any, arguments: list, visit: Callable[[Any, list, list], list]) -> list:
    """The program's outputs, equation by equation, each seen by `visit(equation, operands, results)` → results."""
    values = dict(zip([*closed.jaxpr.constvars, *closed.jaxpr.invars], [*closed.consts, *arguments], strict=True))
    for equation in closed.jaxpr.eqns:
        operands = [v.val if hasattr(v, "val") else values[v] for v in equation.invars]
        if equation.primitive.name in ("jit", "pjit"):
            results = run(equation.params["jaxpr"], operands, visit)
        else:
            results = equation.primitive.bind(*operands, **equation.primitive.get_bind_params(equation.params))
            results = visit(equation, operands, results if equation.primitive.multiple_results else [results])
        values.update(zip(equation.outvars, results, strict=True))
    return [v.val if hasattr(v, "val") else values[v] for v in closed.jaxpr.outvars]
