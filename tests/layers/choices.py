"""Choices: maxima, embeddings, masks, gathers, sorting."""

import jax
import jax.numpy as jnp

from . import sizes


@sizes(W="n d", t="b < n")
def embedding(W, t):
    return W[t]


def embedding_backward(primals, y_bar):
    W, t = primals
    return jnp.zeros_like(W).at[t].add(y_bar), None


@sizes(W="n d", t="b s < n")
def bag_of_words(W, t):
    return W[t].mean(1)


def bag_of_words_backward(primals, y_bar):
    W, t = primals
    b, s = t.shape
    g = jnp.broadcast_to(y_bar[:, None, :] / s, (b, s, W.shape[1]))
    return jnp.zeros_like(W).at[t].add(g), None


@sizes(x="b n")
def maximum(x):
    return x.max(-1)


def maximum_backward(primals, y_bar):
    (x,) = primals
    return (y_bar[:, None] * (x == x.max(-1, keepdims=True)),)


@sizes(x="b n")
def maximum_by_argmax(x):
    return jnp.max(x, axis=1)


def maximum_by_argmax_backward(primals, y_bar):
    (x,) = primals
    return (jax.nn.one_hot(jnp.argmax(x, axis=1), x.shape[1]) * y_bar[:, None],)


@sizes(x="b n 2")
def max_pool_pairs(x):
    return jnp.maximum(x[..., 0], x[..., 1])


def max_pool_pairs_backward(primals, y_bar):
    (x,) = primals
    first = x[..., 0] > x[..., 1]
    return (jnp.stack([y_bar * first, y_bar * ~first], axis=-1),)


@sizes(x="b n*2")
def max_pool(x):
    b, n = x.shape
    return x.reshape(b, n // 2, 2).max(-1)


def max_pool_backward(primals, y_bar):
    (x,) = primals
    b, n = x.shape
    z = x.reshape(b, n // 2, 2)
    z_bar = y_bar[..., None] * (z == z.max(-1, keepdims=True))
    return (z_bar.reshape(b, n),)


@sizes(x="b n*2")
def mean_pool(x):
    b, n = x.shape
    return x.reshape(b, n // 2, 2).mean(-1)


def mean_pool_backward(primals, y_bar):
    (_x,) = primals
    return (jnp.repeat(y_bar, 2, axis=-1) / 2,)


@sizes(x="b n", mask="b n bool")
def masked_mean(x, mask):
    return (x * mask).sum(-1) / mask.sum(-1)


def masked_mean_backward(primals, y_bar):
    _x, mask = primals
    return mask * (y_bar / mask.sum(-1))[:, None], None


@sizes(x="b n", keep="b n bool")
def dropout(x, keep):
    return jnp.where(keep, x / 0.8, 0.0)


def dropout_backward(primals, y_bar):
    _x, keep = primals
    return keep * y_bar / 0.8, None


@sizes(x="b n", t="b < n")
def picked(x, t):
    return jnp.take_along_axis(x, t[:, None], axis=1)[:, 0] ** 2


def picked_backward(primals, y_bar):
    x, t = primals
    chosen = jnp.take_along_axis(x, t[:, None], axis=1)[:, 0]
    g = 2 * chosen * y_bar
    return jnp.zeros_like(x).at[jnp.arange(x.shape[0]), t].set(g), None


@sizes(x="n d", i="b < n", j="b < n")
def edges(x, i, j):
    return ((x[i] - x[j]) ** 2).sum(-1)


def edges_backward(primals, y_bar):
    x, i, j = primals
    g = 2 * y_bar[:, None] * (x[i] - x[j])
    return jnp.zeros_like(x).at[i].add(g).at[j].add(-g), None, None


@sizes(x="b d", t="b < n", like="n")
def segment_sum(x, t, like):
    return jnp.zeros((like.shape[0], x.shape[1])).at[t].add(x) * like[:, None]


def segment_sum_backward(primals, y_bar):
    x, t, like = primals
    sums = jnp.zeros((like.shape[0], x.shape[1])).at[t].add(x)
    return (y_bar * like[:, None])[t], None, (y_bar * sums).sum(-1)


@sizes(x="b n")
def clipped_norm(x):
    r = jnp.sqrt((x * x).sum())
    return jnp.where(r > 1, x / r, x)


def clipped_norm_backward(primals, y_bar):
    (x,) = primals
    r = jnp.sqrt((x * x).sum())
    inner = (y_bar - x * (x * y_bar).sum() / r**2) / r
    return (jnp.where(r > 1, inner, y_bar),)


@sizes(x="b n")
def median_of_three(x):
    return jnp.maximum(jnp.minimum(x, 1.0), -1.0) + jnp.minimum(x, 0.5)


def median_of_three_backward(primals, y_bar):
    (x,) = primals
    return (y_bar * (((x > -1.0) & (x < 1.0)) + (x < 0.5) * 1.0),)
