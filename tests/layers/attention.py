"""Attention in its ordinary dresses."""

import jax
import jax.numpy as jnp

from . import sizes


def softmax_pull(a, a_bar):
    return a * (a_bar - (a * a_bar).sum(-1, keepdims=True))


@sizes(q="t d", k="s d", v="s e")
def attention(q, k, v):
    return jax.nn.softmax(q @ k.T / jnp.sqrt(q.shape[-1])) @ v


def attention_backward(primals, y_bar):
    q, k, v = primals
    scale = 1 / jnp.sqrt(q.shape[-1])
    a = jax.nn.softmax(q @ k.T * scale)
    a_bar = y_bar @ v.T
    s_bar = a * (a_bar - (a * a_bar).sum(-1, keepdims=True))
    q_bar = s_bar @ k * scale
    k_bar = s_bar.T @ q * scale
    v_bar = a.T @ y_bar
    return q_bar, k_bar, v_bar


@sizes(q="b t d", k="b s d", v="b s e")
def batched_attention(q, k, v):
    s = jnp.einsum("btd,bsd->bts", q, k) / q.shape[-1] ** 0.5
    e = jnp.exp(s - s.max(-1, keepdims=True))
    return jnp.einsum("bts,bse->bte", e / e.sum(-1, keepdims=True), v)


def batched_attention_backward(primals, y_bar):
    q, k, v = primals
    scale = q.shape[-1] ** -0.5
    s = jnp.einsum("btd,bsd->bts", q, k) * scale
    a = jax.nn.softmax(s, axis=-1)
    a_bar = jnp.einsum("bte,bse->bts", y_bar, v)
    s_bar = softmax_pull(a, a_bar)
    q_bar = scale * jnp.einsum("bts,bsd->btd", s_bar, k)
    k_bar = scale * jnp.einsum("bts,btd->bsd", s_bar, q)
    v_bar = jnp.einsum("bts,bte->bse", a, y_bar)
    return q_bar, k_bar, v_bar


@sizes(q="t d", k="t d", v="t e")
def causal_attention(q, k, v):
    t, d = q.shape
    s = q @ k.T / d**0.5
    s = jnp.where(jnp.tril(jnp.ones((t, t), bool)), s, -jnp.inf)
    return jax.nn.softmax(s, axis=-1) @ v


def causal_attention_backward(primals, y_bar):
    q, k, v = primals
    t, d = q.shape
    mask = jnp.tril(jnp.ones((t, t), bool))
    s = jnp.where(mask, q @ k.T / d**0.5, -jnp.inf)
    a = jax.nn.softmax(s, axis=-1)
    a_bar = y_bar @ v.T
    s_bar = a * (a_bar - (a * a_bar).sum(-1, keepdims=True)) / d**0.5
    q_bar = s_bar @ k
    k_bar = s_bar.T @ q
    v_bar = a.T @ y_bar
    return q_bar, k_bar, v_bar


@sizes(q="t d", k="s d", v="s e", mask="t s bool")
def masked_attention(q, k, v, mask):
    s = jnp.where(mask, q @ k.T, -1e30)
    return jax.nn.softmax(s, axis=-1) @ v


def masked_attention_backward(primals, y_bar):
    q, k, v, mask = primals
    a = jax.nn.softmax(jnp.where(mask, q @ k.T, -1e30), axis=-1)
    a_bar = y_bar @ v.T
    s_bar = jnp.where(mask, softmax_pull(a, a_bar), 0.0)
    q_bar = s_bar @ k
    k_bar = s_bar.T @ q
    v_bar = a.T @ y_bar
    return q_bar, k_bar, v_bar, None


@sizes(q="b h t d", k="b h s d", v="b h s d")
def many_heads(q, k, v):
    s = q @ k.swapaxes(-1, -2) / jnp.sqrt(q.shape[-1])
    return jax.nn.softmax(s, axis=-1) @ v


def many_heads_backward(primals, y_bar):
    q, k, v = primals
    scale = 1 / jnp.sqrt(q.shape[-1])
    a = jax.nn.softmax(q @ k.swapaxes(-1, -2) * scale, axis=-1)
    a_bar = y_bar @ v.swapaxes(-1, -2)
    s_bar = softmax_pull(a, a_bar) * scale
    q_bar = s_bar @ k
    k_bar = s_bar.swapaxes(-1, -2) @ q
    v_bar = a.swapaxes(-1, -2) @ y_bar
    return q_bar, k_bar, v_bar


@sizes(q="t h k d", k="s h d", v="s h d")
def grouped_heads(q, k, v):
    s = jnp.einsum("thgd,shd->hgts", q, k)
    return jnp.einsum("hgts,shd->thgd", jax.nn.softmax(s, axis=-1), v)


def grouped_heads_backward(primals, y_bar):
    q, k, v = primals
    a = jax.nn.softmax(jnp.einsum("thgd,shd->hgts", q, k), axis=-1)
    a_bar = jnp.einsum("thgd,shd->hgts", y_bar, v)
    s_bar = softmax_pull(a, a_bar)
    q_bar = jnp.einsum("hgts,shd->thgd", s_bar, k)
    k_bar = jnp.einsum("hgts,thgd->shd", s_bar, q)
    v_bar = jnp.einsum("hgts,thgd->shd", a, y_bar)
    return q_bar, k_bar, v_bar


@sizes(x="t 2*d")
def split_into_heads(x):
    t, n = x.shape
    z = x.reshape(t, 2, n // 2).transpose(1, 0, 2)
    return z * z


def split_into_heads_backward(primals, y_bar):
    (x,) = primals
    t, n = x.shape
    z = x.reshape(t, 2, n // 2).transpose(1, 0, 2)
    z_bar = 2 * z * y_bar
    return (z_bar.transpose(1, 0, 2).reshape(t, n),)


@sizes(q="t d", k="s d", v="s e")
def linear_attention(q, k, v):
    f, g = jax.nn.elu(q) + 1, jax.nn.elu(k) + 1
    return f @ (g.T @ v) / (f @ g.sum(0))[:, None]


def linear_attention_backward(primals, y_bar):
    q, k, v = primals
    f, g = jnp.where(q > 0, q + 1, jnp.exp(q)), jnp.where(k > 0, k + 1, jnp.exp(k))
    r = (f @ g.sum(0))[:, None]
    u = g.T @ v
    y = f @ u / r
    n_bar = y_bar / r
    r_bar = -(y_bar * y).sum(-1, keepdims=True) / r
    f_bar = n_bar @ u.T + r_bar * g.sum(0)
    u_bar = f.T @ n_bar
    g_bar = v @ u_bar.T + (r_bar * f).sum(0)
    v_bar = g @ u_bar
    q_bar = f_bar * jnp.where(q > 0, 1.0, jnp.exp(q))
    k_bar = g_bar * jnp.where(k > 0, 1.0, jnp.exp(k))
    return q_bar, k_bar, v_bar


@sizes(x="t 2*d", c="t d", s="t d")
def rotary(x, c, s):
    a, b = jnp.split(x, 2, axis=-1)
    return jnp.concatenate([a * c - b * s, a * s + b * c], axis=-1)


def rotary_backward(primals, y_bar):
    x, c, s = primals
    a, b = jnp.split(x, 2, axis=-1)
    p, q = jnp.split(y_bar, 2, axis=-1)
    x_bar = jnp.concatenate([p * c + q * s, q * c - p * s], axis=-1)
    c_bar = p * a + q * b
    s_bar = q * a - p * b
    return x_bar, c_bar, s_bar


@sizes(x="t d*2", c="t d", s="t d")
def rotary_interleaved(x, c, s):
    a, b = x[:, 0::2], x[:, 1::2]
    return jnp.stack([a * c - b * s, a * s + b * c], axis=-1).reshape(x.shape)


def rotary_interleaved_backward(primals, y_bar):
    x, c, s = primals
    a, b = x[:, 0::2], x[:, 1::2]
    p, q = y_bar[:, 0::2], y_bar[:, 1::2]
    x_bar = jnp.stack([p * c + q * s, q * c - p * s], axis=-1).reshape(x.shape)
    return x_bar, p * a + q * b, q * a - p * b


@sizes(x="t d", W="d 3*e")
def one_projection(x, W):
    q, k, v = jnp.split(x @ W, 3, axis=-1)
    return jax.nn.softmax(q @ k.T) @ v


def one_projection_backward(primals, y_bar):
    x, W = primals
    q, k, v = jnp.split(x @ W, 3, axis=-1)
    a = jax.nn.softmax(q @ k.T)
    s_bar = softmax_pull(a, y_bar @ v.T)
    z_bar = jnp.concatenate([s_bar @ k, s_bar.T @ q, a.T @ y_bar], axis=-1)
    x_bar = z_bar @ W.T
    W_bar = x.T @ z_bar
    return x_bar, W_bar


@sizes(s="t s", slope="")
def with_distance_bias(s, slope):
    t, n = s.shape
    gap = jnp.arange(t)[:, None] - jnp.arange(n)[None, :]
    return jax.nn.softmax(s - slope * gap, axis=-1)


def with_distance_bias_backward(primals, y_bar):
    s, slope = primals
    t, n = s.shape
    gap = jnp.arange(t)[:, None] - jnp.arange(n)[None, :]
    a = jax.nn.softmax(s - slope * gap, axis=-1)
    s_bar = softmax_pull(a, y_bar)
    slope_bar = -(s_bar * gap).sum()
    return s_bar, slope_bar
