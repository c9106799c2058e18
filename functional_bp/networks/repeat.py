"""Equal layers one after another, in one scan."""

from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import PRNGKeyArray

from functional_bp.jacobians import Repeated, Stacked
from functional_bp.jacobians.scan import Steps, scan
from functional_bp.networks.layer import Layer, Rule, as_layer


def repeat(link: Layer | Rule, n: int) -> Layer:
    """y = f(θ_n, … f(θ_1, x)): n layers of one kind, each with its own θ_k; J is a `Repeated`.

    θ is `Stacked`, and so is what J holds; weights are not copied. The k-th layer's key is folded in by k. Raises
    ValueError for n < 0 and, when applied, unless f gives what has its input's shape and dtype.
    """
    layer = as_layer(link)
    name = f"repeat({layer.name}, {n})"
    if n < 0:
        raise ValueError(f"{name}: the number of layers must be at least 0")

    def init(key: PRNGKeyArray) -> Stacked:
        return Stacked(jax.vmap(layer.init)(jax.random.split(key, n)))

    def apply(params: Stacked, x: Any, key: PRNGKeyArray | None = None) -> tuple[Any, Repeated]:
        def step(x: Any, at: Any) -> Any:
            theta, k = at
            return layer.apply(theta, x, None if key is None else jax.random.fold_in(key, k))

        try:
            y, J = scan(step, x, (params.layers, jnp.arange(n)), n)
        except ValueError as error:
            raise ValueError(f"{name}: {error}") from error
        return y, Repeated(Steps(J, n))

    return Layer(init, apply, name, layer.n_in)
