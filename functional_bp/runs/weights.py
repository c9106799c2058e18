"""Weights of classes: what an instance of a rare class is to count."""

from dataclasses import dataclass
from typing import Any

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from functional_bp.errors import InputError
from functional_bp.jacobians import RowVector
from functional_bp.networks import Rule

BALANCED = "balanced"


@dataclass(frozen=True)
class Weighted:
    """D′ = w D;  J′ = w J, where w is the weight of the target's class: Σ_j d_j w_j, or of two classes
    (1 − d) w_0 + d w_1."""

    divergence: Rule
    weights: tuple[float, ...]

    def __call__(self, z: Float[Array, "*batch n"], d: Float[Array, "*batch n"]) -> tuple[Any, RowVector]:
        D, J = self.divergence(z, d)
        w = jnp.asarray(self.weights, D.dtype)
        of_target = (1 - d[..., 0]) * w[0] + d[..., 0] * w[1] if d.shape[-1] == 1 else d @ w
        return of_target * D, RowVector(of_target[..., None] * J.g)  # pyright: ignore[reportAttributeAccessIssue]


def class_weights(text: str, labels: Int[np.ndarray, " n"], classes: int) -> tuple[float, ...]:
    """One a class: as they are given, or for "balanced" n/(c n_k), so that each class counts the same and the mean
    weight of an instance is 1. Raises InputError for others."""
    if text == BALANCED:
        counts = np.bincount(labels, minlength=classes)
        return tuple((len(labels) / (np.count_nonzero(counts) * np.maximum(counts, 1))).tolist())
    try:
        weights = tuple(float(word) for word in text.split(","))
    except ValueError:
        weights = ()
    if len(weights) != classes or not all(0 <= w < float("inf") for w in weights) or not any(weights):
        raise InputError(f'--class-weights must be "{BALANCED}" or {classes} numbers as 1,2.5, got {text!r}')
    return weights
