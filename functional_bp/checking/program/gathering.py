"""JAX's gather and scatter by NumPy: for every element of a window, where in the operand it lies."""

from collections.abc import Callable
from typing import Any

import numpy as np


def places(
    starts: Any,
    shape: tuple[int, ...],
    window: Any,
    out_shape: tuple[int, ...],
    numbers: Any,
    windowed: Any,
    dropped: Any,
) -> tuple[tuple[np.ndarray, ...], np.ndarray]:
    """The operand's index for each element of the gathered (or scattered) array, and whether its window lies inside.

    `windowed` are the axes of that array that run through a window, `dropped` the operand's axes that have no such one.
    `numbers`: (operand axes that the starts are for, operand's batch axes, the starts' batch axes).
    """
    started, batch, starts_batch = numbers
    grid = np.indices(out_shape)
    outer = [grid[axis] for axis in range(len(out_shape)) if axis not in windowed]
    vectors = starts[tuple(outer)] if outer else np.broadcast_to(starts, (*out_shape, starts.shape[-1]))
    index = [np.zeros(out_shape, int) for _ in shape]
    inside = np.ones(out_shape, bool)
    for column, axis in enumerate(started):
        index[axis] = index[axis] + vectors[..., column]
        inside &= (vectors[..., column] >= 0) & (vectors[..., column] <= shape[axis] - window[axis])
    for axis, from_starts in zip(batch, starts_batch, strict=True):
        index[axis] = index[axis] + outer[from_starts]
    kept = [axis for axis in range(len(shape)) if axis not in (*dropped, *batch)]
    for axis, place in zip(kept, windowed, strict=True):
        index[axis] = index[axis] + grid[place]
    return tuple(index), inside


def clipped(starts: Any, shape: tuple[int, ...], window: Any, started: Any, mode: str) -> Any:
    if "fill" in mode.lower():
        return starts
    most = [shape[axis] - window[axis] for axis in started]
    return np.clip(starts, 0, most)


def gather(params: Any, x: Any, starts: Any) -> Any:
    d, window, mode = params["dimension_numbers"], params["slice_sizes"], str(params["mode"])
    dropped = d.collapsed_slice_dims
    kept = [n for axis, n in enumerate(window) if axis not in (*dropped, *d.operand_batching_dims)]
    outer = iter(starts.shape[:-1])
    rank = len(kept) + starts.ndim - 1
    inner = iter(kept)
    out_shape = tuple(next(inner) if axis in d.offset_dims else next(outer) for axis in range(rank))
    starts = clipped(starts, x.shape, window, d.start_index_map, mode)
    numbers = d.start_index_map, d.operand_batching_dims, d.start_indices_batching_dims
    index, inside = places(starts, x.shape, window, out_shape, numbers, d.offset_dims, dropped)
    if inside.all():
        return x[index]
    fill = params["fill_value"]
    if fill is None:
        fill = np.nan if np.issubdtype(x.dtype, np.inexact) else np.iinfo(x.dtype).min if x.dtype.kind == "i" else 1
    safe = tuple(np.where(inside, i, 0) for i in index)
    return np.where(inside, x[safe], np.asarray(fill, x.dtype))


def scatter(combine: Callable | None) -> Callable:
    """The operand with the updates put in, or combined with what is there."""

    def rule(params: Any, x: Any, starts: Any, updates: Any) -> Any:
        d, mode = params["dimension_numbers"], str(params["mode"])
        dropped = d.inserted_window_dims
        kept = iter(d.update_window_dims)
        window = [
            1 if axis in (*dropped, *d.operand_batching_dims) else updates.shape[next(kept)] for axis in range(x.ndim)
        ]
        starts = clipped(starts, x.shape, window, d.scatter_dims_to_operand_dims, mode)
        numbers = d.scatter_dims_to_operand_dims, d.operand_batching_dims, d.scatter_indices_batching_dims
        index, inside = places(starts, x.shape, window, updates.shape, numbers, d.update_window_dims, dropped)
        result, index = np.array(x), tuple(i[inside] for i in index)
        if combine is None:
            result[index] = updates[inside]
        else:
            combine.at(result, index, updates[inside])  # type: ignore[attr-defined]
        return result

    return rule


RULES: dict[str, Callable] = {
    "gather": gather,
    "scatter": scatter(None),
    "scatter-add": scatter(np.add),
    "scatter-mul": scatter(np.multiply),
    "scatter-max": scatter(np.maximum),
    "scatter-min": scatter(np.minimum),
}
