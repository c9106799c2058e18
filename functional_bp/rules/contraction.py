"""Sums of products, written as einsum writes them, and a matrix with a low-rank addition."""

import re
from typing import Any, NamedTuple

import jax.numpy as jnp
from jaxtyping import Array, Float

from functional_bp.jacobians import BlockRow, Broadcast, Contracted, Dense, Outer, SharedContracted

__all__ = ["LoraParams", "contraction", "lora"]

SPEC = re.compile(r"[a-z]*(,[a-z]*)+->[a-z]*")


def contraction(*operands: Array, spec: str) -> tuple[Float[Array, "*batch_out"], BlockRow]:
    """y = einsum(spec, a, b, …);  ∂y/∂a: ȳ takes the place of a: ā = einsum(of ȳ and the others).

    `spec`, as "ij,jk->ik", is of one example; each operand has the axes of the batch in front, or none if all examples
    share it. No operand names an axis twice. Raises ValueError where shapes do not fit. Linear in each operand.
    """
    letters, output, sizes = read(spec, operands)
    extra = [a.ndim - len(names) for a, names in zip(operands, letters, strict=True)]
    batches = [a.shape[:more] for a, more in zip(operands, extra, strict=True) if more]
    batch = batches[0] if batches else ()
    if any(other != batch for other in batches):
        raise ValueError(f"contraction: the operands of {spec} have different batches: {batches}")
    dots = ["..." if more else "" for more in extra]
    terms = ",".join(a + names for a, names in zip(dots, letters, strict=True))
    y = jnp.einsum(f"{terms}->{'...' if batch else ''}{output}", *operands)

    def by(k: int) -> Contracted:
        kind = SharedContracted if batch and not extra[k] else Contracted
        others = (*operands[:k], *operands[k + 1 :])
        return kind(others, letters, output, k, tuple(sorted(sizes.items())), batch, y.dtype)

    return y, BlockRow(tuple(map(by, range(len(operands)))))


def read(spec: str, operands: tuple[Array, ...]) -> tuple[tuple[str, ...], str, dict[str, int]]:
    """The letters of each operand and of the output, and the length that each letter stands for."""
    if not SPEC.fullmatch(spec):
        raise ValueError(f"contraction: spec must be as 'ij,jk->ik', of two operands or more, got {spec!r}")
    left, output = spec.split("->")
    letters = tuple(left.split(","))
    if len(letters) != len(operands) or any(len(set(names)) < len(names) for names in (*letters, output)):
        raise ValueError(
            f"contraction: {spec} must have a part for each of {len(operands)} operands, no axis twice in it"
        )
    sizes: dict[str, int] = {}
    for names, a in zip(letters, operands, strict=True):
        own = a.shape[a.ndim - len(names) :] if a.ndim >= len(names) else ()
        if len(own) < len(names) or any(sizes.setdefault(i, n) != n for i, n in zip(names, own, strict=True)):
            raise ValueError(f"contraction: {spec} does not fit operands of shapes {[a.shape for a in operands]}")
    if not set(output) <= set(sizes):
        raise ValueError(f"contraction: the output of {spec} has an axis that no operand has")
    return letters, output, sizes


class LoraParams(NamedTuple):
    """W[m, n] and b[m] as they were learnt, A[r, n] and B[m, r] that are learnt now."""

    W: Float[Array, "m n"]
    b: Float[Array, " m"]
    A: Float[Array, "r n"]
    B: Float[Array, "m r"]


def lora(
    params: LoraParams, x: Float[Array, "*batch n"], scale: float = 1.0
) -> tuple[Float[Array, "*batch m"], BlockRow]:
    """y = W x + b + s B A x;  Ā = s Σ Bᵀȳ xᵀ, B̄ = s Σ ȳ (A x)ᵀ, x̄ = ȳ (W + s B A), W̄ = Σ ȳ xᵀ, b̄ = Σ ȳ.

    B A is never multiplied out. What is not asked for, W̄ of a W that stays as it is, is not computed under jit.
    Raises ValueError where shapes do not fit. Source: Hu et al. 2021, arXiv:2106.09685.
    """
    W, b, A, B = params
    fits = x.shape[-1:] == W.shape[1:] == A.shape[1:] and B.shape == (W.shape[0], A.shape[0]) and b.shape == W.shape[:1]
    if not fits:
        shapes: Any = {name: a.shape for name, a in params._asdict().items()}
        raise ValueError(f"lora: {shapes} do not fit x {x.shape}")
    batch, m, r = x.shape[:-1], *B.shape
    z = jnp.einsum("rn,...n->...r", A, x)
    y = jnp.einsum("mn,...n->...m", W, x) + scale * jnp.einsum("mr,...r->...m", B, z)
    by_z = scale * Dense(B, batch)
    J = LoraParams(Outer(x, m), Broadcast(batch, (m,)), by_z @ Outer(x, r), scale * Outer(z, m))  # pyright: ignore[reportArgumentType]
    return y + jnp.broadcast_to(b, y.shape), BlockRow((J, Dense(W, batch) + by_z @ Dense(A, batch)))
