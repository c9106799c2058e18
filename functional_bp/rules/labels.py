"""Losses of whole-number labels, of logits that are there or that are never whole."""

import math
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from functional_bp.jacobians import BlockRow, Gradient, RowVector
from functional_bp.jacobians.scan import zeros_as

__all__ = ["label_nll", "linear_nll"]

ROWS = 2048  # of W̄ that a product is added to at once


def label_nll(
    z: Float[Array, "*batch v"], labels: Int[Array, "*batch"], smoothing: float = 0.0, z_loss: float = 0.0
) -> tuple[Float[Array, "*batch"], RowVector]:
    """D = L − Σ d z + ζ L² with L = log Σ e^z;  ∂D/∂z = (1 + 2 ζ L) softmax(z) − d.

    d is 1 − ε at the label, with ε shared evenly by all: ε is the `smoothing`, ζ the weight of `z_loss`. A label
    outside 0 … V − 1 (−1 by custom) is left out: D and its gradient are 0.
    Finite at any logit. Raises ValueError where shapes do not fit. Source: lectures, claim E9; Szegedy et al. 2016 (ε).
    """
    check_labels("label_nll", z, labels)
    D, z_bar = of_logits(z, labels, jnp.ones(labels.shape, z.dtype), smoothing, z_loss)
    return D, RowVector(z_bar)


def linear_nll(
    W: Float[Array, "v n"],
    h: Float[Array, "*batch n"],
    labels: Int[Array, "*batch"],
    weights: Float[Array, "*batch"] | None = None,
    smoothing: float = 0.0,
    z_loss: float = 0.0,
    softcap: float | None = None,
    chunk: int = 128,
) -> tuple[Float[Array, ""], BlockRow]:
    """D = Σ_t w_t D_t, `label_nll` of z_t = W h_t;  ∂D/∂W = Σ_t w_t z̄_t h_tᵀ, ∂D/∂h_t = w_t z̄_t W.

    By default the weights share 1 among the labels that are not left out, so that D is their mean (0 of none).
    With `softcap` c the logits are c tanh(z/c). Of the logits `chunk` tokens at a time are in memory; both gradients
    are found on the way forward, and J holds nothing else.
    Raises ValueError where shapes do not fit. Source: as `label_nll`; in chunks Wijmans et al. 2024, arXiv:2411.09009.
    """
    if W.ndim != 2 or h.shape[-1:] != W.shape[1:]:
        raise ValueError(f"linear_nll: h must have shape (*batch, n) for W (v, n), got {h.shape} for {W.shape}")
    V = W.shape[0]
    check_labels("linear_nll", jax.eval_shape(lambda h: h[..., :1], h), labels)
    kept = (labels >= 0) & (labels < V)
    if weights is None:
        weights = kept.astype(h.dtype) / jnp.maximum(kept.sum(), 1).astype(h.dtype)

    def loss(z: Array, label: Array, w: Array) -> tuple[Array, Array]:
        capped = z if softcap is None else softcap * jnp.tanh(z / softcap)
        D, z_bar = of_logits(capped, label, w, smoothing, z_loss)
        return D, z_bar if softcap is None else z_bar * (1 - (capped / softcap) ** 2)

    return over_chunks(loss, W, h, (labels, weights.astype(h.dtype)), (-1, 0), chunk)  # what is added has no label


def over_chunks(
    loss: Callable[..., tuple[Array, Array]],
    W: Float[Array, "v n"],
    h: Float[Array, "*batch n"],
    others: tuple[Array, ...],
    fills: tuple[int, ...],
    chunk: int,
) -> tuple[Float[Array, ""], BlockRow]:
    """Σ_t D_t and its gradients, where `loss(z, *others)` gives D and z̄ of some rows of z = W h; the logits of `chunk`
    rows are in memory. The last chunk is filled up: what is added of each of the others, `fills` says."""
    n, batch = h.shape[-1], h.ndim - 1
    rows = [a.reshape(math.prod(h.shape[:-1]), *a.shape[batch:]) for a in (h, *others)]
    count = rows[0].shape[0]
    chunk = max(min(chunk, count), 1)
    more = -count % chunk if count else chunk
    padded = [
        jnp.pad(a, ((0, more), *(((0, 0),) * (a.ndim - 1))), constant_values=fill)
        for a, fill in zip(rows, (0, *fills), strict=True)
    ]

    def step(W_bar: Any, at: Any) -> Any:
        h, *others = at
        D, z_bar = loss(jnp.einsum("tn,vn->tv", h, W), *others)
        return with_product(W_bar, z_bar, h), (D, jnp.einsum("tv,vn->tn", z_bar, W))

    chunks = tuple(a.reshape(-1, chunk, *a.shape[1:]) for a in padded)
    W_bar, (D, h_bar) = jax.lax.scan(step, zeros_as(W), chunks)
    return D.sum(), BlockRow((Gradient(W_bar), Gradient(h_bar.reshape(-1, n)[:count].reshape(h.shape))))


def with_product(W_bar: Array, z_bar: Array, h: Array) -> Array:
    """W̄ + z̄ᵀ h, some rows at a time: of a large vocabulary the product is not to stand beside W̄."""
    V = len(W_bar)

    def some(first: Any, count: int, W_bar: Array) -> Array:
        part = jax.lax.dynamic_slice_in_dim(z_bar, first, count, 1)
        rows = jax.lax.dynamic_slice_in_dim(W_bar, first, count, 0)
        rows = rows + jnp.einsum("tv,tn->vn", part, h)
        return jax.lax.dynamic_update_slice_in_dim(W_bar, rows, first, 0)

    whole = V // ROWS
    if whole:
        W_bar = jax.lax.fori_loop(0, whole, lambda i, W_bar: some(i * ROWS, ROWS, W_bar), W_bar)
    return some(whole * ROWS, V % ROWS, W_bar) if V % ROWS else W_bar


def of_logits(z: Array, labels: Array, weights: Array, smoothing: float, z_loss: float) -> tuple[Array, Array]:
    """(w D, w ∂D/∂z) for each row; 0 where the label is none."""
    V = z.shape[-1]
    kept = (labels >= 0) & (labels < V)
    w = jnp.where(kept, weights, 0)
    label = jnp.where(kept, labels, 0)[..., None]
    shifted = z - z.max(-1, keepdims=True)
    e = jnp.exp(shifted)
    total = e.sum(-1, keepdims=True)
    log_total = jnp.log(total)
    target = jnp.take_along_axis(shifted, label, -1)
    D = log_total - (1 - smoothing) * target
    if smoothing:
        D = D - smoothing * shifted.mean(-1, keepdims=True)
    factor = 1 / total
    if z_loss:
        L = log_total + z.max(-1, keepdims=True)
        D, factor = D + z_loss * L**2, factor * (1 + 2 * z_loss * L)
    is_label = jnp.arange(V, dtype=label.dtype).reshape(*(1,) * (z.ndim - 1), V) == label
    d = is_label.astype(z.dtype) * (1 - smoothing) + smoothing / V
    return w * D[..., 0], jnp.where(kept[..., None], w[..., None] * (e * factor - d), 0)


def check_labels(rule: str, z: Any, labels: Array) -> None:
    if z.ndim == 0 or labels.shape != z.shape[:-1] or not jnp.issubdtype(labels.dtype, jnp.integer):
        raise ValueError(
            f"{rule}: labels must be whole numbers, one a row: shape {z.shape[:-1]}, got {labels.dtype}{labels.shape}"
        )
