"""Attention: in tiles with the log-sum-exp kept, grouped heads, biases, masks, capped scores, rotary positions."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
from right.case import custom, halves, normal, pair


def plain(q, k, v):
    return jax.nn.softmax(q @ k.T / jnp.sqrt(q.shape[-1]), axis=-1) @ v


def flash_fwd(q, k, v):
    """Two tiles of keys, each merged into a running maximum and sum; kept are the output and log-sum-exp."""
    scale = 1 / np.sqrt(q.shape[-1])
    m, l, o = jnp.full((len(q), 1), -jnp.inf, q.dtype), jnp.zeros((len(q), 1), q.dtype), jnp.zeros((len(q), v.shape[1]))
    half = -(-len(k) // 2)
    for tile in (slice(0, half), slice(half, None)):
        s = q @ k[tile].T * scale
        m_new = jnp.maximum(m, s.max(-1, keepdims=True, initial=-jnp.inf))
        p = jnp.exp(s - m_new)
        l = l * jnp.exp(m - m_new) + p.sum(-1, keepdims=True)
        o = o * jnp.exp(m - m_new) + p @ v[tile]
        m = m_new
    o = o / l
    return o, (q, k, v, o, m + jnp.log(l))


def flash_bwd(saved, do):
    """p is computed again from the log-sum-exp; δ = Σ o ō takes the place of Σ p p̄."""
    q, k, v, o, lse = saved
    scale = 1 / np.sqrt(q.shape[-1])
    delta = (o * do).sum(-1, keepdims=True)
    p = jnp.exp(q @ k.T * scale - lse)
    ds = p * (do @ v.T - delta) * scale
    return ds @ k, ds.T @ q, p.T @ do


def grouped(q, k, v):
    """[time, heads, width] with two query heads for each key head."""
    k, v = jnp.repeat(k, 2, axis=1), jnp.repeat(v, 2, axis=1)
    return jnp.einsum("hij,jhd->ihd", jax.nn.softmax(jnp.einsum("ihd,jhd->hij", q, k)), v)


def grouped_backward(primals, o_bar):
    q, k, v = primals
    K, V = jnp.repeat(k, 2, axis=1), jnp.repeat(v, 2, axis=1)
    p = jax.nn.softmax(jnp.einsum("ihd,jhd->hij", q, K))
    p_bar = jnp.einsum("ihd,jhd->hij", o_bar, V)
    s_bar = p * (p_bar - (p * p_bar).sum(-1, keepdims=True))
    K_bar, V_bar = jnp.einsum("hij,ihd->jhd", s_bar, q), jnp.einsum("hij,ihd->jhd", p, o_bar)

    def add_pairs(a):
        return a.reshape(a.shape[0], -1, 2, a.shape[-1]).sum(2)

    return jnp.einsum("hij,jhd->ihd", s_bar, K), add_pairs(K_bar), add_pairs(V_bar)


@jax.custom_vjp
def biased(q, k, v, bias):
    return jax.nn.softmax(jnp.einsum("bid,bjd->bij", q, k) + bias) @ v


def biased_fwd(q, k, v, bias):
    p = jax.nn.softmax(jnp.einsum("bid,bjd->bij", q, k) + bias)
    return p @ v, (q, k, v, p)


def biased_bwd(saved, g):
    """The bias is shared by the batch, so its gradient is summed over it."""
    q, k, v, p = saved
    dp = jnp.einsum("bid,bjd->bij", g, v)
    ds = p * (dp - (p * dp).sum(-1, keepdims=True))
    dq, dk = jnp.einsum("bij,bjd->bid", ds, k), jnp.einsum("bij,bid->bjd", ds, q)
    return dq, dk, jnp.einsum("bij,bid->bjd", p, g), ds.sum(0)


biased.defvjp(biased_fwd, biased_bwd)


@functools.partial(jax.custom_vjp, nondiff_argnums=(3, 4))
def windowed(q, k, v, window, cap):
    """A sliding window and scores capped by tanh; both are Python numbers."""
    return windowed_fwd(q, k, v, window, cap)[0]


def windowed_scores(q, k, window, cap):
    distance = jnp.arange(len(q))[:, None] - jnp.arange(len(k))
    seen = (distance >= 0) & (distance < window)
    t = jnp.tanh(q @ k.T / cap)
    return jnp.where(seen, 1 - t**2, 0), jnp.where(seen, cap * t, -1e30)


def windowed_fwd(q, k, v, window, cap):
    _, s = windowed_scores(q, k, window, cap)
    return jax.nn.softmax(s) @ v, (q, k, v)


def windowed_bwd(window, cap, saved, g):
    q, k, v = saved
    slope, s = windowed_scores(q, k, window, cap)
    p = jax.nn.softmax(s)
    dp = g @ v.T
    ds = p * (dp - (p * dp).sum(-1, keepdims=True)) * slope
    return ds @ k, ds.T @ q, p.T @ g


windowed.defvjp(windowed_fwd, windowed_bwd)


def padded(q, k, v, kept):
    """Keys that are padding take no part; a row without any key is zero."""
    e = jnp.where(kept, jnp.exp(q @ k.T - (q @ k.T).max(-1, keepdims=True)), 0)
    total = e.sum(-1, keepdims=True)
    return jnp.where(total > 0, e / jnp.where(total > 0, total, 1), 0) @ v


def padded_backward(primals, g):
    q, k, v, kept = primals
    s = q @ k.T
    e = jnp.where(kept, jnp.exp(s - s.max(-1, keepdims=True)), 0)
    total = e.sum(-1, keepdims=True)
    p = jnp.where(total > 0, e / jnp.where(total > 0, total, 1), 0)
    dp = g @ v.T
    ds = p * (dp - (p * dp).sum(-1, keepdims=True))
    return ds @ k, ds.T @ q, p.T @ g, None


def rotate(x, cos, sin):
    """The two halves of the width are turned."""
    a, b = jnp.split(x, 2, axis=-1)
    return jnp.concatenate([a * cos - b * sin, b * cos + a * sin], -1)


def rotate_fwd(x, cos, sin):
    return rotate(x, cos, sin), (cos, sin)


@jax.custom_vjp
def rope(x, cos, sin):
    """The tables are constants of the caller: their cotangent is zero and never asked for."""
    return rotate(x, jax.lax.stop_gradient(cos), jax.lax.stop_gradient(sin))


def rope_bwd(saved, g):
    """The same turn with −sin."""
    cos, sin = saved
    return rotate(g, cos, -sin), None, None


rope.defvjp(rotate_fwd, rope_bwd)


def rope_backward(primals, g):
    x, cos, sin = primals
    (a, b), (ga, gb) = jnp.split(x, 2, axis=-1), jnp.split(g, 2, axis=-1)
    return rotate(g, cos, -sin), ga * a + gb * b, gb * a - ga * b


def interleaved(x, angle):
    """As complex numbers: neighbouring elements are one number, turned by e^{iθ}."""
    z = (x[..., ::2] + 1j * x[..., 1::2]) * jnp.exp(1j * angle)
    return jnp.stack([z.real, z.imag], -1).reshape(x.shape)


def interleaved_backward(primals, g):
    x, angle = primals
    y = interleaved(x, angle)
    turned = interleaved(g, -angle)
    return turned, (g[..., 1::2] * y[..., ::2] - g[..., ::2] * y[..., 1::2])


def linear_attention(q, k, v):
    """Causal, with a state that is added up; no softmax."""

    def step(S, now):
        qt, kt, vt = now
        S = S + jnp.outer(kt, vt)
        return S, qt @ S

    return jax.lax.scan(step, jnp.zeros((k.shape[1], v.shape[1]), k.dtype), (q, k, v))[1]


def linear_attention_backward(primals, o_bar):
    q, k, v = primals
    S = jnp.cumsum(k[:, :, None] * v[:, None], axis=0)
    later = jnp.cumsum((q[:, :, None] * o_bar[:, None])[::-1], axis=0)[::-1]
    return (
        jnp.einsum("te,tde->td", o_bar, S),
        jnp.einsum("te,tde->td", v, later),
        jnp.einsum("td,tde->te", k, later),
    )


angles = np.random.default_rng(0).uniform(0, 6, (5, 3)).astype("float32")
CASES = (
    halves("flash attention in two tiles", plain, flash_fwd, flash_bwd, normal((5, 4), (6, 4), (6, 3))),
    pair("grouped heads", grouped, grouped_backward, normal((4, 4, 3), (5, 2, 3), (5, 2, 3))),
    custom("a bias shared by the batch", biased, normal((2, 4, 3), (2, 5, 3), (2, 5, 2), (4, 5))),
    custom("window and cap as Python numbers", windowed, normal((6, 3), (6, 3), (6, 2), window=3, cap=5.0)),
    pair(
        "padding that may be everything", padded, padded_backward, normal((4, 3), (5, 3), (5, 2), kept=np.arange(5) < 3)
    ),
    custom("rotary, tables without cotangent", rope, normal((2, 5, 6), cos=np.cos(angles), sin=np.sin(angles))),
    pair(
        "rotary, tables with cotangents", rotate, rope_backward, normal((5, 6), cos=np.cos(angles), sin=np.sin(angles))
    ),
    pair("rotary as complex numbers", interleaved, interleaved_backward, normal((5, 6), angle=angles)),
    pair("linear attention by its state", linear_attention, linear_attention_backward, normal((5, 3), (5, 3), (5, 2))),
)
