"""The gated delta rule: a matrix as memory, that forgets, takes back and writes at every step."""

from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from functional_bp.jacobians import DeltaInputs, GatedDelta
from functional_bp.jacobians.delta import Chunk, padded, part_of, put_rows, wide
from functional_bp.jacobians.scan import zeros_as

__all__ = ["gated_delta_rule"]


def gated_delta_rule(
    x: DeltaInputs, segments: Int[Array, "*batch t"] | None = None, takes_back: bool = True, chunk: int = 64
) -> tuple[tuple[Float[Array, "*batch t c"], Float[Array, "*batch c d"]], GatedDelta]:
    """y_t = S_t q_t, S_t = α_t S_t−1 + w_t k_tᵀ;  S̄ is carried back, S̄_t−1 = α_t (S̄_t − β_t S̄_t k_t k_tᵀ).

    w_t = β_t (v_t − α_t S_t−1 k_t): what S answers to the key k_t is taken back before v_t is written. With α = 1 it is
    DeltaNet; without `takes_back`, w_t = β_t v_t, it is Mamba-2 (SSD), and with α = β = 1 too linear attention. α comes
    as its logarithm. A negative number of a step's segment, or one that is not that of the step before, forgets all.

    Takes and gives the state, (y, S_T). Steps are done `chunk` at a time as products of matrices; J holds its inputs
    and the states between chunks. Heads are axes of the batch. Raises ValueError where shapes do not fit. Smooth
    everywhere. Source: Yang et al. 2024, arXiv:2412.06464; in chunks arXiv:2406.06484; Dao & Gu 2024, arXiv:2405.21060.
    """
    x = DeltaInputs(*x)
    check(x, segments)
    if segments is not None:
        starts = jnp.concatenate([segments[..., :1] < 0, segments[..., 1:] != segments[..., :-1]], -1) | (segments < 0)
        x = x._replace(log_decay=jnp.where(starts, -jnp.inf, x.log_decay))
    T = x.q.shape[-2]
    chunk = max(min(chunk, T), 1)
    whole = padded(x, chunk)
    n = whole.q.shape[-2] // chunk

    def forth(i: Any, carry: Any) -> Any:
        y, states, S = carry
        part = wide(part_of(whole, i, chunk)._replace(state=S))
        y_i, after = Chunk.of(part, takes_back).outputs(part)
        states = jax.lax.dynamic_update_index_in_dim(states, S, i, 0)
        return put_rows(y, y_i, i, chunk), states, after

    S = wide(x.state)
    states = jnp.broadcast_to(zeros_as(S), (n, *S.shape))
    y, states, S = jax.lax.fori_loop(0, n, forth, (zeros_as(whole.v), states, S))
    return (y[..., :T, :], S.astype(x.state.dtype)), GatedDelta(x, states, chunk, takes_back)


def check(x: DeltaInputs, segments: Array | None) -> None:
    q, k, v, log_decay, beta, state = x
    steps = log_decay.shape
    fits = q.shape == k.shape and q.shape[:-1] == v.shape[:-1] == steps == beta.shape
    if q.ndim < 2 or not fits or state.shape != (*steps[:-1], v.shape[-1], q.shape[-1]):
        shapes = ", ".join(f"{name} {a.shape}" for name, a in x._asdict().items())
        raise ValueError(
            f"gated_delta_rule: expected q, k (*batch, T, d), v (*batch, T, c), state (*batch, c, d); {shapes}"
        )
    if segments is not None and segments.shape != steps:
        raise ValueError(f"gated_delta_rule: segments must have shape {steps}, got {segments.shape}")
