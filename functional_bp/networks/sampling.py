"""What a language model writes."""

from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array, Int, PRNGKeyArray

from functional_bp.networks.layer import Layer


@partial(jax.jit, static_argnames=("network", "n"))
def continued(
    network: Layer,
    params: Any,
    window: Int[Array, " context"],
    length: Int[Array, ""],
    n: int,
    key: PRNGKeyArray,
    temperature: Any,
) -> Int[Array, " n"]:
    """n tokens drawn one after another from softmax(z/temperature), after the first `length` tokens of the window.

    The network sees as many tokens as the window has places; when it is full, the first goes.
    """
    last = window.shape[0] - 1

    def step(carry: tuple[Array, Array], key: PRNGKeyArray) -> tuple[tuple[Array, Array], Array]:
        window, length = carry
        z, _ = network.apply(params, window[None])
        token = jax.random.categorical(key, z[0, length - 1] / temperature).astype(window.dtype)
        window = jnp.where(length > last, jnp.roll(window, -1), window)
        window = window.at[jnp.minimum(length, last)].set(token)
        return (window, jnp.minimum(length + 1, last + 1)), token

    return jax.lax.scan(step, (window, length), jax.random.split(key, n))[1]
