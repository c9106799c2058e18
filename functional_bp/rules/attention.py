"""Scaled dot-product attention in blocks: the scores are never whole, and of their softmax only log Σ exp is kept."""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from functional_bp.jacobians import Jacobian, Shape
from functional_bp.jacobians.scan import zeros_as
from functional_bp.jacobians.scores import Scores, part, sum_to
from functional_bp.jacobians.shape import Size

__all__ = ["QKV", "Attention", "attention"]


class QKV(NamedTuple):
    """q "*batch heads T d", k "*batch groups S d", v "*batch groups S c"; also the shape that their cotangents have.

    `groups` divides `heads`: each key serves heads/groups of them in a row. `bias` "*batch heads T S" (any axis may be
    1) is added to the scores; `sink` "heads" is one more score in each row, of a value 0.
    """

    q: Any
    k: Any
    v: Any
    bias: Any = None
    sink: Any = None


def attention(
    qkv: QKV,
    causal: bool = False,
    segments: Int[Array, "*batch t"] | None = None,
    mask: Array | None = None,
    scale: float | None = None,
    softcap: float | None = None,
    block: int = 128,
) -> tuple[Float[Array, "*batch heads t c"], "Attention"]:
    """y = A v with A = softmax(q kᵀ/√d) by rows;  v̄ = Aᵀ ȳ, s̄ = A ⊙ (ȳ vᵀ − Σ ȳ y), q̄ = s̄ k/√d, k̄ = s̄ᵀ q/√d.

    Position t sees the keys up to t if `causal`, those of its segment if `segments` are given (negative ones are
    padding), and those where `mask` "*batch heads T S" (any axis may be 1) is True. A row that sees nothing gives 0.
    With `softcap` c a score s becomes c tanh(s/c), before bias and mask. `scale` replaces 1/√d.

    J holds q, k, v, y and one number a row; the scores are computed again, `block` rows and columns at a time.
    Raises ValueError where shapes do not fit. Smooth everywhere. Source: Vaswani et al. 2017, arXiv:1706.03762; in
    blocks Dao et al. 2022, arXiv:2205.14135.
    """
    qkv = QKV(*qkv)
    scores = Scores.of(qkv, causal, segments, mask, scale, softcap, block)
    q, k, v = scores.padded(qkv)

    def rows(i: Any, carry: Any) -> Any:
        y, lse = carry
        q_i = scores.rows(q, i)

        def columns(j: Any, carry: Any, diagonal: bool) -> Any:
            y_i, top, total = carry
            s, _ = scores(q_i, part(k, j, scores.block), i, j, diagonal)
            new = jnp.maximum(top, s.max(-1, keepdims=True))
            shift = jnp.where(new == -jnp.inf, 0, new) if scores.may_be_empty else new
            p, fade = jnp.exp(s - shift), jnp.exp(top - shift)
            y_i = y_i * fade + jnp.einsum("...grij,...gjc->...gric", p, part(v, j, scores.block))
            return y_i, new, total * fade + p.sum(-1, keepdims=True)

        y_i, top, total = scores.over_columns(i, columns, start(scores, qkv, q_i, v))
        if scores.may_be_empty:
            empty = total == 0
            top, total = jnp.where(empty, 0, top), jnp.where(empty, 1, total)
        return replaced(y, i, scores.block, y_i / total), replaced(lse, i, scores.block, top + jnp.log(total))

    zero = zeros_as(q[..., :1])
    carry = jnp.broadcast_to(zero, (*zero.shape[:-1], v.shape[-1])), zero
    y, lse = jax.lax.fori_loop(0, q.shape[-2] // scores.block, rows, carry)
    y, lse = (a[..., : qkv.q.shape[-2], :] for a in (y, lse))
    return y, Attention(qkv, y, lse, scores)


def start(scores: Scores, qkv: QKV, q_i: Any, v: Any) -> Any:
    """Before the first block: no value, and of scores only the sink's."""
    zero = zeros_as(q_i[..., :1])
    y = jnp.broadcast_to(zero, (*zero.shape[:-1], v.shape[-1]))
    if qkv.sink is None:
        return y, zero - jnp.inf, zero
    groups = qkv.k.shape[-3]
    sink = jnp.broadcast_to(qkv.sink.reshape(groups, -1, 1, 1), zero.shape)
    return y, zero + sink, zero + 1


class Attention(Jacobian):
    """J of y = softmax(q kᵀ/√d) v with respect to all that `QKV` holds; it keeps its inputs, y and log Σ exp."""

    qkv: QKV
    y: Any
    lse: Any
    scores: Scores

    @property
    def shape(self) -> Shape:
        batch = self.y.shape[:-3]

        def size(a: Any) -> Any:
            return None if a is None else Size(a.shape if a.ndim < 3 else a.shape[-3:])

        return Shape(batch, self.y.shape[-3:], QKV(*map(size, self.qkv)))

    @property
    def dtype(self) -> Any:
        return self.y.dtype

    def vjp(self, y_bar: Float[Array, "*batch heads t c"]) -> QKV:
        scores, qkv = self.scores, self.qkv
        q, k, v = scores.padded(qkv)
        D = (y_bar * self.y).sum(-1, keepdims=True)
        y_bar, D_rows, lse = *map(scores.padded_rows, (y_bar, D)), scores.padded_rows(self.lse, jnp.inf)
        block = scores.block

        def columns(j: Any, carry: Any) -> Any:
            k_j, v_j = part(k, j, block), part(v, j, block)

            def rows(i: Any, carry: Any, diagonal: bool) -> Any:
                k_bar, v_bar, q_bar, bias_bar = carry
                q_i, y_i = scores.rows(q, i), scores.rows(y_bar, i)
                s, slope = scores(q_i, k_j, i, j, diagonal)
                p = jnp.exp(s - scores.rows(lse, i))
                v_bar = v_bar + jnp.einsum("...gric,...grij->...gcj", y_i, p)
                s_bar = p * (jnp.einsum("...gric,...gjc->...grij", y_i, v_j) - scores.rows(D_rows, i))
                bias_bar = scores.add_bias(bias_bar, s_bar, i, j)
                s_bar = s_bar * slope
                k_bar = k_bar + jnp.einsum("...grid,...grij->...gdj", q_i, s_bar)
                return k_bar, v_bar, added(q_bar, i, block, jnp.einsum("...grij,...gjd->...grid", s_bar, k_j)), bias_bar

            q_bar, k_bar, v_bar, bias_bar = carry
            inner = *(transposed(zeros_as(a)) for a in (k_j, v_j)), q_bar, bias_bar
            *kv_bar, q_bar, bias_bar = scores.over_rows(j, rows, inner)
            k_j_bar, v_j_bar = map(transposed, kv_bar)  # summed as columns: y_i and q_i are copied, not p and s̄
            return q_bar, replaced(k_bar, j, block, k_j_bar), replaced(v_bar, j, block, v_j_bar), bias_bar

        bias_bar = None if qkv.bias is None else scores.padded_scores(zeros_as(qkv.bias), 0)
        carry = zeros_as(q), zeros_as(k), zeros_as(v), bias_bar
        q_bar, k_bar, v_bar, bias_bar = jax.lax.fori_loop(0, k.shape[-2] // block, columns, carry)
        T, S = qkv.q.shape[-2], qkv.k.shape[-2]
        if bias_bar is not None and qkv.bias is not None:
            bias_bar = scores.unpadded_scores(bias_bar, qkv.bias.shape)
        return QKV(q_bar[..., :T, :], k_bar[..., :S, :], v_bar[..., :S, :], bias_bar, self.sink_bar(D))

    def sink_bar(self, D: Array) -> Array | None:
        """The sink's value is 0, so its p̄ is 0: s̄ = −p Σ ȳ y."""
        if self.qkv.sink is None:
            return None
        sink = jnp.broadcast_to(self.qkv.sink[:, None, None], self.lse.shape)
        return sum_to(-jnp.exp(sink - self.lse) * D, (len(self.qkv.sink), 1, 1))[:, 0, 0]

    def jvp(self, z_dot: QKV) -> Array:
        """ẏ = Σ_j p_j (ṡ_j (v_j − y) + v̇_j): one pass more."""
        scores, qkv = self.scores, self.qkv
        q, k, v = scores.padded(qkv)
        q_dot, k_dot, v_dot = scores.padded(QKV(*z_dot))
        bias_dot = None if qkv.bias is None else scores.padded_scores(z_dot[3], 0)
        lse = scores.padded_rows(self.lse, jnp.inf)
        block = scores.block

        def rows(i: Any, carry: Any) -> Any:
            q_i, dot_i = scores.rows(q, i), scores.rows(q_dot, i)

            def columns(j: Any, carry: Any, diagonal: bool) -> Any:
                y_dot, total = carry
                k_j = part(k, j, block)
                s, slope = scores(q_i, k_j, i, j, diagonal)
                p = jnp.exp(s - scores.rows(lse, i))
                s_dot = jnp.einsum("...grid,...gjd->...grij", dot_i, k_j)
                s_dot = slope * (s_dot + jnp.einsum("...grid,...gjd->...grij", q_i, part(k_dot, j, block)))
                if bias_dot is not None:
                    s_dot = s_dot + scores.of_block(bias_dot, i, j, s.shape)
                t = p * s_dot
                new = jnp.einsum("...grij,...gjc->...gric", t, part(v, j, block))
                new = new + jnp.einsum("...grij,...gjc->...gric", p, part(v_dot, j, block))
                return y_dot + new, total + t.sum(-1, keepdims=True)

            zero = zeros_as(q_i[..., :1])
            y = jnp.broadcast_to(zero, (*zero.shape[:-1], v.shape[-1]))
            y_dot, total = scores.over_columns(i, columns, (y, zero))
            return replaced(carry[0], i, block, y_dot), replaced(carry[1], i, block, total)

        zero = zeros_as(q[..., :1])
        carry = jnp.broadcast_to(zero, (*zero.shape[:-1], v.shape[-1])), zero
        y_dot, total = (a[..., : qkv.q.shape[-2], :] for a in jax.lax.fori_loop(0, q.shape[-2] // block, rows, carry))
        if qkv.sink is not None:
            sink = jnp.broadcast_to(qkv.sink[:, None, None], self.lse.shape)
            total = total + jnp.exp(sink - self.lse) * jnp.broadcast_to(z_dot[4][:, None, None], self.lse.shape)
        return y_dot - total * self.y


def transposed(a: Any) -> Any:
    return jnp.swapaxes(a, -1, -2)


def replaced(a: Any, i: Any, size: int, value: Any) -> Any:
    """Rows i·size … of a; only blocks are ever seen in groups: XLA would copy an array with one axis more."""
    value = value.reshape(*a.shape[:-2], size, a.shape[-1])
    return jax.lax.dynamic_update_slice_in_dim(a, value, i * size, -2)


def added(a: Any, i: Any, size: int, value: Any) -> Any:
    return replaced(a, i, size, part(a, i, size) + value.reshape(*a.shape[:-2], size, a.shape[-1]))
