"""JAX's operations as NumPy has them: `RULES[primitive](params, *operands)`, for small arrays at many shapes."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from functional_bp.checking.program import gathering

ERF = np.vectorize(math.erf, otypes=["float64"])


def elementwise(function: Callable) -> Callable:
    return lambda params, *operands: function(*operands)


def reduced(function: Callable) -> Callable:
    return lambda params, x: function(x, axis=tuple(params["axes"]))


def cumulated(function: Callable) -> Callable:
    def rule(params: Any, x: Any) -> Any:
        axis = params["axis"]
        return np.flip(function(np.flip(x, axis), axis=axis), axis) if params["reverse"] else function(x, axis=axis)

    return rule


def logistic(x: Any) -> Any:
    return np.where(x >= 0, 1 / (1 + np.exp(-np.abs(x))), np.exp(-np.abs(x)) / (1 + np.exp(-np.abs(x))))


def select(params: Any, which: Any, *cases: Any) -> Any:
    if which.ndim == 0:
        return cases[int(which)]
    if len(cases) == 2:
        return np.where(which.astype(bool), cases[1], cases[0])
    return np.choose(which, cases)


def broadcast(params: Any, x: Any, *_: Any) -> Any:
    shape, places = params["shape"], params["broadcast_dimensions"]
    spread = [1] * len(shape)
    for axis, place in enumerate(places):
        spread[place] = x.shape[axis]
    return np.broadcast_to(x.reshape(spread), shape)


def dot_general(params: Any, a: Any, b: Any) -> Any:
    (left, right), (left_batch, right_batch) = params["dimension_numbers"]
    if not left_batch:
        return np.tensordot(a, b, (left, right))
    names_a, names_b = list(range(a.ndim)), list(range(a.ndim, a.ndim + b.ndim))
    for i, j in zip((*left, *left_batch), (*right, *right_batch), strict=True):
        names_b[j] = names_a[i]
    free_a = [n for i, n in enumerate(names_a) if i not in (*left, *left_batch)]
    free_b = [n for j, n in enumerate(names_b) if j not in (*right, *right_batch)]
    return np.einsum(a, names_a, b, names_b, [*(names_a[i] for i in left_batch), *free_a, *free_b], optimize=True)


def cut(params: Any, x: Any) -> Any:
    strides = params["strides"] or [1] * x.ndim
    return x[tuple(map(slice, params["start_indices"], params["limit_indices"], strides))]


def pad(params: Any, x: Any, value: Any) -> Any:
    config = params["padding_config"]
    inner = np.full([n + max(0, n - 1) * gap for n, (_, _, gap) in zip(x.shape, config, strict=True)], value, x.dtype)
    inner[tuple(slice(None, None, gap + 1) for _, _, gap in config)] = x
    grown = np.pad(inner, [(max(0, low), max(0, high)) for low, high, _ in config], constant_values=value)
    ends = [n + min(0, high) for n, (_, high, _) in zip(grown.shape, config, strict=True)]
    return grown[tuple(slice(max(0, -low), end) for (low, _, _), end in zip(config, ends, strict=True))]


def dynamic_slice(params: Any, x: Any, *starts: Any) -> Any:
    sizes = params["slice_sizes"]
    first = [int(np.clip(s, 0, n - size)) for s, n, size in zip(starts, x.shape, sizes, strict=True)]
    return x[tuple(slice(s, s + size) for s, size in zip(first, sizes, strict=True))]


def dynamic_update_slice(params: Any, x: Any, new: Any, *starts: Any) -> Any:
    first = [int(np.clip(s, 0, n - m)) for s, n, m in zip(starts, x.shape, new.shape, strict=True)]
    changed = np.array(x)
    changed[tuple(slice(s, s + m) for s, m in zip(first, new.shape, strict=True))] = new
    return changed


def clamp(params: Any, low: Any, x: Any, high: Any) -> Any:
    return np.minimum(np.maximum(x, low), high)


def iota(params: Any, *_: Any) -> Any:
    shape, axis = params["shape"], params["dimension"]
    return np.broadcast_to(np.arange(shape[axis]).reshape([-1 if a == axis else 1 for a in range(len(shape))]), shape)


def divide(params: Any, a: Any, b: Any) -> Any:
    if not np.issubdtype(np.asarray(a).dtype, np.integer):
        return a / b
    safe = np.where(b == 0, 1, b)
    return np.where(b == 0, -1, np.trunc(a / safe).astype(a.dtype))


RULES: dict[str, Callable] = {
    **gathering.RULES,
    "add": elementwise(np.add), "add_any": elementwise(np.add), "sub": elementwise(np.subtract),
    "mul": elementwise(np.multiply), "div": divide, "neg": elementwise(np.negative), "abs": elementwise(np.abs),
    "sign": elementwise(np.sign), "max": elementwise(np.maximum), "min": elementwise(np.minimum),
    "exp": elementwise(np.exp), "exp2": elementwise(np.exp2), "log": elementwise(np.log),
    "log1p": elementwise(np.log1p), "expm1": elementwise(np.expm1), "sin": elementwise(np.sin),
    "cos": elementwise(np.cos), "tan": elementwise(np.tan), "tanh": elementwise(np.tanh),
    "sinh": elementwise(np.sinh), "cosh": elementwise(np.cosh), "atan": elementwise(np.arctan),
    "asin": elementwise(np.arcsin), "acos": elementwise(np.arccos), "atan2": elementwise(np.arctan2),
    "sqrt": elementwise(np.sqrt), "rsqrt": elementwise(lambda x: 1 / np.sqrt(x)), "cbrt": elementwise(np.cbrt),
    "square": elementwise(np.square), "logistic": elementwise(logistic), "pow": elementwise(np.power),
    "erf": elementwise(ERF), "floor": elementwise(np.floor), "ceil": elementwise(np.ceil),
    "is_finite": elementwise(np.isfinite), "not": elementwise(np.invert),
    "eq": elementwise(np.equal), "ne": elementwise(np.not_equal), "lt": elementwise(np.less),
    "le": elementwise(np.less_equal), "gt": elementwise(np.greater), "ge": elementwise(np.greater_equal),
    "and": elementwise(np.bitwise_and), "or": elementwise(np.bitwise_or), "xor": elementwise(np.bitwise_xor),
    "copy": elementwise(np.asarray), "stop_gradient": elementwise(np.asarray),
    "rem": elementwise(np.fmod), "shift_right_logical": elementwise(np.right_shift),
    "real": elementwise(np.real), "imag": elementwise(np.imag), "conj": elementwise(np.conj),
    "integer_pow": lambda params, x: np.power(x, float(params["y"])) if x.dtype.kind == "f" else x ** params["y"],
    "convert_element_type": lambda params, x: x.astype(params["new_dtype"]),
    "reshape": lambda params, x, *_: x.reshape(params["new_sizes"]),
    "squeeze": lambda params, x: np.squeeze(x, tuple(params["dimensions"])),
    "transpose": lambda params, x: np.transpose(x, params["permutation"]),
    "rev": lambda params, x: np.flip(x, tuple(params["dimensions"])),
    "concatenate": lambda params, *parts: np.concatenate(parts, axis=params["dimension"]),
    "reduce_sum": reduced(np.sum), "reduce_prod": reduced(np.prod), "reduce_max": reduced(np.max),
    "reduce_min": reduced(np.min), "reduce_and": reduced(np.all), "reduce_or": reduced(np.any),
    "argmax": lambda params, x: np.argmax(x, axis=params["axes"][0]),
    "argmin": lambda params, x: np.argmin(x, axis=params["axes"][0]),
    "cumsum": cumulated(np.cumsum), "cumprod": cumulated(np.cumprod), "cummax": cumulated(np.maximum.accumulate),
    "select_n": select, "broadcast_in_dim": broadcast, "dot_general": dot_general, "slice": cut, "pad": pad,
    "dynamic_slice": dynamic_slice, "dynamic_update_slice": dynamic_update_slice, "clamp": clamp, "iota": iota,
}  # fmt: skip
