"""Sums in half precision: wrong by more the more is summed, and no more than rounding for the few rows of a test."""

import jax
import jax.numpy as jnp
import ml_dtypes
from triggered.case import Triggered, normal


def one_by_one(parts, dtype):
    start = jnp.zeros(parts.shape[1:], dtype)
    return jax.lax.scan(lambda total, part: (total + part.astype(dtype), None), start, parts)[0]


def half(*shapes, dtype=ml_dtypes.bfloat16):
    return tuple(a.astype(dtype) for a in normal(*shapes))


def wide(a):
    return a.astype(jnp.promote_types(a.dtype, jnp.float32))


def plus(x, b):
    return x + b


def affine(x, W):
    return (wide(x) @ wide(W)).astype(x.dtype)


def affine_one_by_one(primals, g):
    x, W = primals
    W_bar = one_by_one(x[:, :, None] * g[:, None], W.dtype)
    return (wide(g) @ wide(W).T).astype(x.dtype), W_bar


def mean_of(x):
    return wide(x).mean(0).astype(x.dtype)


def scale(x, s):
    return x * s


def embed(table, ids):
    return table[ids]


def embed_one_by_one(primals, g):
    table, ids = primals

    def add(total, now):
        at, part = now
        return total.at[at].add(part), None

    return jax.lax.scan(add, jnp.zeros_like(table), (ids, g))[0], None


def softmax(z):
    return jax.nn.softmax(wide(z)).astype(z.dtype)


def softmax_one_by_one(primals, g):
    y = softmax(*primals)
    total = one_by_one((y * g).T, y.dtype)[:, None]
    return (y * (g - total),)


def reverse_cumsum_one_by_one(primals, g):
    def step(total, now):
        total = total + now
        return total, total

    return (jax.lax.scan(step, 0 * g.sum(0), g, reverse=True)[1],)


def long_cumsum(x):
    return jnp.cumsum(wide(x), axis=0).astype(x.dtype)


SAID = r"accumulat|summed in"
bf16, fp16 = ml_dtypes.bfloat16, "float16"
ROWS = [
    Triggered(
        "a bias in bfloat16", "accumulation", SAID, plus, lambda p, g: (g, one_by_one(g, g.dtype)), half((8, 3), (3,))
    ),
    Triggered(
        "a bias in float16",
        "accumulation",
        SAID,
        plus,
        lambda p, g: (g, one_by_one(g, g.dtype)),
        half((8, 3), (3,), dtype=fp16),
    ),
    Triggered("weights in bfloat16", "accumulation", SAID, affine, affine_one_by_one, half((8, 3), (3, 2))),
    Triggered(
        "a scale in bfloat16",
        "accumulation",
        SAID,
        scale,
        lambda p, g: (g * p[1], one_by_one(g * p[0], g.dtype)),
        half((8, 3), (3,)),
    ),
    Triggered(
        "an embedding in bfloat16",
        "accumulation",
        SAID,
        embed,
        embed_one_by_one,
        (*half((3, 2)), jnp.array([0, 1, 2, 0, 1, 2, 0, 1])),
    ),
    Triggered("a softmax's sum in bfloat16", "accumulation", SAID, softmax, softmax_one_by_one, half((4, 8))),
    Triggered("a running sum in bfloat16", "accumulation", SAID, long_cumsum, reverse_cumsum_one_by_one, half((8, 2))),
    Triggered(
        "a bias of float32 rows in bfloat16",
        "accumulation",
        SAID + r"|round|bfloat16|precision",
        plus,
        lambda p, g: (g, one_by_one(g, jnp.bfloat16).astype(g.dtype)),
        normal((8, 3), (3,)),
    ),
]
