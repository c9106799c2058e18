"""One step of gradient descent, and all that the next one depends on."""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, Float, Int, PRNGKeyArray

from functional_bp.networks import Layer, Rule, value_and_grad


class State(NamedTuple):
    """Where a run stands. With the same data, equal states go on equally, bit by bit.

    The order of the rows and all noise follow from `key` and `step`. `loss_sum` collects the losses of the epoch
    so far, `epoch_loss` is the mean of the last whole epoch (∞ before there is one).
    """

    params: Any
    optimizer: Any
    key: PRNGKeyArray
    step: Int[Array, ""]
    loss_sum: Float[Array, ""]
    epoch_loss: Float[Array, ""]

    def __repr__(self) -> str:
        parameters = sum(jnp.size(leaf) for leaf in jax.tree.leaves(self.params))
        return f"State(step {self.step}, {parameters} parameters)"


def start(network: Layer, optimizer: optax.GradientTransformation, seed: int) -> State:
    """The state before the first step."""

    @jax.jit
    def first(seed: Array) -> State:
        init_key, key = jax.random.split(jax.random.key(seed))
        params = network.init(init_key)
        zero = jnp.zeros((), jnp.float32)
        return State(params, optimizer.init(params), key, jnp.zeros((), jnp.int32), zero, zero + jnp.inf)

    return first(jnp.uint32(seed))


def train_step(
    network: Layer,
    divergence: Rule,
    optimizer: optax.GradientTransformation,
    gradients_of: Callable[..., Callable] = value_and_grad,
) -> Callable[[State, Array, Array], tuple[State, Array]]:
    """(state, x, d) ↦ (state′, loss): θ ← θ + u(∂loss/∂θ), where the optimiser gives u.

    `gradients_of` makes loss and gradients as `value_and_grad` does: a layout on many devices has its own.
    """
    loss_and_gradients = gradients_of(network, divergence)

    def step(state: State, x: Array, d: Array) -> tuple[State, Array]:
        loss, gradients = loss_and_gradients(state.params, x, d, noise_key(state))
        with jax.numpy_dtype_promotion("standard"), jax.numpy_rank_promotion("allow"):  # optax needs both
            updates, memory = optimizer.update(gradients, state.optimizer, state.params)
        params = optax.apply_updates(state.params, updates)
        return state._replace(params=params, optimizer=memory, step=state.step + 1), loss

    return step


def order_key(key: PRNGKeyArray) -> PRNGKeyArray:
    return jax.random.fold_in(key, 0)


def noise_key(state: State) -> PRNGKeyArray:
    return jax.random.fold_in(jax.random.fold_in(state.key, 1), state.step)
