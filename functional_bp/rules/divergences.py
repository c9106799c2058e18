"""Divergences D(y, d) between an output and its target: one number an instance, summed over the last axis.

Each returns D "*batch" and the row ∂D/∂y; the target d is a constant. 0 · log 0 is 0, in value and in gradient.
The loss of a batch is the mean of its divergences.
"""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from functional_bp.jacobians import RowVector
from functional_bp.rules.activations import sigmoid, slopes
from functional_bp.rules.softmax import log_softmax

__all__ = [
    "absolute_error",
    "binary_kl",
    "binary_nll",
    "kl",
    "nll",
    "sigmoid_binary_nll",
    "softmax_nll",
    "squared_error",
]

Vector = Float[Array, "*batch n"]
Number = Float[Array, "*batch"]


def squared_error(y: Vector, d: Vector) -> tuple[Number, RowVector]:
    """D = Σ_i (y_i − d_i)²;  ∂D/∂y_i = 2 (y_i − d_i). Source: lectures, claim E3."""
    check_fit("squared_error", y, d)
    return ((y - d) ** 2).sum(-1), RowVector(2 * (y - d))


def absolute_error(y: Vector, d: Vector, at_kink: float = 1.0) -> tuple[Number, RowVector]:
    """D = Σ_i |y_i − d_i|;  ∂D/∂y_i = sign(y_i − d_i).

    At y_i = d_i the Clarke interval is [−1, 1]; JAX takes 1. Source: lectures, claim E4.
    """
    check_fit("absolute_error", y, d)
    return jnp.abs(y - d).sum(-1), RowVector(slopes(y - d, -1.0, 1.0, at_kink))


def binary_nll(y: Vector, d: Vector) -> tuple[Number, RowVector]:
    """D = −Σ_i (d_i log y_i + (1 − d_i) log(1 − y_i));  ∂D/∂y_i = −d_i/y_i + (1 − d_i)/(1 − y_i).

    y are probabilities, d labels or probabilities. Source: lectures, claim E6.
    """
    check_fit("binary_nll", y, d)
    D = -(times_log(d, y) + times_log(1 - d, 1 - y)).sum(-1)
    return D, RowVector(ratio(1 - d, 1 - y) - ratio(d, y))


def nll(y: Vector, d: Vector) -> tuple[Number, RowVector]:
    """D = −Σ_j d_j log y_j;  ∂D/∂y_j = −d_j/y_j. Source: lectures, claim E8."""
    check_fit("nll", y, d)
    return -times_log(d, y).sum(-1), RowVector(ratio(-d, y))


def binary_kl(y: Vector, d: Vector) -> tuple[Number, RowVector]:
    """D = Σ_i (d_i log(d_i/y_i) + (1 − d_i) log((1 − d_i)/(1 − y_i)));  ∂D/∂y is that of `binary_nll`.

    It is `binary_nll` less the entropy of d, which is 0 for labels. Source: lectures, claim E11.
    """
    check_fit("binary_kl", y, d)
    D, J = binary_nll(y, d)
    return D + (times_log(d, d) + times_log(1 - d, 1 - d)).sum(-1), J


def kl(y: Vector, d: Vector) -> tuple[Number, RowVector]:
    """D = Σ_j d_j log(d_j/y_j);  ∂D/∂y_j = −d_j/y_j.

    It is `nll` less the entropy of d, which is 0 for labels. Source: lectures, claim E11.
    """
    check_fit("kl", y, d)
    D, J = nll(y, d)
    return D + times_log(d, d).sum(-1), J


def sigmoid_binary_nll(z: Vector, d: Vector) -> tuple[Number, RowVector]:
    """D = Σ_i (softplus(z_i) − d_i z_i), `binary_nll` of σ(z);  ∂D/∂z_i = σ(z_i) − d_i.

    Computed as d softplus(−z) + (1 − d) softplus(z), and (1 − d) σ(z) − d σ(−z): finite and precise at any logit.
    Source: lectures, claims E7 and E9.
    """
    check_fit("sigmoid_binary_nll", z, d)
    (y, _), (not_y, _) = sigmoid(z), sigmoid(-z)
    D = (d * jax.nn.softplus(-z) + (1 - d) * jax.nn.softplus(z)).sum(-1)
    return D, RowVector((1 - d) * y - d * not_y)


def softmax_nll(z: Vector, d: Vector) -> tuple[Number, RowVector]:
    """D = −Σ_j d_j log softmax(z)_j;  ∂D/∂z_j = (Σ_k d_k) y_j − d_j, which is y_j − d_j where Σ d = 1.

    Finite at any logit. Source: lectures, claim E9.
    """
    check_fit("softmax_nll", z, d)
    log_y, _ = log_softmax(z)
    D = -unless_zero(d, log_y, d * log_y).sum(-1)
    return D, RowVector(d.sum(-1, keepdims=True) * jnp.exp(log_y) - d)


def times_log(a: Vector, b: Vector) -> Vector:
    """a log b, and 0 where a = 0 (but not at a NaN)."""
    return unless_zero(a, b, a * jnp.log(b))


def ratio(a: Vector, b: Vector) -> Vector:
    """a / b, the derivative of a log b, and 0 where a = 0 (but not at a NaN)."""
    return unless_zero(a, b, a / b)


def unless_zero(a: Vector, b: Vector, value: Vector) -> Vector:
    return jnp.where((a == 0) & ~jnp.isnan(b), jnp.zeros_like(value), value)


def check_fit(rule: str, y: Array, d: Array) -> None:
    if y.shape != d.shape or y.ndim == 0:
        raise ValueError(f"{rule}: output and target must have one shape (*batch, n), got {y.shape} and {d.shape}")
