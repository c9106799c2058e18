"""Where a number that is not finite appeared first."""

from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array, PRNGKeyArray

from functional_bp.networks import Layer, Rule


def first_fault(
    network: Layer, divergence: Rule, params: Any, x: Array, d: Array, key: PRNGKeyArray | None = None
) -> str:
    """Names the first thing on the way from x to the loss that is not finite: the input, a layer's parameters or
    output, or the divergence.
    """
    if not finite(x):
        return "the input x"
    y, place = walk(network, params, x, key, "layer")
    if place:
        return place
    D, _ = divergence(y, d)
    return "the loss itself is finite" if finite(D) else "the divergence, of a finite output and its target"


def walk(layer: Layer, params: Any, x: Array, key: PRNGKeyArray | None, path: str) -> tuple[Array, str]:
    """(the layer's output, the place of the first fault or ""), with the parts of a chain one by one."""
    if not layer.parts:
        y, _ = layer.apply(params, x, key)
        if not finite(params):
            return y, f"first in the parameters of {path}, {layer.name} (the step before broke them)"
        return y, "" if finite(y) else f"first in the output of {path}, {layer.name}"
    for position, (part, theta) in enumerate(zip(layer.parts, params, strict=True), start=1):
        part_key = None if key is None else jax.random.fold_in(key, position)
        separator = " " if path == "layer" else "."
        x, place = walk(part, theta, x, part_key, f"{path}{separator}{position}")
        if place:
            return x, place
    return x, ""


def finite(tree: Any) -> bool:
    return all(bool(jnp.isfinite(leaf).all()) for leaf in jax.tree.leaves(tree))
