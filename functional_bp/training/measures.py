"""What a run is measured by between its steps: functions of the state, each one compiled program."""

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from functional_bp.networks import Layer, Rule
from functional_bp.training.loop import Prepare, as_it_is
from functional_bp.training.step import State

if TYPE_CHECKING:
    from functional_bp.training.devices.sharding import Layout

BLOCK = 1024

Measure = Callable[[Array, Array], Array]


def evaluation(
    network: Layer,
    divergence: Rule,
    data: tuple[Any, Any],
    prepare: Prepare = as_it_is,
    layout: "Layout | None" = None,
    **measures: Measure,
) -> Callable[[State], dict[str, Float[Array, ""]]]:
    """state ↦ the loss on data = (x, d), and of each measure the mean of its numbers, one an instance.

    The names begin with "validation_", so that none is that of the training loss. What is random gets no key.
    """
    x, d = layout.place(data) if layout else jax.device_put(data)

    @jax.jit
    def values(params: Any, x: Array, d: Array) -> dict[str, Array]:
        def of_block(block: tuple[Array, Array]) -> dict[str, Array]:
            x, d = prepare(*block)
            y, _ = network.apply(params, x)
            D, _ = divergence(y, d)
            return {"loss": D} | {name: measure(y, d) for name, measure in measures.items()}

        return {f"validation_{name}": value.mean() for name, value in blockwise(of_block, (x, d)).items()}

    return lambda state: values(state.params, x, d)


def blockwise(function: Callable[[Any], Any], rows: Any) -> Any:
    """The function of all rows, some at a time, so that what it needs meanwhile stays small.

    A row with a label at each of T positions counts as T.
    """
    *_, labels = jax.tree.leaves(rows)
    n, block = len(labels), max(1, BLOCK // max(1, math.prod(labels.shape[1:])))
    whole = n - n % block
    blocks = jax.tree.map(lambda array: array[:whole].reshape(-1, block, *array.shape[1:]), rows)
    rest = function(jax.tree.map(lambda array: array[whole:], rows))
    if not whole:
        return rest
    done = jax.tree.map(lambda array: array.reshape(whole, *array.shape[2:]), jax.lax.map(function, blocks))
    return jax.tree.map(lambda a, b: jnp.concatenate([a, b]), done, rest)
