"""Are two traced programs the same? Python's own `if` on a size takes one branch at a trace: other sizes may differ.

A program is compared as a tree of its computing operations; what only moves entries, and the way in which a size gets
into the program, as a number or as a symbol, is left out.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax._src.core import jaxprs_in_params
from jax.extend.core import Literal

from derivations.reading.sizes import as_size

MOVES = {"broadcast_in_dim", "reshape", "squeeze", "expand_dims", "convert_element_type", "copy", "copy_p"}
CALLS = {"jit", "pjit", "closed_call", "custom_jvp_call", "custom_vjp_call", "custom_vjp_call_jaxpr", "checkpoint"}
COUNTED = {
    "add": lambda a, b: a + b,
    "sub": lambda a, b: a - b,
    "mul": lambda a, b: a * b,
    "max": max,
    "min": min,
    "lt": lambda a, b: a < b,
    "gt": lambda a, b: a > b,
    "ge": lambda a, b: a >= b,
    "le": lambda a, b: a <= b,
    "eq": lambda a, b: a == b,
}


def skeleton(jaxpr: Any, consts: Sequence[Any], inputs: Sequence[Any], sizes: Mapping[str, int]) -> list[Any]:
    """What each output is computed by, at these sizes."""
    known: dict[Any, Any] = dict(zip(jaxpr.constvars, map(constant, consts), strict=True))
    known.update(zip(jaxpr.invars, inputs, strict=True))

    def value(v: Any) -> Any:
        return constant(v.val) if isinstance(v, Literal) else known[v]

    for e in jaxpr.eqns:
        name, xs = e.primitive.name, [value(v) for v in e.invars]
        if name in CALLS:
            inner = e.params.get("jaxpr") or e.params.get("call_jaxpr") or e.params.get("fun_jaxpr")
            out = skeleton(getattr(inner, "jaxpr", inner), getattr(inner, "consts", ()), xs, sizes)
        elif name == "dim_as_value":
            out = [float(number(e.params["dim"], sizes))]
        elif name in MOVES:
            out = [xs[0]]
        elif name in COUNTED and all(isinstance(x, float) for x in xs):
            out = [float(COUNTED[name](*xs))]
        elif name == "select_n" and isinstance(xs[0], float):
            out = [xs[1 + int(xs[0])]]
        elif name in ("mul", "add") and (1.0 if name == "mul" else 0.0) in xs:
            out = [xs[1] if xs[0] == (1.0 if name == "mul" else 0.0) else xs[0]]
        elif name == "concatenate" and all(isinstance(x, float) for x in xs):
            out = [tuple(xs)]
        elif name in ("slice", "gather", "dynamic_slice") and (cut := window(e, xs, sizes)) is not None:
            out = [hash(cut)] if cut[2] != cut[3] else [xs[0]]
        else:
            node = (name, written(e.params, sizes), tuple(xs))
            out = [hash((node, n)) for n in range(len(e.outvars))]
        known.update(zip(e.outvars, out, strict=True))
    return [value(v) for v in jaxpr.outvars]


def window(e: Any, xs: Sequence[Any], sizes: Mapping[str, int]) -> tuple | None:
    """What is cut out at places that are known, however it is written; None if it is something else."""
    shape = [number(d, sizes) for d in e.invars[0].aval.shape]
    p = e.params
    if e.primitive.name == "slice":
        starts = [number(d, sizes) for d in p["start_indices"]]
        if any(s != 1 for s in p["strides"] or ()):
            return None
        lengths = [number(d, sizes) - s for d, s in zip(p["limit_indices"], starts, strict=True)]
    elif e.primitive.name == "dynamic_slice":
        if not all(isinstance(x, float) for x in xs[1:]):
            return None
        starts, lengths = [int(x) for x in xs[1:]], [number(d, sizes) for d in p["slice_sizes"]]
    else:
        g = p["dimension_numbers"]
        given = xs[1] if isinstance(xs[1], tuple) else (xs[1],)
        if not all(isinstance(x, float) for x in given) or len(e.invars[1].aval.shape) != 1 or g.operand_batching_dims:
            return None
        given = given * len(g.start_index_map) if len(given) == 1 else given
        places = dict(zip(g.start_index_map, map(int, given), strict=True))
        starts = [places.get(d, 0) for d in range(len(shape))]
        lengths = [number(d, sizes) for d in p["slice_sizes"]]
    return ("window", xs[0], tuple(zip(starts, lengths, strict=True)), tuple((0, d) for d in shape))


def constant(value: Any) -> Any:
    if jnp.issubdtype(getattr(value, "dtype", np.float32), jax.dtypes.prng_key):
        return str(jax.random.key_data(value))
    if np.ndim(value) == 0:
        return (
            float(value)
            if np.issubdtype(np.asarray(value).dtype, np.number) or np.asarray(value).dtype == bool
            else str(value)
        )
    return hash((np.shape(value), np.asarray(value).tobytes()))


def number(d: Any, sizes: Mapping[str, int]) -> int:
    e = as_size(d)
    return int(e.subs({s: sizes[s.name] for s in e.free_symbols}))


# parameters that say how large something is, or how it is computed, but not what
SILENT = {"shape", "sharding", "out_sharding", "new_sizes", "precision", "preferred_element_type", "accuracy", "name"}
SILENT |= {"dtype", "weak_type", "new_dtype", "indices_are_sorted", "unique_indices", "jvp", "bwd", "fwd", "ctx_mesh"}


def written(params: Mapping[str, Any], sizes: Mapping[str, int]) -> str:
    return "; ".join(f"{k}={text(v, sizes)}" for k, v in sorted(params.items()) if k not in SILENT)


def text(value: Any, sizes: Mapping[str, int]) -> str:
    if hasattr(value, "eqns") or hasattr(value, "jaxpr"):
        inner = getattr(value, "jaxpr", value)
        marks = [f"#{n}" for n in range(len(inner.invars))]
        return str(skeleton(inner, getattr(value, "consts", ()), marks, sizes))
    if isinstance(value, tuple | list):
        return f"({', '.join(text(v, sizes) for v in value)})"
    if "DimExpr" in type(value).__name__:
        return str(number(value, sizes))
    return str(value)


def fits(jaxpr: Any, sizes: Mapping[str, int]) -> bool:
    """Can there be such a program at these sizes: is no size of an array below 0?"""
    shapes = (v.aval.shape for e in jaxpr.eqns for v in e.outvars)
    return all(number(d, sizes) >= 0 for shape in shapes for d in shape if not isinstance(d, int))


def keeps_elements(jaxpr: Any) -> bool:
    """Has each reshape as many elements after it as before? At symbolic sizes JAX does not ask."""
    for e in jaxpr.eqns:
        if e.primitive.name == "reshape":
            before, after = (math.prod(map(at_large, v.aval.shape)) for v in (e.invars[0], e.outvars[0]))
            if before != after:
                return False
        if not all(keeps_elements(inner) for inner in jaxprs_in_params(e.params)):
            return False
    return True


def at_large(d: Any) -> int:
    """A size where each symbol is another large number, with many divisors."""
    if not hasattr(d, "_evaluate"):
        return int(d)
    return int(d._evaluate({n: 5040 * (1 + sum(map(ord, n)) % 89) for n in d._get_vars()}))


def same(a: Any, b: Any, sizes: Mapping[str, int]) -> bool:
    """Do two traced programs compute the same at these sizes?"""
    marks = [f"x{n}" for n in range(len(a.jaxpr.invars))]
    left, right = (skeleton(p.jaxpr, p.consts, marks, sizes) for p in (a, b))
    return left == right
