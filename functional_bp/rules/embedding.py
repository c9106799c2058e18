"""What turns tokens and positions into vectors."""

from functools import partial

import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from functional_bp.jacobians import BlockRow, Broadcast, Dense, Identity, LinearMap, Outer, Rows
from functional_bp.jacobians.linear import linear_map

__all__ = ["embedding", "linear", "position", "rope"]

Sequence = Float[Array, "*batch t n"]


def embedding(E: Float[Array, "v n"], tokens: Int[Array, "*batch"]) -> tuple[Float[Array, "*batch n"], BlockRow]:
    """y = E[token], a row;  ∂y/∂E: ȳ is added to that row of Ē; the tokens have no cotangent.

    Tokens outside 0 … V − 1 give NaN, and no gradient. Raises ValueError unless tokens are whole numbers.
    """
    if not jnp.issubdtype(tokens.dtype, jnp.integer):
        raise ValueError(f"embedding: tokens must be whole numbers, got {tokens.dtype}")
    tokens = jnp.where(tokens < 0, E.shape[0], tokens)  # an index from the end is no token
    y = E.at[tokens].get(mode="fill", fill_value=jnp.nan)
    return y, BlockRow((Rows(tokens, *E.shape), None))


def linear(W: Float[Array, "m n"], x: Float[Array, "*batch n"]) -> tuple[Float[Array, "*batch m"], BlockRow]:
    """y = W x;  ∂y/∂W: ȳ ↦ ȳᵀ xᵀ, ∂y/∂x = W. Raises ValueError where shapes do not fit."""
    if W.ndim != 2 or x.shape[-1:] != W.shape[1:]:
        raise ValueError(f"linear: x must have shape (*batch, n) for W (m, n), got {x.shape} for {W.shape}")
    y = jnp.einsum("mn,...n->...m", W, x)
    return y, BlockRow((Outer(x, W.shape[0]), Dense(W, x.shape[:-1])))


def position(P: Float[Array, "most n"], x: Sequence) -> tuple[Sequence, BlockRow]:
    """y = x + P_1 … P_T, one learned row a position;  ∂y/∂P: ȳ summed over the batch, ∂y/∂x = I.

    Raises ValueError for a sequence longer than P.
    """
    most, n = P.shape
    T = x.shape[-2]
    if most < T or x.shape[-1] != n:
        raise ValueError(f"position: x must be (*batch, at most {most}, {n}), got {x.shape}")
    rows, first = linear_map(lambda P: P[:T], lambda bar: jnp.pad(bar, ((0, most - T), (0, 0))), P, None)
    by_P = Broadcast(x.shape[:-2], (T, n)) @ first
    return x + jnp.broadcast_to(rows, x.shape), BlockRow((by_P, Identity((T, n), x.shape[:-2])))


def rope(x: Sequence, base: float = 10000.0) -> tuple[Sequence, LinearMap]:
    """y_t = R_t x_t, each pair (x_k, x_k+n/2) turned by the angle t base^(−2k/n);  J = R_t: ȳ is turned back.

    Positions t = 0 … T − 1 are the second last axis. Linear. Raises ValueError for an odd n.
    Source: Su et al. 2021, arXiv:2104.09864, with the halves as in GPT-NeoX.
    """
    if x.shape[-1] % 2:
        raise ValueError(f"rope: the last axis must be even, got {x.shape[-1]}")
    return linear_map(partial(turned, base, 1), partial(turned, base, -1), x, 2)


def turned(base: float, sign: int, x: Array) -> Array:
    T, n = x.shape[-2:]
    dtype = x.dtype if x.dtype.itemsize > 4 else jnp.dtype("float32")  # an angle of thousands needs its digits
    rate = base ** (-jnp.arange(0, n, 2, dtype=dtype) / max(n, 1))
    angle = jnp.tile(jnp.arange(T, dtype=dtype)[:, None] * rate[None], 2)
    a, b = jnp.split(x, 2, -1)
    across = jnp.concatenate([-b, a], -1)
    cos, sin = (jnp.broadcast_to(f(angle), x.shape).astype(x.dtype) for f in (jnp.cos, jnp.sin))
    return x * cos + sign * across * sin
