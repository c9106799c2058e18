"""The loss of a network and its gradients."""

from collections.abc import Callable
from typing import Any

import jax.numpy as jnp
from jaxtyping import Array

from functional_bp.networks.layer import Layer, P, Rule


def value_and_grad(network: Layer[P, Any], divergence: Rule) -> Callable[..., tuple[Array, P]]:
    """(θ, x, d) ↦ (mean loss, ∂loss/∂θ): with D, J_D = divergence(y, d), θ̄ is the first part of (1/N) J_D J.

    The gradients have the parameters' own tree and shapes. A key as fourth argument is passed to the network.
    """

    def loss_and_gradients(params: P, x: Array, d: Array, key: Any = None) -> tuple[Array, P]:
        y, J = network.apply(params, x, key)
        D, J_D = divergence(y, d)
        D_bar = jnp.full(D.shape, 1 / max(D.size, 1), D.dtype)
        y_bar = D_bar @ J_D
        params_bar, _ = y_bar @ J
        return D.mean(), params_bar

    return loss_and_gradients
