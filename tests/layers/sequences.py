"""Sequences: differences, cumulative sums, recurrent cells, short loops."""

import jax
import jax.numpy as jnp

from . import sizes


@sizes(x="b n")
def cumulative_sum(x):
    return jnp.cumsum(x, axis=1)


def cumulative_sum_backward(primals, y_bar):
    return (jnp.cumsum(y_bar[:, ::-1], axis=1)[:, ::-1],)


@sizes(x="b n")
def differences(x):
    return x[:, 1:] - x[:, :-1]


def differences_backward(primals, y_bar):
    right = jnp.pad(y_bar, ((0, 0), (1, 0)))
    left = jnp.pad(y_bar, ((0, 0), (0, 1)))
    return (right - left,)


@sizes(x="b n")
def total_variation(x):
    return ((x[:, 1:] - x[:, :-1]) ** 2).sum()


def total_variation_backward(primals, y_bar):
    (x,) = primals
    g = 2 * y_bar * (x[:, 1:] - x[:, :-1])
    return (jnp.zeros_like(x).at[:, 1:].add(g).at[:, :-1].add(-g),)


@sizes(x="t n", h="n", W="n n", U="n n")
def rnn_step(x, h, W, U):
    return jnp.tanh(x @ W + h @ U)


def rnn_step_backward(primals, y_bar):
    x, h, W, U = primals
    y = jnp.tanh(x @ W + h @ U)
    z_bar = y_bar * (1 - y**2)
    x_bar = z_bar @ W.T
    h_bar = z_bar.sum(0) @ U.T
    W_bar = x.T @ z_bar
    U_bar = jnp.outer(h, z_bar.sum(0))
    return x_bar, h_bar, W_bar, U_bar


@sizes(z="b 4*n", c="b n")
def lstm_cell(z, c):
    i, f, o, g = jnp.split(z, 4, axis=-1)
    i, f, o, g = jax.nn.sigmoid(i), jax.nn.sigmoid(f), jax.nn.sigmoid(o), jnp.tanh(g)
    new = f * c + i * g
    return o * jnp.tanh(new), new


def lstm_cell_backward(primals, y_bar):
    z, c = primals
    h_bar, new_bar = y_bar
    i, f, o, g = jnp.split(z, 4, axis=-1)
    i, f, o, g = jax.nn.sigmoid(i), jax.nn.sigmoid(f), jax.nn.sigmoid(o), jnp.tanh(g)
    u = jnp.tanh(f * c + i * g)
    c_bar = new_bar + h_bar * o * (1 - u**2)
    i_bar = c_bar * g * i * (1 - i)
    f_bar = c_bar * c * f * (1 - f)
    o_bar = h_bar * u * o * (1 - o)
    g_bar = c_bar * i * (1 - g**2)
    return jnp.concatenate([i_bar, f_bar, o_bar, g_bar], axis=-1), c_bar * f


@sizes(x="b n", h="b n", r="b n", u="b n")
def gru_gates(x, h, r, u):
    gate, update = jax.nn.sigmoid(r), jax.nn.sigmoid(u)
    new = jnp.tanh(x + gate * h)
    return (1 - update) * new + update * h


def gru_gates_backward(primals, y_bar):
    x, h, r, u = primals
    gate, update = jax.nn.sigmoid(r), jax.nn.sigmoid(u)
    new = jnp.tanh(x + gate * h)
    x_bar = y_bar * (1 - update) * (1 - new**2)
    h_bar = y_bar * update + x_bar * gate
    r_bar = x_bar * h * gate * (1 - gate)
    u_bar = y_bar * (h - new) * update * (1 - update)
    return x_bar, h_bar, r_bar, u_bar


@sizes(h="n", W="n n", x="3 n")
def short_rnn(h, W, x):
    def step(h, x):
        return jnp.tanh(W @ h + x), None

    return jax.lax.scan(step, h, x)[0]


def short_rnn_backward(primals, y_bar):
    h, W, x = primals
    h1 = jnp.tanh(W @ h + x[0])
    h2 = jnp.tanh(W @ h1 + x[1])
    h3 = jnp.tanh(W @ h2 + x[2])
    z3 = y_bar * (1 - h3**2)
    z2 = (z3 @ W) * (1 - h2**2)
    z1 = (z2 @ W) * (1 - h1**2)
    W_bar = jnp.outer(z3, h2) + jnp.outer(z2, h1) + jnp.outer(z1, h)
    return z1 @ W, W_bar, jnp.stack([z1, z2, z3])


@sizes(a="3 n", x="3 n", h="n")
def linear_recurrence(a, x, h):
    def step(h, row):
        h = row[0] * h + row[1]
        return h, h

    return jax.lax.scan(step, h, (a, x))[1]


def linear_recurrence_backward(primals, y_bar):
    a, x, h = primals
    hs = linear_recurrence(a, x, h)
    before = jnp.concatenate([h[None], hs[:-1]])

    def step(h_bar, row):
        y_bar, a = row
        h_bar = h_bar + y_bar
        return h_bar * a, h_bar

    last, x_bar = jax.lax.scan(step, jnp.zeros_like(h), (y_bar, a), reverse=True)
    return x_bar * before, x_bar, last


@sizes(x="b n", c="")
def exponential_average(x, c):
    return c * x[:, 1:] + (1 - c) * x[:, :-1]


def exponential_average_backward(primals, y_bar):
    x, c = primals
    x_bar = jnp.pad(c * y_bar, ((0, 0), (1, 0))) + jnp.pad((1 - c) * y_bar, ((0, 0), (0, 1)))
    c_bar = (y_bar * (x[:, 1:] - x[:, :-1])).sum()
    return x_bar, c_bar


@sizes(z="n n", s="n")
def forward_step_in_log_space(z, s):
    return jax.nn.logsumexp(z + s[:, None], axis=0)


def forward_step_in_log_space_backward(primals, y_bar):
    z, s = primals
    p = jax.nn.softmax(z + s[:, None], axis=0)
    z_bar = p * y_bar
    return z_bar, z_bar.sum(1)


@sizes(x="b n", y="b n")
def logaddexp(x, y):
    return jnp.logaddexp(x, y)


def logaddexp_backward(primals, y_bar):
    x, y = primals
    p = jax.nn.sigmoid(x - y)
    return p * y_bar, (1 - p) * y_bar
