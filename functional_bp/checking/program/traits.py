"""What a traced program tells before it runs: the constants it compares with, and whether it is smooth."""

import dis
import inspect
import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from functional_bp.checking.program.run import run

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
    loops: bool = False


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
    return Inspection(
        not used & NONSMOOTH, bool(used & OWN_DERIVATIVE), tuple(near[:4]), bool(used & {"while", "scan"})
    )


def has_loops(function: Any, depth: int = 2) -> bool:
    """Is there a loop in the function's own code, in one inside it, or in one of its module's that it calls?"""
    function = inspect.unwrap(getattr(function, "func", function))
    code = getattr(function, "__code__", None)
    if code is None:
        return False
    codes = [code, *(c for c in code.co_consts if inspect.iscode(c))]
    if any(i.opname in ("FOR_ITER", "JUMP_BACKWARD") for c in codes for i in dis.get_instructions(c)):
        return True
    called = [function.__globals__.get(name) for c in codes for name in c.co_names]
    called += [cell.cell_contents for cell in function.__closure__ or () if not is_empty(cell)]
    return depth > 0 and any(has_loops(f, depth - 1) for f in called if inspect.isfunction(f))


STORES = {"STORE_GLOBAL", "STORE_ATTR", "STORE_DEREF"}


def keeps_state(function: Any) -> bool:
    """May the function keep something between two calls: in a name outside it, an object, a list that it holds?"""
    parts = [part for part in (getattr(function, "fwd", None), getattr(function, "bwd", None)) if callable(part)]
    if parts:
        return any(map(keeps_state, parts))
    function = inspect.unwrap(getattr(function, "func", function))
    code = getattr(function, "__code__", None)
    if code is None:
        return False
    outside = [cell.cell_contents for cell in function.__closure__ or () if not is_empty(cell)]
    outside += [*(function.__defaults__ or ()), *(function.__kwdefaults__ or {}).values()]
    held = [function.__globals__.get(name) for name in code.co_names]
    if any(isinstance(a, list | dict | set | bytearray) or hasattr(a, "__next__") for a in (*outside, *held)):
        return True
    if any(isinstance(a, np.random.Generator | np.random.RandomState) for a in (*outside, *held)):
        return True
    return any(i.opname in STORES for i in dis.get_instructions(code))


def is_empty(cell: Any) -> bool:
    try:
        return cell.cell_contents is cell
    except ValueError:
        return True


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


def rounded(closed: Any, arguments: Any, size: Any, seed: Any, info: Any) -> list:
    """The program's outputs when each result that is rounded is wrong by some share of up to `size`.

    `info` is the dtype's `finfo`. Of what is smaller than its smallest normal number, by such a share of that: there
    its numbers have gaps. In half precision only that: a few of its roundings are granted anyway, and they are large.
    """
    normal, count = float(info.eps < 1e-5), itertools.count(1)

    def noise(a: Any) -> Any:
        """Unlike numbers between −1 and 1; other ones for each result and seed."""
        return jnp.cos(seed * next(count) + 2.399963 * jnp.arange(a.size)).reshape(a.shape)

    def visit(equation: Any, operands: list, results: list) -> list:
        if equation.primitive.name not in ROUNDING:
            return results
        return [
            a + size * jnp.where(jnp.abs(a) < info.tiny, float(info.tiny), normal * jnp.abs(a)) * noise(a)
            if jnp.issubdtype(a.dtype, jnp.floating)
            else a
            for a in map(jnp.asarray, results)
        ]

    return run(closed, jax.tree.leaves(arguments), visit)
