"""Which axes of a program's inputs are one size, by what its operations do with them: added, contracted, joined."""

from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any

import numpy as np

from functional_bp.checking.program.run import CALLS, by_numpy

Axis = tuple[Any, int]  # a variable of the program (or the number of an input), and its axis
Link = tuple[Axis, Axis]
INNER = {"jaxpr", "call_jaxpr", "branches", "cond_jaxpr", "body_jaxpr"}
MOST_CONSTANTS = 10_000  # numbers in a value that is looked at


class Sets:
    """Disjoint sets of axes; `join` makes one of two."""

    def __init__(self) -> None:
        self.parent: dict[Axis, Axis] = {}
        self.constants: dict[Any, np.ndarray] = {}  # values made of no input

    def root(self, axis: Axis) -> Axis:
        while (above := self.parent.get(axis, axis)) != axis:
            axis = above
        return axis

    def join(self, a: Axis, b: Axis) -> None:
        self.parent[self.root(a)] = self.root(b)


def linked(closed: Any) -> list[list[tuple[int, int]]]:
    """The axes of the inputs (their number, their axis), those of one size that the program brings together."""
    sets, jaxpr = Sets(), closed.jaxpr
    visit(jaxpr, sets)
    groups: dict[tuple[Axis, int], list[tuple[int, int]]] = {}
    for number, variable in enumerate(jaxpr.invars):
        for axis, size in enumerate(variable.aval.shape):
            groups.setdefault((sets.root((variable, axis)), size), []).append((number, axis))
    return list(groups.values())


def visit(jaxpr: Any, sets: Sets) -> None:
    for equation in jaxpr.eqns:
        keep_constants(equation, sets.constants)
        for a, b in [*links(equation, sets), *diagonals(equation, sets.constants)]:
            if not hasattr(a[0], "val") and not hasattr(b[0], "val") and size_of(a) == size_of(b):
                sets.join(a, b)


def keep_constants(equation: Any, known: dict[Any, np.ndarray]) -> None:
    """Its results, if they are small, made of no input, and by no inner program."""
    operands = [v.val if hasattr(v, "val") else known.get(v) for v in equation.invars]
    small = all(out.aval.size <= MOST_CONSTANTS for out in equation.outvars)
    if small and all(a is not None for a in operands) and not set(equation.params) & INNER:
        try:
            known.update(zip(equation.outvars, by_numpy(equation, operands), strict=True))
        except Exception:  # it draws random numbers, or asks for the platform
            return


def diagonals(equation: Any, known: dict[Any, np.ndarray]) -> Iterator[Link]:
    """Whoever makes an identity matrix, or takes x[i, i] for every i, means a square: a trace, pairs in a batch."""
    for out in equation.outvars:
        shape = out.aval.shape
        if out in known and len(shape) == 2 and shape[0] == shape[1] > 1 and np.array_equal(known[out], np.eye(*shape)):
            yield (out, 0), (out, 1)
    if equation.primitive.name == "gather" and not hasattr(equation.invars[1], "val"):
        x, starts = equation.invars
        axes, columns = equation.params["dimension_numbers"].start_index_map, known.get(starts, np.zeros((0, 0)))
        whole = [
            (x, axis)
            for axis, column in zip(axes, np.moveaxis(columns, -1, 0), strict=False)
            if x.aval.shape[axis] > 1 and np.array_equal(column.ravel(), np.arange(x.aval.shape[axis]))
        ]
        yield from pairwise(whole)


def size_of(axis: Axis) -> int:
    return axis[0].aval.shape[axis[1]]


def links(equation: Any, sets: Sets) -> Iterator[Link]:
    name, params = equation.primitive.name, equation.params
    operands, (out, *_) = equation.invars, (*equation.outvars, None)
    if CALLS.get(name) in params:
        yield from inner(params[CALLS[name]], operands, equation.outvars, sets)
    elif name == "scan":
        yield from of_a_scan(params, operands, equation.outvars, sets)
    elif name in RULES:
        yield from RULES[name](params, operands, out)
    else:
        yield from of_like_rank(operands, equation.outvars)


def alike(a: Any, b: Any) -> Iterator[Link]:
    return (((a, axis), (b, axis)) for axis in range(min(len(a.aval.shape), len(b.aval.shape))))


def inner(program: Any, operands: list, results: list, sets: Sets) -> Iterator[Link]:
    jaxpr = getattr(program, "jaxpr", program)
    visit(jaxpr, sets)
    for outside, within in (*zip(operands, jaxpr.invars, strict=True), *zip(results, jaxpr.outvars, strict=True)):
        yield from alike(outside, within)


def of_a_scan(params: Any, operands: list, results: list, sets: Sets) -> Iterator[Link]:
    """Constants and what is carried as they are; of what is scanned, without its leading axis."""
    jaxpr, fixed, carried = params["jaxpr"].jaxpr, params["num_consts"], params["num_carry"]
    visit(jaxpr, sets)
    scanned = [*operands[fixed + carried :], *results[carried:]]
    turns = [*jaxpr.invars[fixed + carried :], *jaxpr.outvars[carried:]]
    for outside, within in zip(operands[: fixed + carried], jaxpr.invars, strict=False):
        yield from alike(outside, within)
    for first, last in zip(jaxpr.invars[fixed : fixed + carried], jaxpr.outvars, strict=False):
        yield from alike(first, last)
    for outside, within in zip(results[:carried], jaxpr.outvars, strict=False):
        yield from alike(outside, within)
    for outside, within in zip(scanned, turns, strict=True):
        yield ((scanned[0], 0), (outside, 0))
        yield from (((outside, axis + 1), (within, axis)) for axis in range(len(within.aval.shape)))


def of_like_rank(operands: list, results: list) -> Iterator[Link]:
    """What has as many axes as the result keeps their order."""
    for out in results:
        for a in operands:
            if len(a.aval.shape) == len(out.aval.shape):
                yield from alike(a, out)


def reduced(params: Any, operands: list, out: Any) -> Iterator[Link]:
    kept = [axis for axis in range(len(operands[0].aval.shape)) if axis not in params["axes"]]
    return (((operands[0], axis), (out, place)) for place, axis in enumerate(kept))


def squeezed(params: Any, operands: list, out: Any) -> Iterator[Link]:
    return reduced({"axes": params["dimensions"]}, operands, out)


def broadcast(params: Any, operands: list, out: Any) -> Iterator[Link]:
    return (((operands[0], axis), (out, place)) for axis, place in enumerate(params["broadcast_dimensions"]))


def transposed(params: Any, operands: list, out: Any) -> Iterator[Link]:
    return (((operands[0], axis), (out, place)) for place, axis in enumerate(params["permutation"]))


def contracted(params: Any, operands: list, out: Any) -> Iterator[Link]:
    (left, right), (left_batch, right_batch) = params["dimension_numbers"]
    a, b = operands
    yield from (((a, i), (b, j)) for i, j in zip((*left, *left_batch), (*right, *right_batch), strict=True))
    free_a = [(a, i) for i in range(len(a.aval.shape)) if i not in (*left, *left_batch)]
    free_b = [(b, j) for j in range(len(b.aval.shape)) if j not in (*right, *right_batch)]
    of_out = [*((a, i) for i in left_batch), *free_a, *free_b]
    yield from ((axis, (out, place)) for place, axis in enumerate(of_out))


def reshaped(params: Any, operands: list, out: Any) -> Iterator[Link]:
    """Axes that keep their size and what stands before them."""
    a = operands[0]
    before = {product: axis for axis, product in products(a.aval.shape)}
    for place, product in products(out.aval.shape):
        if product in before and size_of((a, before[product])) == size_of((out, place)):
            yield (a, before[product]), (out, place)


def products(shape: tuple[int, ...]) -> Iterator[tuple[int, int]]:
    """Each axis longer than one with the product of the sizes before it."""
    product = 1
    for axis, size in enumerate(shape):
        if size > 1:
            yield axis, product
        product *= size


def joined(params: Any, operands: list, out: Any) -> Iterator[Link]:
    for a in operands:
        yield from (((a, axis), (out, axis)) for axis in range(len(out.aval.shape)) if axis != params["dimension"])


def gathered(params: Any, operands: list, out: Any) -> Iterator[Link]:
    """The starts' axes are the result's; of a window those that are whole."""
    numbers = params["dimension_numbers"]
    outer = [axis for axis in range(len(out.aval.shape)) if axis not in numbers.offset_dims]
    yield from (((operands[1], axis), (out, place)) for axis, place in enumerate(outer))
    dropped = (*numbers.collapsed_slice_dims, *numbers.operand_batching_dims)
    kept = [axis for axis in range(len(operands[0].aval.shape)) if axis not in dropped]
    yield from (((operands[0], axis), (out, place)) for axis, place in zip(kept, numbers.offset_dims, strict=True))
    batches = zip(numbers.operand_batching_dims, numbers.start_indices_batching_dims, strict=True)
    yield from (((operands[0], axis), (operands[1], other)) for axis, other in batches)


def scattered(params: Any, operands: list, out: Any) -> Iterator[Link]:
    x, starts, updates = operands
    numbers = params["dimension_numbers"]
    yield from alike(x, out)
    outer = [axis for axis in range(len(updates.aval.shape)) if axis not in numbers.update_window_dims]
    yield from (((starts, axis), (updates, place)) for axis, place in enumerate(outer))
    dropped = (*numbers.inserted_window_dims, *numbers.operand_batching_dims)
    kept = [axis for axis in range(len(x.aval.shape)) if axis not in dropped]
    yield from (((x, axis), (updates, place)) for axis, place in zip(kept, numbers.update_window_dims, strict=True))


def convolved(params: Any, operands: list, out: Any) -> Iterator[Link]:
    numbers, (x, kernel) = params["dimension_numbers"], operands
    yield (x, numbers.lhs_spec[0]), (out, numbers.out_spec[0])
    yield (x, numbers.lhs_spec[1]), (kernel, numbers.rhs_spec[1])
    yield (kernel, numbers.rhs_spec[0]), (out, numbers.out_spec[1])


RULES: dict[str, Callable[[Any, list, Any], Iterator[Link]]] = {
    **dict.fromkeys(
        ("reduce_sum", "reduce_prod", "reduce_max", "reduce_min", "reduce_and", "reduce_or", "argmax", "argmin"),
        reduced,
    ),
    **dict.fromkeys(("scatter", "scatter-add", "scatter-mul", "scatter-max", "scatter-min"), scattered),
    "squeeze": squeezed,
    "broadcast_in_dim": broadcast,
    "transpose": transposed,
    "dot_general": contracted,
    "reshape": reshaped,
    "concatenate": joined,
    "gather": gathered,
    "conv_general_dilated": convolved,
}
