"""Time for memory: a layer computed twice."""

from dataclasses import replace
from typing import Any

from jaxtyping import PRNGKeyArray

from functional_bp.jacobians import Recomputed
from functional_bp.networks.layer import Layer, Rule, as_layer


def recompute(link: Layer | Rule) -> Layer:
    """The same layer, whose Jacobian holds its inputs alone and is computed again when it is needed.

    Around a cheap function and the product after it, `recompute(chain(gelu, affine_layer(m, n)))`, it holds z where
    both together hold z, the slope's argument and y; the product itself is not computed again, as nothing needs it.
    """
    layer = as_layer(link)

    def apply(params: Any, x: Any, key: PRNGKeyArray | None = None) -> tuple[Any, Recomputed]:
        y, J = layer.apply(params, x, key)
        return y, Recomputed(params, x, key, layer.apply, J.shape)

    return replace(layer, apply=apply, name=f"recompute({layer.name})")
