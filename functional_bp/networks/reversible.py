"""Blocks that need to hold nothing."""

from typing import Any

import jax
from jaxtyping import PRNGKeyArray

from functional_bp.jacobians import Coupled, Stacked
from functional_bp.networks.layer import Layer, Rule, as_layer


def reversible(f: Layer | Rule, g: Layer | Rule, n: int) -> Layer:
    """(y_1, y_2) = (x_1 + f(x_2), x_2 + g(y_1)), n times; J holds the last outputs alone and finds the others again.

    The inputs are found up to rounding, whose error grows with n. f and g draw no random numbers.
    Source: Gomez et al. 2017, arXiv:1707.04585.
    """
    f, g = as_layer(f), as_layer(g)

    def init(key: PRNGKeyArray) -> Any:
        keys = jax.random.split(key, (2, n))
        return Stacked((jax.vmap(f.init)(keys[0]), jax.vmap(g.init)(keys[1])))

    def apply(params: Any, x: Any, key: PRNGKeyArray | None = None) -> tuple[Any, Coupled]:
        def step(x: Any, params: Stacked) -> Any:
            theta, phi = params.layers
            y1 = x[0] + f.apply(theta, x[1])[0]
            return (y1, x[1] + g.apply(phi, y1)[0]), None

        y, _ = jax.lax.scan(step, x, params, length=n)
        return y, Coupled(params, y, f.apply, g.apply)

    return Layer(init, apply, f"reversible({f.name}, {g.name}, {n})")
