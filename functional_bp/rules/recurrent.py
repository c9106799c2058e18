"""Recurrent cells: ((s_t, y_t), J) of (θ, (s_t−1, x_t)), where y_t is the hidden state h_t.

All have the pre-activations z = W_x x + b and W_h h, and differ in their gates alone. J holds the gates' slopes; x, h
and the weights it only refers to.
"""

from typing import Any, NamedTuple

import jax.numpy as jnp
from jaxtyping import Array, Float

from functional_bp.jacobians import Broadcast, Dense, Jacobian, Outer, Shape
from functional_bp.jacobians.shape import Size
from functional_bp.rules.activations import sigmoid

__all__ = ["Cell", "CellParams", "GRUGates", "LSTMGates", "SimpleGates", "gru", "lstm", "simple_rnn"]

Vector = Float[Array, "*batch n"]
Input = Float[Array, "*batch n_in"]


class CellParams(NamedTuple):
    """W_x[gates·n, n_in], W_h[gates·n, n], b[gates·n]."""

    W_x: Float[Array, "m n_in"]
    W_h: Float[Array, "m n"]
    b: Float[Array, " m"]


class Cell(Jacobian):
    """J of a cell: the gates' Jacobian first, ((s̄, ȳ) @ gates) = (z̄_x, z̄_h, s̄), then the products with the weights."""

    gates: Any
    W_x: Dense
    W_h: Dense
    params: Any  # Outer(x), Outer(h), Broadcast

    @property
    def shape(self) -> Shape:
        batch, outputs, (_, _, state) = self.gates.shape
        params: Any = CellParams(*[Size(J.shape.inputs) for J in self.params])  # pyright: ignore[reportArgumentType]
        return Shape(batch, outputs, (params, (state, Size(self.W_x.shape.inputs))))

    def vjp(self, y_bar: Any) -> Any:
        x_bar, h_bar, state_bar = y_bar @ self.gates
        by_x, by_h, by_b = self.params
        params_bar = CellParams(x_bar @ by_x, h_bar @ by_h, x_bar @ by_b)
        from_h = h_bar @ self.W_h
        state_bar = (state_bar[0] + from_h, *state_bar[1:]) if isinstance(state_bar, tuple) else state_bar + from_h
        return params_bar, (state_bar, x_bar @ self.W_x)

    def jvp(self, z_dot: Any) -> Any:
        params_dot, (state_dot, x_dot) = z_dot
        by_x, by_h, by_b = self.params
        h_dot = state_dot[0] if isinstance(state_dot, tuple) else state_dot
        z_x = self.W_x @ x_dot + by_x @ params_dot[0] + by_b @ params_dot[2]
        return self.gates @ (z_x, self.W_h @ h_dot + by_h @ params_dot[1], state_dot)


def cell(params: CellParams, h: Array, x: Array, gates: int) -> tuple[Array, Array, Any]:
    """(W_x x + b, W_h h), and the Jacobian of the cell once that of its gates is known."""
    W_x, W_h, b = params
    if h.shape[-1:] != W_h.shape[-1:] or W_h.shape[0] != gates * W_h.shape[-1] or x.shape[-1:] != W_x.shape[-1:]:
        raise ValueError(
            f"W_x {W_x.shape} must be ({gates}·n, n_in), W_h {W_h.shape} ({gates}·n, n) "
            f"for a state of n = {h.shape[-1]} and x of {x.shape[-1]}"
        )
    z_x, z_h = (jnp.einsum("mn,...n->...m", W, a) for W, a in ((W_x, x), (W_h, h)))
    m, batch = W_x.shape[0], x.shape[:-1]
    by_params = CellParams(Outer(x, m), Outer(h, m), Broadcast(batch, (m,)))  # pyright: ignore[reportArgumentType]

    def J(gates: Jacobian) -> Cell:
        return Cell(gates, Dense(W_x), Dense(W_h), by_params)

    return z_x + jnp.broadcast_to(b, z_x.shape), z_h, J


class LSTMGates(Jacobian):
    """J of c′ = f c + i g, h′ = o tanh c′ with respect to (z_x, z_h, (h, c)), z = z_x + z_h = (z_i, z_f, z_g, z_o)."""

    i: Vector  # ∂c′/∂z_i, and so on; ∂h′/∂z_o at fixed c′
    f: Vector
    g: Vector
    o: Vector
    c_by_c: Vector
    h_by_c: Vector

    @property
    def shape(self) -> Shape:
        *batch, n = self.i.shape
        state, z = (Size((n,)), Size((n,))), Size((4 * n,))
        return Shape(tuple(batch), (state, Size((n,))), (z, z, state))

    def vjp(self, y_bar: Any) -> Any:
        (h_bar, c_bar), above = y_bar
        h_bar = h_bar + above
        c_bar = c_bar + h_bar * self.h_by_c
        z_bar = jnp.concatenate([c_bar * self.i, c_bar * self.f, c_bar * self.g, h_bar * self.o], -1)
        return z_bar, z_bar, (jnp.zeros_like(h_bar), c_bar * self.c_by_c)

    def jvp(self, z_dot: Any) -> Any:
        z_x, z_h, (_, c_dot) = z_dot
        i, f, g, o = jnp.split(z_x + z_h, 4, -1)
        c_dot = self.c_by_c * c_dot + self.i * i + self.f * f + self.g * g
        h_dot = self.h_by_c * c_dot + self.o * o
        return (h_dot, c_dot), h_dot


def lstm(params: CellParams, state_x: tuple[tuple[Vector, Vector], Input]) -> tuple[Any, Cell]:
    """y = h′ = o ⊙ tanh c′ with c′ = f ⊙ c + i ⊙ g;  c̄ = (c̄′ + h̄′ o (1 − tanh² c′)) f, and z̄ by the gates' slopes.

    z = W_x x + W_h h + b in four parts: i, f, o = σ(z_i, z_f, z_o), g = tanh z_g, in the order i, f, g, o. Takes
    ((h, c), x) and returns (((h′, c′), h′), J). Raises ValueError where shapes do not fit. Smooth everywhere.
    Source: Hochreiter & Schmidhuber 1997; with the forget gate Gers et al. 2000.
    """
    (h, c), x = state_x
    z_x, z_h, J = cell(params, h, x, 4)
    z_i, z_f, z_g, z_o = jnp.split(z_x + z_h, 4, -1)
    (i, by_i), (f, by_f), (o, by_o) = (sigmoid(z) for z in (z_i, z_f, z_o))
    g = jnp.tanh(z_g)
    c_next = f * c + i * g
    y = jnp.tanh(c_next)
    slopes = g * by_i.d, c * by_f.d, i * (1 - g) * (1 + g), y * by_o.d
    return ((o * y, c_next), o * y), J(LSTMGates(*slopes, f, o * (1 - y) * (1 + y)))


class GRUGates(Jacobian):
    """J of h′ = u h + (1 − u) g with respect to (z_x, z_h, h); z = (z_r, z_u, z_g); r multiplies z_h's last part."""

    r: Vector
    u: Vector
    by_r: Vector  # ∂z_g/∂z_r
    by_u: Vector  # ∂h′/∂z_u
    by_g: Vector  # ∂h′/∂z_g

    @property
    def shape(self) -> Shape:
        *batch, n = self.r.shape
        return Shape(tuple(batch), (Size((n,)), Size((n,))), (Size((3 * n,)), Size((3 * n,)), Size((n,))))

    def vjp(self, y_bar: Any) -> Any:
        h_bar = y_bar[0] + y_bar[1]
        g_bar = h_bar * self.by_g
        r_bar, u_bar = g_bar * self.by_r, h_bar * self.by_u
        x_bar = jnp.concatenate([r_bar, u_bar, g_bar], -1)
        return x_bar, jnp.concatenate([r_bar, u_bar, g_bar * self.r], -1), h_bar * self.u

    def jvp(self, z_dot: Any) -> Any:
        (x_r, x_u, x_g), (h_r, h_u, h_g) = (jnp.split(z, 3, -1) for z in z_dot[:2])
        g_dot = x_g + self.r * h_g + self.by_r * (x_r + h_r)
        h_dot = self.u * z_dot[2] + self.by_u * (x_u + h_u) + self.by_g * g_dot
        return h_dot, h_dot


def gru(params: CellParams, state_x: tuple[Vector, Input]) -> tuple[Any, Cell]:
    """y = h′ = u ⊙ h + (1 − u) ⊙ g with g = tanh(z_g + r ⊙ W_g h);  h̄ = h̄′ u + z̄_h W_h, and z̄ by the gates' slopes.

    r, u = σ of the first two parts of W_x x + W_h h + b; z_g is the last part of W_x x + b. Takes (h, x) and returns
    ((h′, h′), J). Raises ValueError where shapes do not fit. Smooth everywhere. Source: Cho et al. 2014,
    arXiv:1406.1078.
    """
    h, x = state_x
    z_x, z_h, J = cell(params, h, x, 3)
    (x_r, x_u, x_g), (h_r, h_u, h_g) = jnp.split(z_x, 3, -1), jnp.split(z_h, 3, -1)
    (r, by_r), (u, by_u) = sigmoid(x_r + h_r), sigmoid(x_u + h_u)
    g = jnp.tanh(x_g + r * h_g)
    y = u * h + (1 - u) * g
    return (y, y), J(GRUGates(r, u, h_g * by_r.d, (h - g) * by_u.d, (1 - u) * (1 - g) * (1 + g)))


class SimpleGates(Jacobian):
    """J of h′ = tanh(z_x + z_h) with respect to (z_x, z_h, h)."""

    slope: Vector

    @property
    def shape(self) -> Shape:
        *batch, n = self.slope.shape
        return Shape(tuple(batch), (Size((n,)), Size((n,))), (Size((n,)), Size((n,)), Size((n,))))

    def vjp(self, y_bar: Any) -> Any:
        z_bar = (y_bar[0] + y_bar[1]) * self.slope
        return z_bar, z_bar, jnp.zeros_like(z_bar)

    def jvp(self, z_dot: Any) -> Any:
        h_dot = self.slope * (z_dot[0] + z_dot[1])
        return h_dot, h_dot


def simple_rnn(params: CellParams, state_x: tuple[Vector, Input]) -> tuple[Any, Cell]:
    """y = h′ = tanh(W_x x + W_h h + b);  z̄ = h̄′ ⊙ (1 − h′²), h̄ = z̄ W_h, x̄ = z̄ W_x.

    Takes (h, x) and returns ((h′, h′), J). Raises ValueError where shapes do not fit. Smooth everywhere.
    Source: Elman 1990.
    """
    h, x = state_x
    z_x, z_h, J = cell(params, h, x, 1)
    y = jnp.tanh(z_x + z_h)
    return (y, y), J(SimpleGates((1 - y) * (1 + y)))
