"""Faults that can be seen without computing a derivative: number, tree, shape and dtype of the cotangents."""

from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.core import Tracer

from functional_bp.checking.question.problem import Leaf, Problem


@dataclass(frozen=True)
class Fault:
    """What is wrong with the cotangent of one leaf (or of all, `leaf=None`), and the value that came."""

    leaf: Leaf | None
    kind: str  # "number", "tree", "shape", "dtype", "type", "raised"
    text: str
    value: np.ndarray | None = None


def align(problem: Problem, result: Any, floats: list[Any]) -> tuple[list[Fault], list[Any]]:
    """The cotangents in the order of the float leaves (None where faulty), and the faults found."""
    children = problem.treedef.children()
    if problem.bare and len(children) == 1 and comes_bare(result, children[0]):
        result = (result,)
    if not isinstance(result, tuple | list):
        text = f"the backward must return a tuple, one cotangent per primal; it returned {kind_of(result)}"
        return [Fault(None, "tree", text)], [None] * len(problem.float_leaves)
    if len(result) != len(children):
        plural = "" if len(children) == 1 else "s"
        text = f"the backward returned {len(result)} cotangents for {len(children)} primal{plural}"
        return [Fault(None, "number", text)], [None] * len(problem.float_leaves)
    faults, cotangents, values = [], [], iter(floats)
    for position, (child, part) in enumerate(zip(children, result, strict=True)):
        leaves = [leaf for leaf in problem.leaves if leaf.position == position]
        for leaf, cotangent in zip(leaves, flatten(child, leaves, part, faults), strict=True):
            if leaf.kind == "float":
                cotangents.append(fit(leaf, cotangent, next(values), faults))
            elif leaf.kind == "index":
                fit_index(leaf, cotangent, faults)
    return faults, cotangents


def nones(problem: Problem, result: Any) -> set[str]:
    """The names of the float leaves for which None came, in the place of zeros."""
    result = (result,) if not isinstance(result, tuple | list) else result
    found = set()
    for position, (child, part) in enumerate(zip(problem.treedef.children(), result, strict=False)):
        leaves = [leaf for leaf in problem.leaves if leaf.position == position]
        parts = flatten(child, leaves, part, [])
        found |= {leaf.name for leaf, c in zip(leaves, parts, strict=True) if c is None and leaf.kind == "float"}
    return found


def comes_bare(result: Any, child: Any) -> bool:
    """A single primal's cotangent without its tuple: of the primal's own tree, or no sequence at all."""
    try:
        return not isinstance(result, tuple | list) or jax.tree.structure(result) == child
    except (ValueError, TypeError):
        return True


def flatten(treedef: Any, leaves: list[Leaf], part: Any, faults: list[Fault]) -> list[Any]:
    """One entry per leaf of a primal; SKIP for all of them after a fault of the tree."""
    if part is None:
        return [None] * len(leaves)
    try:
        return treedef.flatten_up_to(part)
    except (ValueError, TypeError):
        text = f"{leaves[0].argument}: the cotangent has another tree than the primal ({difference(treedef, part)})"
        faults.append(Fault(leaves[0], "tree", text))
        return [SKIP] * len(leaves)


def difference(treedef: Any, part: Any) -> str:
    """What JAX says of the two trees, with ∗ for each array."""
    try:
        treedef.flatten_up_to(jax.tree.map(lambda _: Array(), part))
    except (ValueError, TypeError) as error:
        return first_line(error).rstrip(".")
    return str(jax.tree.structure(part))[:200]


class Array:
    def __repr__(self) -> str:
        return "∗"


SKIP = object()


def fit(leaf: Leaf, cotangent: Any, primal: Any, faults: list[Fault]) -> Any:
    """The cotangent as an array of the primal's shape, zeros for None; or None and a fault."""
    if cotangent is SKIP:
        return None
    if cotangent is None:  # stands for zero, as in JAX
        return jnp.zeros(primal.shape, primal.dtype)
    array = to_array(cotangent)
    if array is None or not jnp.issubdtype(array.dtype, jnp.number):
        text = f"{leaf.name}: the cotangent must be a float array of shape {primal.shape}; {kind_of(cotangent)} came"
        faults.append(Fault(leaf, "type", text))
        return None
    if array.shape != primal.shape:
        text = f"{leaf.name}: the cotangent has shape {array.shape}, the primal {primal.shape}"
        concrete = None if isinstance(array, Tracer) else np.asarray(array)
        faults.append(Fault(leaf, "shape", text, concrete))
        return None
    if array.dtype != primal.dtype and not is_harmless(cotangent, array.dtype, primal.dtype):
        text = f"{leaf.name}: the cotangent has dtype {array.dtype}, the primal {primal.dtype}: changed on the way"
        concrete = None if isinstance(array, Tracer) else np.asarray(array)
        faults.append(Fault(leaf, "dtype", text, concrete))
        return None
    return array


def is_harmless(cotangent: Any, came: Any, expected: Any) -> bool:
    """NumPy and PyTorch results, and Python numbers, may be wider than the primal: JAX casts them back."""
    foreign = not isinstance(cotangent, jax.Array | Tracer)
    return foreign and jnp.promote_types(came, expected) == came


def fit_index(leaf: Leaf, cotangent: Any, faults: list[Fault]) -> None:
    """Integers and booleans have no cotangent: None, float0 or zeros are all accepted."""
    if cotangent is SKIP or cotangent is None:
        return
    array = to_array(cotangent)
    if array is None:
        text = f"{leaf.name}: None or float0 is due for an integer primal; {kind_of(cotangent)} came"
        faults.append(Fault(leaf, "type", text))


def to_array(value: Any) -> Any:
    """A JAX or NumPy array as it is; else through `__array__` or DLPack; None for what is no array."""
    if isinstance(value, jax.Array | np.ndarray | Tracer):
        return value
    if isinstance(value, bool | str | bytes):
        return None
    for convert in (np.asarray, jnp.from_dlpack, lambda v: np.asarray(v.detach())):
        try:
            array = convert(value)
        except KeyboardInterrupt:
            raise
        except BaseException:  # a hostile __array__ is a fault of the value, not of the check
            continue
        if jnp.issubdtype(array.dtype, jnp.number):
            return array
    return None


def kind_of(value: Any) -> str:
    return "None" if value is None else f"a {type(value).__name__}"


def first_line(error: BaseException) -> str:
    """The error's first line, safe against a hostile `__str__`."""
    try:
        lines = str(error).strip().splitlines()
    except Exception:
        lines = []
    return (lines[0] if lines else type(error).__name__)[:200]
