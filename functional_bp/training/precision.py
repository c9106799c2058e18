"""Products in bfloat16, parameters and sums of them in float32."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array

from functional_bp.jacobians.shared import summing_in
from functional_bp.networks import Layer, Rule


def value_and_grad_in(dtype: Any) -> Callable[[Layer, Rule], Callable[..., tuple[Array, Any]]]:
    """`network.value_and_grad` whose forward and backward pass are in `dtype`.

    Parameters and x are rounded to it; the divergence is taken, and the gradients are summed over the batch, in the
    parameters' own dtype.
    """

    def value_and_grad(network: Layer, divergence: Rule) -> Callable[..., tuple[Array, Any]]:
        def loss_and_gradients(params: Any, x: Array, d: Array, key: Any = None) -> tuple[Array, Any]:
            y, J = network.apply(cast(params, dtype), cast(x, dtype), key)
            own = dtype_of(params, y.dtype)
            D, J_D = divergence(y.astype(own), cast(d, own))
            y_bar = jnp.full(D.shape, 1 / max(D.size, 1), D.dtype) @ J_D
            params_bar, _ = y_bar.astype(y.dtype) @ summing_in(own, J)
            return D.mean(), jax.tree.map(lambda bar, theta: bar.astype(theta.dtype), params_bar, params)

        return loss_and_gradients

    return value_and_grad


def cast(tree: Any, dtype: Any) -> Any:
    """Floats in that dtype; tokens and labels stay whole numbers."""
    return jax.tree.map(lambda leaf: leaf.astype(dtype) if jnp.issubdtype(leaf.dtype, jnp.floating) else leaf, tree)


def dtype_of(params: Any, otherwise: Any) -> Any:
    """The parameters' own floating dtype."""
    floats = [leaf.dtype for leaf in jax.tree.leaves(params) if jnp.issubdtype(leaf.dtype, jnp.floating)]
    return floats[0] if floats else otherwise
