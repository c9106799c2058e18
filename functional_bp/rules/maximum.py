"""The maximum over subsets of the inputs (maxout, max-pooling)."""

from collections.abc import Sequence
from itertools import chain
from typing import Literal

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int

from functional_bp.jacobians import Selection

__all__ = ["subset_max"]


def subset_max(
    z: Float[Array, "*batch n"],
    subsets: Sequence[Sequence[int]],
    ties: Literal["split", "first"] = "split",
) -> tuple[Float[Array, "*batch m"], Selection]:
    """y_j = max_{l ∈ S_j} z_l;  ∂y_j/∂z_i = 1 if i is the argmax over S_j, else 0.

    `subsets` are S_1 … S_m, each a list of indices from 0; they may overlap. At a tie the Clarke subgradients are
    all ways to share 1 among those tied: `"split"` shares evenly, as JAX does; `"first"` gives all to
    the first of the subset, as the lectures do.

    Raises ValueError for an empty subset, a repeated or impossible index, or an unknown `ties`.
    Source: lectures, claim D9.
    """
    if ties not in ("split", "first"):
        raise ValueError(f'subset_max: ties must be "split" or "first", got {ties!r}')
    columns, is_member = padded(subsets, z.shape[-1])
    is_member = jnp.broadcast_to(is_member, (*z.shape[:-1], *is_member.shape))
    members = jnp.where(is_member, z[..., columns], -jnp.inf)
    y = members.max(-1)
    if ties == "first":
        weights = jax.nn.one_hot(members.argmax(-1), columns.shape[-1], dtype=z.dtype)
    else:
        tied = ((members == y[..., None]) & is_member).astype(z.dtype)
        weights = tied / tied.sum(-1, keepdims=True)
    return y, Selection(weights, tuple(map(tuple, columns.tolist())), z.shape[-1])


def padded(subsets: Sequence[Sequence[int]], n: int) -> tuple[Int[np.ndarray, "m k"], Bool[np.ndarray, "m k"]]:
    """The subsets as one table: the rows' indices, and which entries are members rather than padding."""
    if not len(subsets):
        raise ValueError("subset_max: at least one subset is needed")
    for j, subset in enumerate(subsets):
        if not len(subset) or len(set(subset)) < len(subset) or not all(0 <= i < n for i in subset):
            raise ValueError(f"subset_max: subset {j} must list distinct indices from 0 to {n - 1}, got {subset}")
    lengths = np.array([len(subset) for subset in subsets])
    is_member = np.arange(lengths.max()) < lengths[:, None]
    columns = np.zeros(is_member.shape, np.int32)
    columns[is_member] = list(chain.from_iterable(subsets))
    return columns, is_member
