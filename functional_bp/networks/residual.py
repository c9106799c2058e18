"""A layer and the identity side by side."""

from typing import Any

from jaxtyping import PRNGKeyArray

from functional_bp.jacobians import BlockRow, Identity, Jacobian
from functional_bp.networks.layer import Layer, Rule, as_layer


def residual(link: Layer | Rule) -> Layer:
    """y = x + f(θ, x);  ∂y/∂x = I + J_f: the cotangent flows around f as well as through it.

    Takes a layer or a bare rule. Raises ValueError, when applied, unless f gives what has the shape of x.
    """
    layer = as_layer(link)
    name = f"residual({layer.name})"

    def apply(params: Any, x: Any, key: PRNGKeyArray | None = None) -> tuple[Any, Jacobian]:
        y, J = layer.apply(params, x, key)
        if y.shape != x.shape:
            raise ValueError(f"{name}: the output must have the input's shape {x.shape}, got {y.shape}")
        batch, outputs, _ = J.shape
        return x + y, BlockRow((None, Identity(outputs, batch))) + J

    return Layer(layer.init, apply, name, layer.n_in)
