"""Equal layers one after another, and a cell over time: their Jacobians are stacked."""

from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from functional_bp.jacobians.base import Jacobian, Shape, static
from functional_bp.jacobians.scan import Steps, is_once, scan, sizes_of, stacked, zeros_as
from functional_bp.jacobians.shape import core
from functional_bp.jacobians.trees import add_trees
from functional_bp.jacobians.unsummed import is_unsummed, of_layers, summed, unsummed


class Stacked(NamedTuple):
    """Parameters of equal layers (or their cotangents, tangents, sizes): each array's first axis is the layers'."""

    layers: Any


class Repeated(Jacobian):
    """J of n equal layers one after another: y_bar @ J is the reverse scan (θ̄_k, ȳ_k−1) = ȳ_k @ J_k.

    `steps` are the layers' Jacobians; θ and θ̄ are `Stacked`.
    """

    steps: Steps

    @property
    def shape(self) -> Shape:
        batch, outputs, (params, x) = self.steps.step.shape
        return Shape(batch, outputs, (Stacked(sizes_of(params, (self.steps.length,))), x))

    def vjp(self, y_bar: Any) -> Any:
        def back(y_bar: Any, J: Jacobian) -> Any:
            params_bar, x_bar = y_bar @ J
            return x_bar, params_bar

        x_bar, params_bar = scan(back, y_bar, self.steps.tree, self.steps.length, reverse=True)
        return Stacked(of_layers(params_bar, self.steps.length)), x_bar

    def jvp(self, z_dot: Any) -> Any:
        def forth(y_dot: Any, at: Any) -> Any:
            J, params_dot = at
            return J @ (params_dot, y_dot), ()

        return scan(forth, z_dot[1], (self.steps.tree, z_dot[0].layers), self.steps.length)[0]

    def replace(self, node: str, factor: Any) -> "Repeated":
        return Repeated(Steps(self.steps.tree.replace(node, factor), self.steps.length))

    def __repr__(self) -> str:
        return f"Repeated({self.steps.length} × {type(self.steps.arrays).__name__})"


class Unrolled(Jacobian):
    """J of a cell over time, (s_0, x_1 … x_T) ↦ (s_T, y_1 … y_T): y_bar @ J walks back from the last step.

    (θ̄, (s̄_0, x̄_1 … x̄_T)) = (s̄_T, ȳ_1 … ȳ_T) @ J. All steps share θ: each step's cotangent is kept unsummed, and after
    every `chunk` steps (all of them, if None) summed in one product, as steps are only more examples.
    """

    steps: Steps
    chunk: int | None = static(default=None)

    @property
    def shape(self) -> Shape:
        """Time comes first and the batch after it, so that all of them are one example's."""
        shape = self.steps.step.shape
        (state, y), (_, (_, x)) = (core(sizes, shape, ()) for sizes in shape[1:])
        T = (self.steps.length,)
        return Shape((), (state, sizes_of(y, T)), (shape.inputs[0], (state, sizes_of(x, T))))

    def vjp(self, y_bar: Any) -> Any:
        T = self.steps.length
        chunk = max(min(self.chunk or T, T), 1)
        last = T % chunk or min(chunk, T)  # steps of the chunk that is walked first; before it lie whole ones
        leaves, structure = jax.tree.flatten((unsummed(self.steps).tree, y_bar[1]))

        def walked(state_bar: Any, first: Any, n: int) -> Any:
            """The steps first … first + n − 1, whose arrays are read where they stand."""

            def back(state_bar: Any, t: Any) -> Any:
                return back_in_time(state_bar, structure.unflatten([at_step(x, t) for x in leaves]))

            state_bar, (params_bar, x_bar) = scan(back, state_bar, first + jnp.arange(n), n, reverse=True)
            params_bar = jax.tree.map(lambda bar: bar.of_stack(n), params_bar, is_leaf=is_unsummed)
            return state_bar, summed(params_bar), jax.tree.map(lambda x: stacked(x, n), x_bar)

        state_bar, total, x_bar = walked(y_bar[0], T - last, last)
        if last == T:
            return total, (state_bar, x_bar)

        def put(whole: Any, part: Any, first: Any) -> Any:
            return jax.tree.map(partial(jax.lax.dynamic_update_slice_in_dim, start_index=first, axis=0), whole, part)

        def back(k: Any, carry: Any) -> Any:
            state_bar, total, whole = carry
            first = T - last - (k + 1) * chunk
            state_bar, params_bar, x_bar = walked(state_bar, first, chunk)
            return state_bar, add_trees(total, params_bar), put(whole, x_bar, first)

        zeros = jax.tree.map(lambda x: jnp.broadcast_to(zeros_as(x[:1]), (T, *x.shape[1:])), x_bar)
        carry = state_bar, total, put(zeros, x_bar, T - last)
        state_bar, total, x_bar = jax.lax.fori_loop(0, (T - last) // chunk, back, carry)
        return total, (state_bar, x_bar)

    def jvp(self, z_dot: Any) -> Any:
        params_dot, (state_dot, x_dot) = z_dot

        def forth(state_dot: Any, at: Any) -> Any:
            J, x_dot = at
            return J @ (params_dot, (state_dot, x_dot))

        state_dot, y_dot = scan(forth, state_dot, (self.steps.tree, x_dot), self.steps.length)
        return state_dot, jax.tree.map(lambda y: stacked(y, self.steps.length), y_dot)

    def __repr__(self) -> str:
        return f"Unrolled({self.steps.length} × {type(self.steps.arrays).__name__})"


def at_step(x: Any, t: Any) -> Any:
    if is_once(x):
        return x.value
    return jax.lax.dynamic_index_in_dim(x, t, keepdims=False) if len(x) else jnp.zeros(x.shape[1:], x.dtype)


def back_in_time(state_bar: Any, at: Any) -> Any:
    J, y_bar = at
    params_bar, (state_bar, x_bar) = (state_bar, y_bar) @ J
    return state_bar, (params_bar, x_bar)
