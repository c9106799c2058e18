"""Optimisers of optax by name, with the schedule of their learning rate."""

import inspect
from typing import Any

import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array

from functional_bp.errors import InputError

SCHEDULES = {
    "constant": lambda rate, steps: rate,
    "linear": lambda rate, steps: optax.linear_schedule(rate, 0.0, steps),
    "cosine": optax.cosine_decay_schedule,
}


def optimizer(name: str, rate: float, schedule: str = "constant", steps: int = 1) -> optax.GradientTransformation:
    """optax's optimiser of that name, with η = rate, or going from it to 0 over the steps by the schedule.

    Raises InputError for an unknown name or schedule, a rate that is no positive number, and for an optimiser that
    needs more than η and the gradient.
    """
    if schedule not in SCHEDULES:
        raise InputError(f"unknown schedule {schedule!r}: expected one of {', '.join(SCHEDULES)}")
    if not 0 < rate < float("inf"):
        raise InputError(f"the learning rate must be a positive number, got {rate}")
    make: Any = getattr(optax, name, None)
    if not callable(make) or "learning_rate" not in inspect.signature(make).parameters:
        raise InputError(f"unknown optimizer {name!r}: expected one of optax, as adam, sgd, rmsprop, adamw or lion")
    try:
        made = make(learning_rate=SCHEDULES[schedule](rate, steps))
        with jax.numpy_dtype_promotion("standard"), jax.numpy_rank_promotion("allow"):
            jax.eval_shape(lambda theta: one_update(made, theta), jnp.zeros((1, 1)))
    except (TypeError, ValueError) as error:
        raise InputError(f"optimizer {name!r} cannot be used: it needs more than the gradient and η") from error
    return made


def one_update(made: optax.GradientTransformation, theta: Array) -> Any:
    updates, _ = made.update(theta, made.init(theta), theta)
    return updates
