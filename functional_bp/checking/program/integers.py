"""What a program does with its integers: how large an index may be, and with which numbers they are compared.

The program is run once, by NumPy, and watched: an operand that holds the numbers of an integer primal, as the starts of
a gather or beside an iota, tells the range; one that stands beside a constant tells a number that means something.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import jax
import numpy as np

from functional_bp.checking.program.run import by_numpy, interpret
from functional_bp.checking.question.points import Range

COMPARED = {"eq", "ne", "lt", "le", "gt", "ge"}


def ranges(closed: Any, floats: Sequence[np.ndarray], indices: Sequence[np.ndarray]) -> list[Range]:
    """Of each integer primal; nothing is known of one that the program hands on in another form."""
    found = [Range() for _ in indices]
    rng = np.random.default_rng(0)
    moved = [rng.permutation(a.ravel()).reshape(a.shape) for a in indices]  # an iota is not taken for such a one
    held = [a.ravel() if a.size and a.dtype.kind in "iu" else None for a in moved]

    def perform(equation: Any, operands: list) -> list:
        for i, numbers in enumerate(held):
            if numbers is not None:
                watch(equation, operands, numbers, found[i])
        return by_numpy(equation, operands)

    with np.errstate(all="ignore"):
        interpret(closed, [*map(np.asarray, floats), *moved], perform)
    return found


def watch(equation: Any, operands: list, numbers: np.ndarray, found: Range) -> None:
    name, params = equation.primitive.name, equation.params
    for axis, start, window in starts_of(name, params, operands):
        if holds(start, numbers):
            found.limit(operands[0].shape[axis] - window)
    if name in COMPARED:
        compared(name, *operands, numbers, found)


def starts_of(name: str, params: Any, operands: list) -> Iterator[tuple[int, Any, int]]:
    """The axes that are indexed: which, by what, and how much is taken there."""
    if name == "gather":
        for column, axis in enumerate(params["dimension_numbers"].start_index_map):
            yield axis, np.asarray(operands[1])[..., column], params["slice_sizes"][axis]
    elif name.startswith("scatter"):
        sizes = window(operands[0], operands[2], params["dimension_numbers"])
        for column, axis in enumerate(params["dimension_numbers"].scatter_dims_to_operand_dims):
            yield axis, np.asarray(operands[1])[..., column], sizes[axis]
    elif name == "dynamic_slice":
        for axis, start in enumerate(operands[1:]):
            yield axis, start, params["slice_sizes"][axis]


def window(x: Any, updates: Any, numbers: Any) -> list[int]:
    kept = iter(numbers.update_window_dims)
    dropped = (*numbers.inserted_window_dims, *numbers.operand_batching_dims)
    return [1 if axis in dropped else np.shape(updates)[next(kept)] for axis in range(np.ndim(x))]


def compared(name: str, a: Any, b: Any, numbers: np.ndarray, found: Range) -> None:
    for left, right in ((np.asarray(a), np.asarray(b)), (np.asarray(b), np.asarray(a))):
        if not holds(left, numbers) or right.dtype.kind not in "iu" or not right.size:
            continue
        values = np.unique(right)
        if len(values) > 1 and np.array_equal(values, np.arange(len(values))):  # beside an iota: one-hot, or lengths
            found.limit(len(values) - (name in ("eq", "ne")))
        elif len(values) == 1 and not (name == "lt" and values[0] == 0):  # that is how JAX reads negative indices
            c = int(values[0])
            found.named |= {c} if name in ("eq", "ne") else {c - 1, c}


def holds(a: Any, numbers: np.ndarray) -> bool:
    """Are these the numbers, in their order; or in any, where each was repeated?"""
    a = np.asarray(a)
    if a.dtype.kind not in "iu" or not a.size or a.size % numbers.size:
        return False
    if a.size == numbers.size:
        return np.array_equal(a.ravel(), numbers)
    return np.array_equal(np.sort(a, axis=None), np.repeat(np.sort(numbers), a.size // numbers.size))


def range_of(function: Any, floats: Sequence[np.ndarray], indices: Sequence[np.ndarray]) -> list[Range]:
    """`ranges` of a function of both; nothing is known of one that can't be traced."""
    if not any(a.dtype.kind in "iu" for a in indices):
        return [Range() for _ in indices]
    try:
        return ranges(jax.make_jaxpr(function)(list(floats), list(indices)), floats, indices)
    except Exception:  # whatever the program's own rules raise
        return [Range() for _ in indices]
