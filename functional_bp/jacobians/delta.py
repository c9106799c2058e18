"""The Jacobian of the gated delta rule: of all states it holds those between chunks, and finds the others again."""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array

from functional_bp.jacobians.base import Jacobian, Shape, static
from functional_bp.jacobians.scan import zeros_as
from functional_bp.jacobians.shape import Size


class DeltaInputs(NamedTuple):
    """q, k "*batch T d", v "*batch T c", log_decay and beta "*batch T", the state "*batch c d" before the first step.

    It is also the shape of their cotangents.
    """

    q: Any
    k: Any
    v: Any
    log_decay: Any
    beta: Any
    state: Any


class Chunk(NamedTuple):
    """The steps of one chunk as matrix products, by the state S before it.

    S_i = γ_i S + Σ_{j ≤ i} Γ_ij w_j k_jᵀ, where Γ_ij is the decay from step j to step i, γ_i that from S, and w solves
    (1 + L) w = β (v − γ k Sᵀ), L_ij = β_i Γ_ij k_i·k_j for j < i; if nothing is taken back, w = β v.
    """

    decay: Array  # Γ
    fade: Array  # γ, as a column
    taken: Array  # v − γ k Sᵀ
    L: Array
    w: Array
    A: Array  # Γ_ij q_i·k_j
    takes_back: bool

    @classmethod
    def of(cls, x: DeltaInputs, takes_back: bool) -> "Chunk":
        q, k, v, g, beta, S = x
        n = g.shape[-1]
        later = jnp.tril(jnp.ones((n, n), bool), -1)
        steps = jnp.where(later, jnp.broadcast_to(g[..., None], (*g.shape, n)), 0)
        decay = jnp.where(later | jnp.eye(n, dtype=bool), jnp.exp(jnp.cumsum(steps, -2)), 0)
        fade = jnp.exp(jnp.cumsum(g, -1))[..., None]
        beta = beta[..., None]
        A = decay * inner(q, k)
        if not takes_back:
            return cls(decay, fade, v, A, beta * v, A, False)
        taken = v - fade * by_state(k, S)
        L = jnp.where(later, beta * decay * inner(k, k), 0)
        return cls(decay, fade, taken, L, solved(L, beta * taken), A, True)

    def outputs(self, x: DeltaInputs) -> tuple[Array, Array]:
        """The chunk's y, and the state after it."""
        y = self.fade * by_state(x.q, x.state) + matmul(self.A, self.w)
        return y, self.last_fade * x.state + outer(self.last * self.w, x.k)

    @property
    def last(self) -> Array:
        """The decay from each step to the chunk's last, as a column."""
        return self.decay[..., -1, :, None]

    @property
    def last_fade(self) -> Array:
        return self.fade[..., -1:, :]

    def vjp(self, x: DeltaInputs, y_bar: Array, S_bar: Array) -> DeltaInputs:
        """All products of the chunk backwards; L̄ and Ā are s̄ of scores that no softmax follows."""
        q, k, _, _, beta, S = x
        beta = beta[..., None]
        along = by_state(k, S_bar)  # S̄ k, one a step
        w_bar = matmul(self.A, y_bar, transposed=True) + self.last * along
        A_bar, last_bar = inner(y_bar, self.w), (self.w * along).sum(-1)
        fade_bar = (y_bar * by_state(q, S)).sum(-1)
        q_bar = matmul(A_bar * self.decay, k) + self.fade * by_output(y_bar, S)
        k_bar = matmul(A_bar * self.decay, q, transposed=True) + self.last * by_output(self.w, S_bar)
        state_bar = outer(y_bar * self.fade, q) + self.last_fade * S_bar
        fade_bar = fade_bar.at[..., -1].add((S_bar * S).sum((-2, -1)))
        decay_bar = (A_bar * inner(q, k)).at[..., -1, :].add(last_bar)
        rhs_bar = solved(self.L, w_bar, transposed=True) if self.takes_back else w_bar
        v_bar, beta_bar = beta * rhs_bar, (rhs_bar * self.taken).sum(-1)
        if self.takes_back:
            L_bar = -jnp.tril(inner(rhs_bar, self.w), -1)
            G = inner(k, k)
            G_bar = L_bar * self.decay * beta
            beta_bar = beta_bar + (L_bar * self.decay * G).sum(-1)
            decay_bar = decay_bar + L_bar * beta * G
            k_bar = k_bar + matmul(G_bar, k) + matmul(G_bar, k, transposed=True) - self.fade * by_output(v_bar, S)
            state_bar = state_bar - outer(self.fade * v_bar, k)
            fade_bar = fade_bar - (v_bar * by_state(k, S)).sum(-1)
        return DeltaInputs(q_bar, k_bar, v_bar, self.log_decay_bar(decay_bar, fade_bar), beta_bar, state_bar)

    def log_decay_bar(self, decay_bar: Array, fade_bar: Array) -> Array:
        """The decay of step l is in Γ_ij for j < l ≤ i, and in γ_i for l ≤ i."""
        between = jnp.tril(jax.lax.cumsum(decay_bar * self.decay, decay_bar.ndim - 2, reverse=True), -1).sum(-1)
        return between + jax.lax.cumsum(fade_bar * self.fade[..., 0], fade_bar.ndim - 1, reverse=True)

    def jvp(self, x: DeltaInputs, dot: DeltaInputs) -> tuple[Array, Array]:
        q, k, _, _, beta, S = x
        n, beta = beta.shape[-1], beta[..., None]
        later = jnp.tril(jnp.ones((n, n), bool), -1)
        steps = jnp.where(later, jnp.broadcast_to(dot.log_decay[..., None], (*dot.log_decay.shape, n)), 0)
        decay_dot = self.decay * jnp.cumsum(steps, -2)
        fade_dot = self.fade * jnp.cumsum(dot.log_decay, -1)[..., None]
        A_dot = decay_dot * inner(q, k) + self.decay * (inner(dot.q, k) + inner(q, dot.k))
        taken_dot, beta_dot = dot.v, dot.beta[..., None]
        if self.takes_back:
            moved = by_state(dot.k, S) + by_state(k, dot.state)
            taken_dot = taken_dot - fade_dot * by_state(k, S) - self.fade * moved
        w_dot = beta_dot * self.taken + beta * taken_dot
        if self.takes_back:
            G, G_dot = inner(k, k), inner(dot.k, k) + inner(k, dot.k)
            L_dot = beta_dot * self.decay * G + beta * (decay_dot * G + self.decay * G_dot)
            w_dot = solved(self.L, w_dot - matmul(jnp.tril(L_dot, -1), self.w))
        y_dot = fade_dot * by_state(q, S) + self.fade * (by_state(dot.q, S) + by_state(q, dot.state))
        y_dot = y_dot + matmul(A_dot, self.w) + matmul(self.A, w_dot)
        weighted = decay_dot[..., -1, :, None] * self.w + self.last * w_dot
        state_dot = fade_dot[..., -1:, :] * S + self.last_fade * dot.state
        return y_dot, state_dot + outer(weighted, k) + outer(self.last * self.w, dot.k)


class GatedDelta(Jacobian):
    """J of (q, k, v, log α, β, S_0) ↦ (y_1 … y_T, S_T): it holds its inputs and the state before each chunk."""

    x: DeltaInputs
    states: Array  # the chunks first
    chunk: int = static()
    takes_back: bool = static()

    @property
    def shape(self) -> Shape:
        axes = {"q": 2, "k": 2, "v": 2, "log_decay": 1, "beta": 1, "state": 2}
        sizes = {name: Size(a.shape[a.ndim - axes[name] :]) for name, a in self.x._asdict().items()}
        return Shape(self.x.log_decay.shape[:-1], (sizes["v"], sizes["state"]), DeltaInputs(**sizes))

    @property
    def dtype(self) -> Any:
        return self.x.v.dtype

    def vjp(self, y_bar: Any) -> DeltaInputs:
        y_bar, S_bar = y_bar
        whole = padded(self.x._replace(v=y_bar), self.chunk).v  # ȳ has the shape of v

        def back(i: Any, carry: Any) -> Any:
            bars, S_bar = carry
            i = len(self.states) - 1 - i
            x = part_of(padded_x, i, self.chunk)._replace(state=self.states[i])
            bar = Chunk.of(wide(x), self.takes_back).vjp(wide(x), wide(rows(whole, i, self.chunk)), S_bar)
            return put(bars, bar, i, self.chunk), bar.state

        padded_x = padded(self.x, self.chunk)
        start = jax.tree.map(zeros_as, padded_x), wide(S_bar)
        bars, S_bar = jax.lax.fori_loop(0, len(self.states), back, start)
        T = self.x.q.shape[-2]
        cut = [a[..., :T, :] for a in bars[:3]] + [a[..., :T] for a in bars[3:5]]
        return DeltaInputs._make([*cut, S_bar.astype(self.x.state.dtype)])

    def jvp(self, z_dot: DeltaInputs) -> Any:
        padded_x, padded_dot = (padded(x, self.chunk) for x in (self.x, DeltaInputs(*z_dot)))

        def forth(i: Any, carry: Any) -> Any:
            y_dot, S_dot = carry
            x = wide(part_of(padded_x, i, self.chunk)._replace(state=self.states[i]))
            dot = wide(part_of(padded_dot, i, self.chunk)._replace(state=S_dot))
            rows_dot, S_dot = Chunk.of(x, self.takes_back).jvp(x, dot)
            return put_rows(y_dot, rows_dot, i, self.chunk), S_dot

        start = zeros_as(padded_x.v), wide(z_dot[5])
        y_dot, S_dot = jax.lax.fori_loop(0, len(self.states), forth, start)
        return y_dot[..., : self.x.q.shape[-2], :], S_dot.astype(self.x.state.dtype)


def padded(x: DeltaInputs, chunk: int) -> DeltaInputs:
    """Steps that change nothing (k = v = β = 0, no decay) fill the last chunk."""
    T = x.q.shape[-2]
    more = -T % chunk if T else chunk

    def longer(a: Array, axis: int) -> Array:
        return jnp.pad(a, [(0, more if k == a.ndim + axis else 0) for k in range(a.ndim)]) if more else a

    return DeltaInputs._make([*(longer(a, -2) for a in x[:3]), *(longer(a, -1) for a in x[3:5]), x.state])


def part_of(x: DeltaInputs, i: Any, chunk: int) -> DeltaInputs:
    return DeltaInputs._make([*(rows(a, i, chunk) for a in x[:3]), *(rows(a, i, chunk, -1) for a in x[3:5]), x.state])


def rows(a: Array, i: Any, chunk: int, axis: int = -2) -> Array:
    return jax.lax.dynamic_slice_in_dim(a, i * chunk, chunk, axis)


def put(bars: DeltaInputs, bar: DeltaInputs, i: Any, chunk: int) -> DeltaInputs:
    longer = (
        put_rows(a, b, i, chunk, axis) for a, b, axis in zip(bars[:5], bar[:5], (-2, -2, -2, -1, -1), strict=True)
    )
    return DeltaInputs._make([*longer, bars.state])


def put_rows(a: Array, b: Array, i: Any, chunk: int, axis: int = -2) -> Array:
    return jax.lax.dynamic_update_slice_in_dim(a, b.astype(a.dtype), i * chunk, axis)


def wide(tree: Any) -> Any:
    """In float32 at least: decays multiply up, and systems are solved."""
    return jax.tree.map(lambda a: a if a.dtype.itemsize >= 4 else a.astype(jnp.float32), tree)


def inner(a: Array, b: Array) -> Array:
    return jnp.einsum("...id,...jd->...ij", a, b)


def outer(a: Array, b: Array) -> Array:
    """Σ_i a_i b_iᵀ."""
    return jnp.einsum("...ic,...id->...cd", a, b)


def by_state(k: Array, S: Array) -> Array:
    """S k_i for every step i."""
    return jnp.einsum("...id,...cd->...ic", k, S)


def by_output(a: Array, S: Array) -> Array:
    """Sᵀ a_i for every step i."""
    return jnp.einsum("...ic,...cd->...id", a, S)


def matmul(A: Array, w: Array, transposed: bool = False) -> Array:
    return jnp.einsum("...ji,...jc->...ic" if transposed else "...ij,...jc->...ic", A, w)


def solved(L: Array, rhs: Array, transposed: bool = False) -> Array:
    """w of (1 + L) w = rhs, from wᵀ (1 + L)ᵀ = rhsᵀ, which leaves w in rows: by columns XLA would copy all of v."""
    right = jax.lax.linalg.triangular_solve(
        L, jnp.swapaxes(rhs, -1, -2), lower=True, transpose_a=not transposed, unit_diagonal=True
    )
    return jnp.swapaxes(right, -1, -2)
