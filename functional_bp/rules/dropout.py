"""Dropout: a random diagonal matrix, drawn anew for each example."""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from functional_bp.jacobians import Diagonal

__all__ = ["dropout"]


def dropout(
    z: Float[Array, "*batch n"], key: PRNGKeyArray | None = None, rate: float = 0.5
) -> tuple[Float[Array, "*batch n"], Diagonal]:
    """y = m ⊙ z;  J = diag(m), where m_i is 0 with probability p (the rate), else 1/(1 − p).

    The mean of y is z. Without a key (evaluation) m = 1. Linear in z: no kink. Raises ValueError unless 0 ≤ p < 1.
    Source: Srivastava et al. 2014, JMLR 15:1929, with the scaling in training instead of in evaluation.
    """
    if not 0 <= rate < 1:
        raise ValueError(f"dropout: the rate must be at least 0 and less than 1, got {rate}")
    if key is None:
        return z, Diagonal(jnp.ones_like(z))
    m = jax.random.bernoulli(key, 1 - rate, z.shape).astype(z.dtype) / (1 - rate)
    return m * z, Diagonal(m)
