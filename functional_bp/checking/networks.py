"""A network's hand-derived gradient beside the one that JAX's autodiff finds."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array

from functional_bp.networks import Layer, Rule, value_and_grad


def gradient_differences(
    network: Layer,
    divergence: Rule,
    params: Any,
    x: Any,
    d: Any,
    key: Any = None,
    forward: Callable[[Any, Any], Any] | None = None,
) -> dict[str, float]:
    """max|ḡ − g| / max|g| for every layer with parameters, g the gradient of the mean divergence by `jax.grad`.

    Both are computed in float64, so that what is seen is a wrong derivative rather than rounding: about 1e-15
    if all is right. The layers are named by position, from 1, and name. `forward(params, x)` is the network's forward
    pass written in another way; without it `jax.grad` goes through the rules' own.
    """

    def loss(params: Any, x: Array, d: Array) -> Array:
        y = forward(params, x) if forward else network.apply(params, x, key)[0]
        D, _ = divergence(y, d)
        return D.mean()

    @jax.jit
    def differences(params: Any, x: Array, d: Array) -> list[Array]:
        _, by_hand = value_and_grad(network, divergence)(params, x, d, key)
        by_jax = jax.grad(loss)(params, x, d)
        return [relative_difference(a, b) for a, b in zip(parts(network, by_hand), parts(network, by_jax), strict=True)]

    with jax.enable_x64(True):
        params, x, d = jax.tree.map(double, (params, x, d))
        values = jax.device_get(differences(params, x, d))
    layers = network.parts or (network,)
    named = zip(layers, values, parts(network, params), strict=True)
    return {
        f"{position} {layer.name}": float(value)
        for position, (layer, value, theta) in enumerate(named, start=1)
        if jax.tree.leaves(theta)
    }


def parts(network: Layer, params: Any) -> tuple[Any, ...]:
    return tuple(params) if network.parts else (params,)


def relative_difference(a: Any, b: Any) -> Array:
    """max|a − b| / max|b| over all leaves; 0 where all are 0."""
    pairs = list(zip(jax.tree.leaves(a), jax.tree.leaves(b), strict=True))
    zero = jnp.zeros(())
    difference = jnp.stack([zero, *(jnp.abs(p - q).max(initial=0) for p, q in pairs)]).max()
    size = jnp.stack([zero, *(jnp.abs(q).max(initial=0) for _, q in pairs)]).max()
    return jnp.where(difference == 0, difference, difference / size)


def double(array: Any) -> Any:
    """Where it lies: of an array on many devices no process may have the whole."""
    array = array if isinstance(array, jax.Array) else np.asarray(array)
    return array.astype(np.float64) if jnp.issubdtype(array.dtype, jnp.floating) else array
