"""A cell over time."""

from collections.abc import Callable
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import PRNGKeyArray

from functional_bp.jacobians import LinearMap, Unrolled
from functional_bp.jacobians.linear import linear_map
from functional_bp.jacobians.scan import Steps, scan, zeros_as
from functional_bp.networks.chain import chain
from functional_bp.networks.layer import Layer
from functional_bp.networks.parallel import parallel


def unroll(cell: Layer, chunk: int | None = None) -> Layer:
    """(s_t, y_t) = f(θ, (s_t−1, x_t)) for t = 1 … T: ((s_0, x) ↦ (s_T, y)), time first; J is an `Unrolled`.

    x and y are trees of arrays "T …". The weights' gradients are one product after every `chunk` steps, or after all:
    a small chunk holds less, a large one multiplies larger matrices.
    """

    def apply(params: Any, x: Any, key: PRNGKeyArray | None = None) -> tuple[Any, Unrolled]:
        T = jax.tree.leaves(x[1])[0].shape[0]

        def step(state: Any, at: Any) -> Any:
            x_t, t = at
            (state, y), J = cell.apply(params, (state, x_t), None if key is None else jax.random.fold_in(key, t))
            return state, (y, J)

        try:
            state, (y, J) = scan(step, x[0], (x[1], jnp.arange(T)), T)
        except ValueError as error:
            raise ValueError(f"unroll({cell.name}): {error}") from error
        return (state, y), Unrolled(Steps(J, T), chunk)

    return Layer(cell.init, apply, f"unroll({cell.name})")


def recurrent(cell: Layer, chunk: int | None = None, reverse: bool = False) -> Layer:
    """x "*batch T n" ↦ y "*batch T m": the cell from a state of zeros, from the last step on if `reverse`."""
    if cell.state is None:
        raise ValueError(f"recurrent: {cell.name} is no cell: a Layer with a `state`")
    return chain(
        partial(begun, cell.state, reverse),
        unroll(cell, chunk),
        partial(ended, reverse),
        name=f"recurrent({cell.name})",
    )


def bidirectional(forth: Layer, back: Layer, chunk: int | None = None) -> Layer:
    """x "*batch T n" ↦ y "*batch T (m + m′)": one cell from the first step on, one from the last, side by side."""
    both = parallel(recurrent(forth, chunk), recurrent(back, chunk, reverse=True))
    return chain(both, concatenate, name=f"bidirectional({forth.name}, {back.name})")


def begun(state: Callable[[Any], Any], reverse: bool, x: Any) -> tuple[Any, LinearMap]:
    """(0, x_1 … x_T), time first."""

    def time_first(x: Any) -> Any:
        steps = jnp.moveaxis(x, -2, 0)
        first = steps[0] if len(steps) else jnp.zeros(steps.shape[1:], x.dtype)
        return state(first), steps[::-1] if reverse else steps

    def back(bar: Any) -> Any:
        return jnp.moveaxis(bar[1][::-1] if reverse else bar[1], 0, -2)

    return linear_map(time_first, back, x, x.ndim)


def ended(reverse: bool, state_y: Any) -> tuple[Any, LinearMap]:
    """y "*batch T m" of (s_T, y_1 … y_T)."""

    states = jax.eval_shape(lambda state: state, state_y[0])

    def batch_first(state_y: Any) -> Any:
        return jnp.moveaxis(state_y[1][::-1] if reverse else state_y[1], 0, -2)

    def back(bar: Any) -> Any:
        steps = jnp.moveaxis(bar, -2, 0)
        return jax.tree.map(zeros_as, states), steps[::-1] if reverse else steps

    return linear_map(batch_first, back, state_y, None)


def concatenate(parts: tuple[Any, ...]) -> tuple[Any, LinearMap]:
    """Arrays joined along their last axis."""
    ends = [sum(part.shape[-1] for part in parts[: k + 1]) for k in range(len(parts) - 1)]
    return linear_map(lambda parts: jnp.concatenate(parts, -1), lambda bar: tuple(jnp.split(bar, ends, -1)), parts)
