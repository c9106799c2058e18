"""The scores of attention, a block at a time: which are masked, and which blocks need not be looked at."""

import dataclasses
from collections.abc import Callable
from functools import reduce
from typing import Any

import jax
import jax.numpy as jnp

from functional_bp.jacobians.base import register_pytree, static


@dataclasses.dataclass(frozen=True, eq=False)
class Scores:
    """s_ij = q_i·k_j scale, capped, with bias and masks: `scores(q_i, k_j, i, j, diagonal)` of a block of each.

    Rows are seen in groups, "*batch groups heads/groups block d". Lengths that are no multiple of the block are padded.
    """

    bias: Any
    segments: Any
    mask: Any
    causal: bool = static()
    scale: float = static()
    softcap: float | None = static()
    block: int = static()
    groups: int = static()
    T: int = static()
    S: int = static()

    @classmethod
    def of(cls, qkv: Any, causal: bool, segments: Any, mask: Any, scale: Any, softcap: Any, block: int) -> "Scores":
        q, k, v, bias, sink = qkv
        T, d = check_shapes(q, k, v, bias, segments, mask, sink)
        S = k.shape[-2]
        block = max(min(block, max(T, S)), 1)
        scale = d**-0.5 if scale is None else scale
        made = cls(bias, segments, mask, causal, scale, softcap, block, k.shape[-3], T, S)
        return dataclasses.replace(
            made,
            bias=made.padded_scores(full_rank(bias, q.ndim), 0),
            mask=made.padded_scores(full_rank(mask, q.ndim), False),
            segments=None if segments is None else pad(segments, -1, made.length(max(T, S)), -1),
        )

    @property
    def may_be_empty(self) -> bool:
        """Whether a row may see nothing, or nothing of the first block."""
        return self.mask is not None or self.segments is not None or self.bias is not None or self.S == 0

    def length(self, n: int) -> int:
        return max(-(-n // self.block), 1) * self.block

    def padded_rows(self, a: Any, value: float = 0) -> Any:
        return pad(a, -2, self.length(a.shape[-2]), value)

    def padded(self, qkv: Any) -> tuple[Any, ...]:
        return tuple(map(self.padded_rows, qkv[:3]))

    def padded_scores(self, a: Any, value: Any) -> Any:
        """An array of rows and columns, either of which may be 1."""
        if a is None:
            return None
        for axis, n in ((-2, self.T), (-1, self.S)):
            a = pad(a, axis, self.length(n), value) if a.shape[axis] == n != 1 else a
        return a

    def unpadded_scores(self, a: Any, shape: tuple[int, ...]) -> Any:
        return a[..., : shape[-2], : shape[-1]].reshape(shape)

    def rows(self, a: Any, i: Any) -> Any:
        return in_groups(part(a, i, self.block), self.groups)

    def __call__(self, q_i: Any, k_j: Any, i: Any, j: Any, diagonal: bool) -> tuple[Any, Any]:
        """The scores, −∞ where masked, and their derivative by q·k: a number, or an array if capped."""
        s, slope = jnp.einsum("...grid,...gjd->...grij", q_i, k_j) * self.scale, self.scale
        if self.softcap is not None:
            t = jnp.tanh(s / self.softcap)
            s, slope = self.softcap * t, self.scale * (1 - t) * (1 + t)
        if self.bias is not None:
            s = s + self.of_block(self.bias, i, j, s.shape)
        seen = self.seen(i, j, diagonal, s.shape)
        return s if seen is None else jnp.where(seen, s, -jnp.inf), slope

    def seen(self, i: Any, j: Any, diagonal: bool, shape: tuple[int, ...]) -> Any:
        at_i, at_j = (jnp.arange(self.block) + n * self.block for n in (i, j))
        conditions = []
        if self.causal and diagonal:
            conditions.append(at_i[:, None] >= at_j[None])
        if self.length(self.S) > self.S and not (self.causal and self.T == self.S):  # there the diagonal hides them
            conditions.append(jnp.broadcast_to(at_j[None] < self.S, shape[-2:]))
        if self.segments is not None:
            of_i, of_j = (jax.lax.dynamic_slice_in_dim(self.segments, n * self.block, self.block, -1) for n in (i, j))
            same = (of_i[..., :, None] == of_j[..., None, :]) & (of_j >= 0)[..., None, :]
            conditions.append(same[..., None, None, :, :])
        if self.mask is not None:
            conditions.append(self.of_block(self.mask, i, j, shape))
        return reduce(jnp.logical_and, [jnp.broadcast_to(c, shape) for c in conditions]) if conditions else None

    def of_block(self, a: Any, i: Any, j: Any, shape: tuple[int, ...]) -> Any:
        """The block's part of an array of rows and columns, in groups."""
        for axis, n in ((-2, i), (-1, j)):
            a = a if a.shape[axis] == 1 else jax.lax.dynamic_slice_in_dim(a, n * self.block, self.block, axis)
        heads = a.shape[-3]
        a = a.reshape(*a.shape[:-3], *((1, 1) if heads == 1 else (self.groups, heads // self.groups)), *a.shape[-2:])
        return jnp.broadcast_to(a, shape)

    def add_bias(self, bias_bar: Any, s_bar: Any, i: Any, j: Any) -> Any:
        if bias_bar is None:
            return None
        whole = s_bar.reshape(*s_bar.shape[:-4], -1, *s_bar.shape[-2:])
        rows, columns = (1 if n == 1 else self.block for n in bias_bar.shape[-2:])
        whole = sum_to(whole, (*bias_bar.shape[:-2], rows, columns))
        ends = [0 if n == 1 else m * self.block for n, m in zip(bias_bar.shape[-2:], (i, j), strict=True)]
        at = [*(0 for _ in bias_bar.shape[:-2]), *ends]
        old = jax.lax.dynamic_slice(bias_bar, at, whole.shape)
        return jax.lax.dynamic_update_slice(bias_bar, old + whole, at)

    def over_columns(self, i: Any, step: Callable[..., Any], carry: Any) -> Any:
        """Of a block of rows, the blocks of columns that it sees a part of."""
        n = self.length(self.S) // self.block
        if not self.causal:
            return jax.lax.fori_loop(0, n, lambda j, carry: step(j, carry, False), carry)
        carry = jax.lax.fori_loop(0, jnp.minimum(i, n), lambda j, carry: step(j, carry, False), carry)
        return self.on_diagonal(i < n, lambda carry: step(i, carry, True), carry)

    def over_rows(self, j: Any, step: Callable[..., Any], carry: Any) -> Any:
        """Of a block of columns, the blocks of rows that see a part of it."""
        n = self.length(self.T) // self.block
        if not self.causal:
            return jax.lax.fori_loop(0, n, lambda i, carry: step(i, carry, False), carry)
        carry = self.on_diagonal(j < n, lambda carry: step(j, carry, True), carry)
        return jax.lax.fori_loop(j + 1, n, lambda i, carry: step(i, carry, False), carry)

    def on_diagonal(self, is_there: Any, step: Callable[..., Any], carry: Any) -> Any:
        """Where rows and columns are as many, there is always one."""
        same = self.length(self.T) == self.length(self.S)
        return step(carry) if same else jax.lax.cond(is_there, step, lambda carry: carry, carry)


register_pytree(Scores)


def part(a: Any, i: Any, size: int) -> Any:
    return jax.lax.dynamic_slice_in_dim(a, i * size, size, -2)


def in_groups(a: Any, groups: int) -> Any:
    """ "*batch heads T d" as "*batch groups heads/groups T d"."""
    *batch, heads, T, d = a.shape
    return a.reshape(*batch, groups, heads // groups, T, d)


def pad(a: Any, axis: int, length: int, value: Any) -> Any:
    more = length - a.shape[axis]
    widths = [(0, more if k == a.ndim + axis else 0) for k in range(a.ndim)]
    return jnp.pad(a, widths, constant_values=value) if more else a


def full_rank(a: Any, ndim: int) -> Any:
    return None if a is None else a.reshape(*(1,) * (ndim - a.ndim), *a.shape)


def sum_to(a: Any, shape: tuple[int, ...]) -> Any:
    """The transpose of broadcasting: summed over the axes that `shape` lacks or has as 1."""
    a = a.sum(tuple(range(a.ndim - len(shape))))
    return a.sum(tuple(k for k, n in enumerate(shape) if n == 1 != a.shape[k]), keepdims=True)


def check_shapes(q: Any, k: Any, v: Any, bias: Any, segments: Any, mask: Any, sink: Any) -> tuple[int, int]:
    shapes = f"got q {q.shape}, k {k.shape}, v {v.shape}"
    if min(q.ndim, k.ndim, v.ndim) < 3 or not (q.shape[:-3] == k.shape[:-3] == v.shape[:-3]):
        raise ValueError(f"attention: q, k, v must have shapes (*batch, heads, length, size); {shapes}")
    heads, T, d = q.shape[-3:]
    if k.shape[-3:-1] != v.shape[-3:-1] or k.shape[-1] != d or heads % max(k.shape[-3], 1):
        raise ValueError(f"attention: k and v must have one length, q and k one size, k's heads divide q's; {shapes}")
    if segments is not None and (segments.shape != (*q.shape[:-3], T) or k.shape[-2] != T):
        raise ValueError(f"attention: segments must have shape {(*q.shape[:-3], T)}, got {segments.shape}; {shapes}")
    for name, a in (("bias", bias), ("mask", mask)):
        whole = (*q.shape[:-1], k.shape[-2])
        if a is None:
            continue
        pairs = zip(a.shape[::-1], whole[::-1], strict=False)
        if not (3 <= a.ndim <= q.ndim and all(m in (1, n) for m, n in pairs)):
            raise ValueError(f"attention: {name} must have shape {whole}, where any axis may be 1; got {a.shape}")
    if sink is not None and sink.shape != (heads,):
        raise ValueError(f"attention: sink must have shape ({heads},), got {sink.shape}")
    return T, d
