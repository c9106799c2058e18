"""One parameter in several places."""

from collections.abc import Callable
from typing import Any

import jax
from jaxtyping import PRNGKeyArray

from functional_bp.jacobians import Tied
from functional_bp.networks.layer import Layer


def tied(layer: Layer, spread: Callable[[Any], Any], init: Callable[[PRNGKeyArray], Any]) -> Layer:
    """y = f(spread(θ), x): `spread` puts parameters in their places, some in several; θ̄ is the sum over them.

    `spread=lambda p: (p.E, p.blocks, p.E)` ties an embedding to the output layer. It may move leaves and compute
    nothing; ValueError if it does.
    """

    def apply(params: Any, x: Any, key: PRNGKeyArray | None = None) -> tuple[Any, Tied]:
        y, J = layer.apply(spread(params), x, key)
        leaves, structure = jax.tree.flatten(params)
        try:
            places, of_places = jax.tree.flatten(spread(structure.unflatten([Place(k) for k in range(len(leaves))])))
        except TypeError as error:
            raise ValueError(f"tied: spread may move parameters only, and compute nothing ({error})") from error
        return y, Tied(J, tuple(place.k for place in places), of_places, structure)

    return Layer(init, apply, f"tied({layer.name})", layer.n_in)


class Place:
    """The k-th parameter, on its way through `spread`."""

    def __init__(self, k: int) -> None:
        self.k = k
