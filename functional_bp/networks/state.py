"""What a training step changes besides by its gradient: running statistics, read off the Jacobian."""

from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import PRNGKeyArray

from functional_bp.jacobians import BatchNormalised
from functional_bp.networks.layer import Layer
from functional_bp.rules import BatchNormParams, batch_norm


def batch_norm_layer(n: int) -> Layer:
    """`batch_norm` of n channels: gain and running variance begin with 1, bias and running mean with 0."""

    def init(key: PRNGKeyArray) -> BatchNormParams:
        return BatchNormParams(jnp.ones(n), jnp.zeros(n), jnp.zeros(n), jnp.ones(n))

    def apply(params: BatchNormParams, x: Any, key: PRNGKeyArray | None = None) -> Any:
        return batch_norm(params, x, key=key)

    return Layer(init, apply, f"batch_norm({n})", n)


def refreshed(params: Any, J: Any, momentum: float = 0.1) -> Any:
    """The parameters of a network with running ← (1 − m) running + m of the batch, as J has seen it.

    Of a network without `batch_norm` they are as they were. Raises ValueError where J does not hold the statistics of
    every one: what is recomputed does not, nor does an evaluation.
    """
    seen = [node for node in jax.tree.leaves(J, is_leaf=is_of_batch) if is_of_batch(node)]
    own = [node for node in jax.tree.leaves(params, is_leaf=is_running) if is_running(node)]
    if not seen and not own:
        return params
    if len(seen) != len(own):
        raise ValueError(f"refreshed: the network has {len(own)} batch norms, J the statistics of {len(seen)}")
    found = iter(seen)

    def one(node: Any) -> Any:
        if not is_running(node):
            return node
        of_batch = next(found)
        mean, variance = (
            (1 - momentum) * old + momentum * new.astype(old.dtype)
            for old, new in ((node.mean, of_batch.mean), (node.variance, of_batch.variance))
        )
        return node._replace(mean=mean, variance=variance)

    return jax.tree.map(one, params, is_leaf=is_running)


def is_of_batch(node: Any) -> bool:
    return isinstance(node, BatchNormalised)


def is_running(node: Any) -> bool:
    return isinstance(node, BatchNormParams)


def has_state(params: Any) -> bool:
    return any(map(is_running, jax.tree.leaves(params, is_leaf=is_running)))
