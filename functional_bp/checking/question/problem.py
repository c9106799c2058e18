"""The question put to the checker: a forward, a claimed backward, and the primals to compare them at."""

import contextlib
import inspect
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from functional_bp.checking.limits import MOST_NUMBERS
from functional_bp.errors import InputError


@dataclass(frozen=True)
class Leaf:
    """One array of one primal: where it stands, and whether a cotangent is due (`float`) or not."""

    position: int
    argument: str
    path: str
    kind: str  # "float": differentiable; "index": integer, boolean or constant; "static": no array

    @property
    def name(self) -> str:
        return self.argument + self.path


@dataclass(frozen=True)
class Point:
    """One place to compare at: the arrays of the primals and the cotangent's, both as flat lists."""

    name: str
    floats: tuple[np.ndarray, ...]
    indices: tuple[np.ndarray, ...]
    y_bar: tuple[np.ndarray, ...]


@dataclass(frozen=True)
class Problem:
    """`forward(*primals)` and `backward(primals, y_bar)`, flattened: everything below speaks of lists of arrays.

    `constant` are the positions of primals for which no cotangent is due.
    """

    forward: Callable
    backward: Callable
    treedef: Any
    leaves: tuple[Leaf, ...]
    statics: tuple[Any, ...]
    bare: bool = False  # a single primal's cotangent may come without its tuple

    @property
    def identity(self) -> tuple:
        """What two equal problems share; hashable wherever the functions and the static primals are."""
        statics = tuple(map(comparable, self.statics))
        return self.forward, self.backward, self.treedef, self.leaves, statics, self.bare

    @property
    def float_leaves(self) -> list[Leaf]:
        return [leaf for leaf in self.leaves if leaf.kind == "float"]

    def primals(self, floats: Sequence[Any], indices: Sequence[Any]) -> tuple:
        """The primals as the forward takes them, made anew at each call: a backward may write into them."""
        parts = {"float": iter(floats), "index": iter(indices), "static": iter(self.statics)}
        return jax.tree.unflatten(self.treedef, [next(parts[leaf.kind]) for leaf in self.leaves])

    def output(self, floats: Sequence[Any], indices: Sequence[Any]) -> Any:
        """The forward's output; Python's own floats in it as arrays."""
        with contained("forward"):
            output = self.forward(*self.primals(floats, indices))
        return jax.tree.map(lambda y: np.asarray(y) if isinstance(y, float | complex) else y, output)

    def float_outputs(self, floats: Sequence[Any], indices: Sequence[Any]) -> list[Any]:
        return [y for y in jax.tree.leaves(self.output(floats, indices)) if is_float(y)]

    def claimed(self, floats: Sequence[Any], indices: Sequence[Any], y_bar: Sequence[Any], output: Any) -> Any:
        """What the backward returns, given the cotangent in the tree of the forward's output."""
        with contained("backward"):
            return self.backward(self.primals(floats, indices), cotangent_tree(output, y_bar))


@contextlib.contextmanager
def contained(where: str) -> Iterator[None]:
    """User code that calls sys.exit, or raises another BaseException, does not end the check."""
    try:
        yield
    except (Exception, KeyboardInterrupt, GeneratorExit):
        raise
    except BaseException as error:
        raise RuntimeError(f"{type(error).__name__} in the {where}") from error


def comparable(static: Any) -> Any:
    """A typed random key by its implementation and numbers, as it has no hash itself; anything else as it is."""
    if not is_key(static):
        return static
    return str(static.dtype), static.shape, np.asarray(jax.random.key_data(static)).tobytes()


def is_key(value: Any) -> bool:
    return isinstance(value, jax.Array) and jnp.issubdtype(value.dtype, jax.dtypes.prng_key)


def cotangent_tree(output: Any, y_bar: Sequence[Any]) -> Any:
    """ȳ in the tree of the output; integer outputs get JAX's float0 zeros, as a custom_vjp's bwd does."""
    parts = iter(y_bar)
    return jax.tree.map(lambda y: next(parts) if is_float(y) else np.zeros(np.shape(y), jax.dtypes.float0), output)


def is_float(x: Any) -> bool:
    return hasattr(x, "dtype") and jnp.issubdtype(x.dtype, jnp.inexact)


def pose(
    forward: Callable,
    backward: Callable,
    primals: tuple,
    names: Sequence[str] | None = None,
    constant: frozenset[int] = frozenset(),
    bare: bool = False,
    static: frozenset[int] = frozenset(),
) -> tuple[Problem, tuple[np.ndarray, ...], tuple[np.ndarray, ...]]:
    """The problem, and the given values of its float and index leaves."""
    if not callable(forward) or not callable(backward):
        culprit = "backward" if callable(forward) else "forward"
        raise InputError(f"check: {culprit} must be callable, got {type(locals()[culprit]).__name__}")
    names = tuple(map(str, names)) if names is not None else argument_names(forward, len(primals))
    if len(names) != len(primals):
        raise InputError(f"check: {len(primals)} primals but {len(names)} names {list(names)}")
    paths, treedef = jax.tree_util.tree_flatten_with_path(tuple(primals))
    total = sum(getattr(value, "size", 1) for _, value in paths)
    if total > MOST_NUMBERS:
        raise InputError(
            f"check: the primals hold {total:.2g} numbers, more than {MOST_NUMBERS:.0e}: give smaller ones"
        )
    leaves, floats, indices, statics = [], [], [], []
    for path, value in paths:
        position = path[0].idx
        array = None if position in static else as_array(value)
        due = array is not None and is_float(array) and position not in constant
        kind = "static" if array is None else "float" if due else "index"
        leaves.append(Leaf(position, names[position], jax.tree_util.keystr(path[1:]), kind))
        target = {"float": floats, "index": indices, "static": statics}[kind]
        target.append(value if kind == "static" else array)
    if not floats:
        raise InputError(f"check: no primal is a float array, so there is nothing to check; got {describe(primals)}")
    problem = Problem(forward, backward, treedef, tuple(leaves), tuple(statics), bare)
    return problem, tuple(floats), tuple(indices)


def as_array(value: Any) -> np.ndarray | None:
    """The value as NumPy array in the dtype JAX gives it, or None for what is no array: static."""
    if isinstance(value, bool | int | str | bytes) or callable(value) or value is None or is_key(value):
        return None
    try:
        array = np.asarray(value)
    except Exception:  # whatever cannot become an array is handed on as it is
        return None
    if not (jnp.issubdtype(array.dtype, jnp.number) or array.dtype == bool):
        return None
    return array.astype(jax.dtypes.canonicalize_dtype(array.dtype), copy=False)


def argument_names(forward: Callable, count: int) -> tuple[str, ...]:
    """The parameters' names where the signature tells them, else `argument 0`, `argument 1`, …"""
    fallback = tuple(f"argument {i}" for i in range(count))
    try:
        parameters = list(inspect.signature(forward).parameters.values())
    except (TypeError, ValueError):
        return fallback
    named = [p.name for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    return tuple(named[:count]) + fallback[len(named) :]


def describe(primals: tuple) -> str:
    return ", ".join(type(primal).__name__ for primal in primals) or "no primals"
