"""Optimisers of optax by name, with the schedule of η and what is done before and after their step."""

import inspect
from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array

from functional_bp.errors import InputError
from functional_bp.training.sums import clip_in_order, norm_in_order

SCHEDULES = {
    "constant": lambda rate, steps: rate,
    "linear": lambda rate, steps: optax.linear_schedule(rate, 0.0, steps),
    "cosine": optax.cosine_decay_schedule,
}


def optimizer(
    name: str,
    rate: float,
    schedule: str = "constant",
    steps: int = 1,
    *,
    clip: float | None = None,
    weight_decay: float = 0.0,
    max_norm: float | None = None,
    record_norms: bool = False,
    in_order: bool = False,
) -> optax.GradientTransformation:
    """optax's optimiser of that name, with η = rate, or going from it to 0 over the steps by the schedule.

    In this order: `record_norms` keeps the norm of each gradient; `clip` scales the whole gradient down to that norm;
    weight decay (λ) is the optimiser's own if it has one (adamw, lion), else λ W joins the gradient of each matrix;
    then its step; `max_norm` scales each row of each matrix, the weights into one unit, down to that norm.
    With `in_order` the norms of both are summed in one order on any devices.

    Raises InputError for an unknown name or schedule, a rate that is no positive number, and for an optimiser that
    needs more than η and the gradient.
    """
    if schedule not in SCHEDULES:
        raise InputError(f"unknown schedule {schedule!r}: expected one of {', '.join(SCHEDULES)}")
    if not 0 < rate < float("inf"):
        raise InputError(f"the learning rate must be a positive number, got {rate}")
    make: Any = getattr(optax, name, None)
    accepts = parameters(make)
    if "learning_rate" not in accepts:
        raise InputError(f"unknown optimizer {name!r}: expected one of optax, as adam, sgd, rmsprop, adamw or lion")
    own_decay = {"weight_decay": weight_decay, "mask": matrices} if weight_decay and "weight_decay" in accepts else {}
    steps_of = [
        norms() if record_norms else None,
        (clip_in_order if in_order else optax.clip_by_global_norm)(clip) if clip is not None else None,
        optax.add_decayed_weights(weight_decay, matrices) if weight_decay and not own_decay else None,
        usable(name, make, learning_rate=SCHEDULES[schedule](rate, steps), **own_decay),
        rows_within(max_norm, norm_in_order if in_order else norm_of_rows) if max_norm is not None else None,
    ]
    found = [step for step in steps_of if step is not None]
    return found[0] if len(found) == 1 else optax.chain(*found)


def parameters(make: Any) -> frozenset[str]:
    """The names of its parameters; none for what is no function of Python's."""
    try:
        return frozenset(inspect.signature(make).parameters)
    except (TypeError, ValueError):
        return frozenset()


def usable(name: str, make: Any, **options: Any) -> optax.GradientTransformation:
    """The optimiser, once it has made a step of nothing but a gradient."""

    def one_update(theta: Array) -> Any:
        updates, _ = made.update(theta, made.init(theta), theta)
        return updates

    try:
        made: Any = make(**options)
        with jax.numpy_dtype_promotion("standard"), jax.numpy_rank_promotion("allow"):
            jax.eval_shape(one_update, jnp.zeros((1, 1)))
    except (TypeError, ValueError) as error:
        raise InputError(f"optimizer {name!r} cannot be used: it needs more than the gradient and η") from error
    return made


class Norms(NamedTuple):
    """The norm of each parameter's last gradient, in the parameters' own tree."""

    norms: Any


def norms() -> optax.GradientTransformation:
    """Changes nothing, and remembers the norm of every gradient that passes."""

    def update(updates: Any, state: Any, params: Any = None) -> tuple[Any, Any]:
        return updates, Norms(jax.tree.map(jnp.linalg.norm, updates))

    return optax.GradientTransformation(lambda params: Norms(jax.tree.map(lambda leaf: 0 * leaf.sum(), params)), update)


def norm_of_rows(W: Array) -> Array:
    return jnp.linalg.norm(W, axis=-1)


def rows_within(most: float, norm_of: Callable[[Array], Array] = norm_of_rows) -> optax.GradientTransformation:
    """After the step, W_i ← W_i · min(1, most/‖W_i‖) for each row i of each matrix. Source: Srivastava et al. 2014."""

    def update(updates: Any, state: Any, params: Any = None) -> tuple[Any, Any]:
        return jax.tree.map(projected, updates, params), state

    def projected(update: Array, leaf: Array) -> Array:
        if leaf.ndim != 2:
            return update
        W = leaf + update
        norm = norm_of(W)[:, None]
        return W * (most / jnp.maximum(norm, most)) - leaf

    return optax.GradientTransformation(lambda params: optax.EmptyState(), update)


def matrices(params: Any) -> Any:
    """Which parameters decay: weights, and no biases."""
    return jax.tree.map(lambda leaf: leaf.ndim >= 2, params)
