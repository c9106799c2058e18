"""Distillation: a student's logits against a teacher's, both products that are never whole."""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from functional_bp.jacobians import BlockRow
from functional_bp.rules.labels import over_chunks

__all__ = ["linear_kl"]


def linear_kl(
    W: Float[Array, "v n"],
    h: Float[Array, "*batch n"],
    teacher_W: Float[Array, "v m"],
    teacher_h: Float[Array, "*batch m"],
    weights: Float[Array, "*batch"] | None = None,
    temperature: float = 1.0,
    chunk: int = 128,
) -> tuple[Float[Array, ""], BlockRow]:
    """D = Σ_t w_t Σ_v p log(p/q), p, q = softmax of teacher's and student's z/τ;  z̄ = w (q − p)/τ, W̄ = Σ z̄ hᵀ, h̄ = z̄ W.

    z = W h of the student, of the teacher, who is a constant, likewise. By default the weights share 1 evenly. Of the
    logits `chunk` tokens at a time are in memory; both gradients are found on the way forward, and J holds them alone.
    Raises ValueError where shapes do not fit. Source: Hinton et al. 2015, arXiv:1503.02531.
    """
    fits = W.shape[1:] == h.shape[-1:] and teacher_W.shape[1:] == teacher_h.shape[-1:] and len(W) == len(teacher_W)
    if not fits or teacher_h.shape[:-1] != h.shape[:-1]:
        shapes = f"W {W.shape}, h {h.shape}, of the teacher W {teacher_W.shape}, h {teacher_h.shape}"
        raise ValueError(f"linear_kl: the shapes do not fit: {shapes}")
    if weights is None:
        batch = h.shape[:-1]
        weights = jnp.full(batch, 1 / max(h.size // max(h.shape[-1], 1), 1), h.dtype)

    def loss(z: Array, teacher_h: Array, w: Array) -> tuple[Array, Array]:
        of_teacher = jax.nn.log_softmax(jnp.einsum("tm,vm->tv", teacher_h, teacher_W) / temperature)
        of_student = jax.nn.log_softmax(z / temperature)
        p = jnp.exp(of_teacher)
        D = jnp.where(p > 0, p * (of_teacher - of_student), 0).sum(-1)
        return w * D, w[:, None] / temperature * (jnp.exp(of_student) - p)

    return over_chunks(loss, W, h, (teacher_h, weights), (0, 0), chunk)
