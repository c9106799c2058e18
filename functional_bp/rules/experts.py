"""Mixtures of experts: which of them an example goes to, and each example's product with its own expert's matrix."""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from functional_bp.jacobians import BlockRow, DiagonalMinusOuter, OfExperts, RowsOfExperts
from functional_bp.jacobians.experts import grouped

__all__ = ["expert_linear", "top_k_softmax"]


def top_k_softmax(z: Float[Array, "*batch n"], k: int) -> tuple[Float[Array, "*batch n"], DiagonalMinusOuter]:
    """y_i = e^(z_i)/Σ e^(z_j) over the k largest z_j, 0 for the others;  J = diag(y) − y yᵀ.

    Of equal z the first ones are taken; there J is one of the generalised derivatives. Where y is 0 so is J: an expert
    that was not chosen learns nothing. Raises ValueError unless 1 ≤ k ≤ n. Source: Shazeer et al. 2017,
    arXiv:1701.06538.
    """
    if not 1 <= k <= z.shape[-1]:
        raise ValueError(f"top_k_softmax: k must be from 1 to {z.shape[-1]}, got {k}")
    _, chosen = jax.lax.top_k(z, k)
    places = jnp.arange(z.shape[-1], dtype=chosen.dtype).reshape(*(1,) * (z.ndim - 1), -1, 1)
    is_chosen = (chosen[..., None, :] == places).any(-1)
    y = jax.nn.softmax(jnp.where(is_chosen, z, -jnp.inf))
    return y, DiagonalMinusOuter(y)


def expert_linear(
    W: Float[Array, "e m n"], x: Float[Array, "*batch n"], expert: Int[Array, "*batch"]
) -> tuple[Float[Array, "*batch m"], BlockRow]:
    """y = W_e x with the matrix of the example's own expert e;  W̄_e = Σ ȳ xᵀ over its examples, x̄ = ȳ W_e.

    One product an expert, with all examples: no matrix is copied for its own. An expert outside 0 … E − 1 gives 0.
    Raises ValueError where shapes do not fit.
    """
    if W.ndim != 3 or x.shape[-1:] != W.shape[2:] or expert.shape != x.shape[:-1]:
        raise ValueError(f"expert_linear: W {W.shape} and experts {expert.shape} do not fit x {x.shape}")
    y = grouped(x, jnp.swapaxes(W, 1, 2), expert)
    return y, BlockRow((RowsOfExperts(x, expert, *W.shape[:2]), OfExperts(W, expert)))
