"""The question: is `backward(primals, y_bar)` = ȳ J for `forward(*primals)`? Trees are flattened at the door."""

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import export

from functional_bp.errors import InputError

Shape = tuple[Any, ...]  # of numbers and names of sizes


@dataclass(frozen=True)
class Leaf:
    """One array of one primal: its name, its shape and dtype at the example, and whether a cotangent is due."""

    name: str
    position: int
    shape: tuple[int, ...]
    dtype: Any
    due: bool

    @property
    def is_number(self) -> bool:
        return jnp.issubdtype(self.dtype, jnp.inexact)


@dataclass(frozen=True)
class Question:
    forward: Callable
    backward: Callable
    tree: Any
    statics: tuple[Any, ...]  # of each leaf None, or the value of what is no array
    leaves: tuple[Leaf, ...]
    example: tuple[Any, ...]
    title: str

    @property
    def due(self) -> list[Leaf]:
        return [leaf for leaf in self.leaves if leaf.due]

    def primals(self, arrays: Sequence[Any]) -> tuple:
        given = iter(arrays)
        return jax.tree.unflatten(self.tree, [next(given) if s is None else s[0] for s in self.statics])

    def outputs(self, *arrays: Any) -> list[Any]:
        """The float outputs, flat."""
        y = jax.tree.map(jnp.asarray, self.forward(*self.primals(arrays)))
        return [a for a in jax.tree.leaves(y) if jnp.issubdtype(a.dtype, jnp.inexact)]

    def cotangents(self, arrays: Sequence[Any], y_bars: Sequence[Any]) -> list[Any]:
        """What the backward gives for each leaf that is due one."""
        primals = self.primals(arrays)
        shapes = jax.eval_shape(lambda *a: jax.tree.map(jnp.asarray, self.forward(*self.primals(a))), *arrays)
        parts = iter(y_bars)
        y_bar = jax.tree.map(
            lambda y: next(parts) if jnp.issubdtype(y.dtype, jnp.inexact) else np.zeros(y.shape, jax.dtypes.float0),
            shapes,
        )
        claimed = self.backward(primals, y_bar)
        if len(primals) == 1 and not (type(claimed) is tuple and len(claimed) == 1):
            claimed = (claimed,)
        if not isinstance(claimed, tuple | list) or len(claimed) != len(primals):
            raise InputError(f"prove: the backward must return {len(primals)} cotangents, one for each primal")
        found = []
        for k, (leaf, x) in enumerate(zip(self.leaves, arrays, strict=True)):
            if leaf.due:
                x_bar = self.part(claimed, k)
                x_bar = jnp.zeros(x.shape, x.dtype) if x_bar is None else jnp.asarray(x_bar)
                if x_bar.shape != x.shape:
                    raise InputError(f"the cotangent of {leaf.name} has shape {x_bar.shape}, not {x.shape}")
                found.append(x_bar)
        return found

    def part(self, claimed: Sequence[Any], k: int) -> Any:
        """The cotangent at the place of the k-th array among the primals."""
        marks = self.primals(list(range(len(self.leaves))))
        for primal, x_bar in zip(marks, claimed, strict=True):
            places = list(jax.tree.leaves(primal))
            if k not in [m for m in places if isinstance(m, int)]:
                continue
            if x_bar is None:
                return None
            flat, own = jax.tree.flatten(x_bar, is_leaf=lambda a: a is None)
            wanted, tree = jax.tree.flatten(primal, is_leaf=lambda a: a is None)
            if len(flat) != len(wanted):
                raise InputError(f"the cotangent of {self.leaves[k].name} has the tree {own}, not {tree}")
            return flat[wanted.index(k)]
        return None

    def at(self, shapes: Sequence[Shape]) -> list[jax.ShapeDtypeStruct]:
        """The arrays at shapes with named sizes; "h*k" is a size, too."""
        text = sorted({str(d) for shape in shapes for d in shape if not isinstance(d, int)})
        sizes: Mapping[str, Any] = {}
        if text:
            sizes = dict(zip(text, export.symbolic_shape(", ".join(text).replace("**", "^")), strict=True))
        return [
            jax.ShapeDtypeStruct(tuple(d if isinstance(d, int) else sizes[str(d)] for d in shape), leaf.dtype)
            for leaf, shape in zip(self.leaves, shapes, strict=True)
        ]

    def trace_forward(self, structs: Sequence[Any]) -> Any:
        return jax.make_jaxpr(lambda *a: self.outputs(*a))(*structs)

    def trace_backward(self, structs: Sequence[Any], y_bars: Sequence[Any]) -> Any:
        n = len(structs)
        return jax.make_jaxpr(lambda *a: self.cotangents(a[:n], a[n:]))(*structs, *y_bars)


def ask(
    forward: Callable,
    backward: Callable,
    primals: tuple,
    names: Sequence[str] | None = None,
    constant: Sequence[int] = (),
    title: str = "",
) -> Question:
    """The question at example primals. Raises InputError if no cotangent is due."""
    names = tuple(names) if names is not None else parameter_names(forward, len(primals))
    if len(names) != len(primals):
        raise InputError(f"prove: {len(primals)} primals but {len(names)} names {list(names)}")
    paths, tree = jax.tree_util.tree_flatten_with_path(tuple(primals))
    leaves, statics, example = [], [], []
    for path, value in paths:
        array = as_array(value)
        statics.append(None if array is not None else (value,))
        if array is None:
            continue
        position = path[0].idx
        name = names[position] + jax.tree_util.keystr(path[1:])
        is_float = jnp.issubdtype(array.dtype, jnp.inexact)
        leaves.append(Leaf(name, position, array.shape, array.dtype, is_float and position not in constant))
        example.append(array)
    if not any(leaf.due for leaf in leaves):
        raise InputError("prove: no primal is a float array, so there is nothing to prove")
    return Question(forward, backward, tree, tuple(statics), tuple(leaves), tuple(example), title)


def as_array(value: Any) -> Any:
    """The array, or None for what is none: numbers that choose, strings, functions, keys."""
    if isinstance(value, bool | int | str | bytes) or callable(value) or value is None:
        return None
    dtype = getattr(value, "dtype", None)
    if dtype is not None and jnp.issubdtype(dtype, jax.dtypes.prng_key):
        return None
    try:
        array = np.asarray(value)
    except Exception:
        return None
    if not (np.issubdtype(array.dtype, np.number) or array.dtype == bool or jnp.issubdtype(array.dtype, jnp.number)):
        return None
    return array.astype(jax.dtypes.canonicalize_dtype(array.dtype), copy=False)


def parameter_names(forward: Callable, count: int) -> tuple[str, ...]:
    """The parameters' names where the signature tells them, else `argument 0`, …"""
    fallback = tuple(f"argument{i}" for i in range(count))
    try:
        parameters = list(inspect.signature(forward).parameters.values())
    except (TypeError, ValueError):
        return fallback
    named = [p.name for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    return tuple(named[:count]) + fallback[len(named) :]
