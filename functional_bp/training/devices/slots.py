"""The same gradients on any number of devices, bit by bit: sums in an order that is not that of the devices.

A batch is divided into slots. Each slot's gradient is found by itself, in a program that is the same wherever it runs,
and the slots are summed in a fixed tree, of which each device sums a branch:

    ((g₀ + g₁) + (g₂ + g₃)) + ((g₄ + g₅) + (g₆ + g₇))
"""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp

from functional_bp.errors import InputError
from functional_bp.networks import Layer, Rule, value_and_grad

Gradients = Callable[..., tuple[Any, Any]]  # (params, x, d, key) ↦ (loss, gradients)


def check_slots(slots: int, batch: int, devices: int = 1) -> None:
    """Raises InputError for slots that make no tree, that do not divide the batch, or that devices cannot share."""
    if slots < 1 or slots & (slots - 1):
        raise InputError(f"--slots must be a power of 2, got {slots}")
    if batch % slots:
        raise InputError(f"a batch of {batch} rows cannot be divided into {slots} slots")
    if slots % devices:
        raise InputError(f"{slots} slots cannot be divided among {devices} devices")


def slotted(slots: int, gradients_of: Callable[[Layer, Rule], Gradients] = value_and_grad) -> Callable[..., Gradients]:
    """`gradients_of` with its sum over the rows made slot by slot, on one device."""

    def of(network: Layer, divergence: Rule) -> Gradients:
        loss_and_gradients = gradients_of(network, divergence)

        def in_slots(params: Any, x: Any, d: Any, key: Any = None) -> tuple[Any, Any]:
            check_slots(slots, len(x))
            return mean(branch(loss_and_gradients, slots, 0, params, x, d, key), slots)

        return in_slots

    return of


def branch(loss_and_gradients: Gradients, slots: int, first: Any, params: Any, x: Any, d: Any, key: Any) -> Any:
    """Σ over these rows, in `slots` slots, of which the first is number `first`. Each has noise of its own."""

    def of_slot(slot: tuple[Any, Any, Any]) -> Any:
        number, x, d = slot
        return loss_and_gradients(params, x, d, None if key is None else jax.random.fold_in(key, first + number))

    numbers = jnp.arange(slots, dtype=jnp.int32)
    return tree_sum(jax.lax.map(of_slot, (numbers, *(a.reshape(slots, -1, *a.shape[1:]) for a in (x, d)))))


def tree_sum(parts: Any) -> Any:
    """Σ over the first axis of each leaf, of a length 2ᵏ: neighbours first."""

    def total(leaf: Any) -> Any:
        while len(leaf) > 1:
            leaf = leaf[0::2] + leaf[1::2]
        return leaf[0]

    return jax.tree.map(total, parts)


def mean(total: Any, slots: int) -> Any:
    """Exact, as slots are a power of 2."""
    return jax.tree.map(lambda leaf: leaf / slots, total)
