"""One input to several layers."""

from typing import Any

import jax
from jaxtyping import PRNGKeyArray

from functional_bp.jacobians import Parallel
from functional_bp.networks.layer import Layer, Rule, as_layer


def parallel(*links: Layer | Rule) -> Layer:
    """y = (f_1(θ_1, x), f_2(θ_2, x), …): x fans out, and its cotangents are added. Raises ValueError for no layer."""
    layers = tuple(map(as_layer, links))
    if not layers:
        raise ValueError("parallel: at least one layer is needed")

    def init(key: PRNGKeyArray) -> Any:
        return tuple(layer.init(k) for layer, k in zip(layers, jax.random.split(key, len(layers)), strict=True))

    def apply(params: Any, x: Any, key: PRNGKeyArray | None = None) -> tuple[Any, Parallel]:
        keys = [None if key is None else jax.random.fold_in(key, k) for k in range(len(layers))]
        done = [layer.apply(theta, x, k) for layer, theta, k in zip(layers, params, keys, strict=True)]
        return tuple(y for y, _ in done), Parallel(tuple(J for _, J in done))

    n_in = next((layer.n_in for layer in layers if layer.n_in is not None), None)
    return Layer(init, apply, f"parallel({', '.join(layer.name for layer in layers)})", n_in)
