"""Layers one after another: a chain of layers is a layer."""

from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import PRNGKeyArray

from functional_bp.jacobians import Chain
from functional_bp.networks.layer import Layer, Rule, as_layer

AXES_BEFORE = ((), (1,), (8,), (1, 1), (8, 8), (8, 8, 8))


def chain(*layers: Layer | Rule, name: str = "chain") -> Layer[tuple[Any, ...], Chain]:
    """y = f_K(θ_K, … f_1(θ_1, x)), itself a layer: θ is the tuple of all θ_k and J a `Chain`.

    Takes layers and bare rules. Raises ValueError where the output of one does not fit the next, naming both
    and their positions from 1; positions without a known length are checked when the chain is applied.
    """
    if not layers:
        raise ValueError("chain: at least one layer is needed")
    links = tuple(map(as_layer, layers))
    check_neighbours(links)
    names = tuple(link.name for link in links)
    nodes = node_names(links)

    def init(key: PRNGKeyArray) -> tuple[Any, ...]:
        keys = jax.random.split(key, len(links))
        return tuple(link.init(link_key) for link, link_key in zip(links, keys, strict=True))

    def apply(params: tuple[Any, ...], x: Any, key: PRNGKeyArray | None = None) -> tuple[Any, Chain]:
        if len(params) != len(links):
            raise ValueError(f"{name}: expected the parameters of {len(links)} layers, got {len(params)}")
        factors = []
        for position, (link, theta) in enumerate(zip(links, params, strict=True), start=1):
            link_key = None if key is None else jax.random.fold_in(key, position)
            try:
                x, J = link.apply(theta, x, link_key)
            except (ValueError, TypeError, IndexError) as error:
                raise ValueError(f"{name}, layer {position}, {link.name}: {error}") from error
            factors.append(J)
        return x, Chain(tuple(factors), names, nodes)

    return Layer(init, apply, name, links[0].n_in, links)


def check_neighbours(links: tuple[Layer, ...]) -> None:
    """Follows the length of the signal as far as it is known, without computing anything."""
    length, giver = None, ""
    for position, link in enumerate(links, start=1):
        here = f"layer {position}, {link.name},"
        if length is not None and link.n_in not in (None, length):
            raise ValueError(f"chain: {giver} gives {length} numbers but {here} takes {link.n_in}")
        length = length if link.n_in is None else link.n_in
        if length is not None:
            length, giver = length_after(link, length, f"chain: {here}"), here


def length_after(link: Layer, length: int, where: str) -> int | None:
    """The length of the output for an input of that length; None if it is no vector.

    Found by asking with one vector, and with a sequence or an image of such if the layer takes no vector alone.
    """
    params = jax.eval_shape(link.init, jax.random.key(0))
    dtype = jnp.result_type(*jax.tree.leaves(params)) if jax.tree.leaves(params) else jnp.result_type(float)
    first_error = None
    for axes in AXES_BEFORE:
        x = jax.ShapeDtypeStruct((*axes, length), dtype)
        try:
            y = jax.eval_shape(lambda p, x: link.apply(p, x)[0], params, x)
        except (ValueError, TypeError, IndexError) as error:
            first_error = first_error or error
            continue
        return y.shape[-1] if getattr(y, "ndim", 0) == x.ndim else None
    raise ValueError(f"{where} cannot take {length} numbers: {first_error}") from first_error


def node_names(links: tuple[Layer, ...]) -> tuple[str, ...]:
    """x, then z1, y1, z2, y2, …: z_k is what the k-th layer with a fixed input length gives, y_k what follows it."""
    names, k = ["x"], 0
    for link in links:
        k += link.n_in is not None
        node = f"{'y' if link.n_in is None else 'z'}{k}"
        while node in names:
            node += "'"
        names.append(node)
    return tuple(names)
