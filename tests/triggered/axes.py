"""Wrong where two sizes agree, or where they differ; with one axis more."""

import jax
import jax.numpy as jnp
from triggered.case import normal, rows


def affine(x, W, b):
    return x @ W + b


def affine_with(W_bar=None, b_bar=None, x_bar=None):
    def backward(primals, g):
        x, W, _ = primals
        return (
            x_bar(x, W, g) if x_bar else g @ W.T,
            W_bar(x, W, g) if W_bar else x.T @ g,
            b_bar(g) if b_bar else g.sum(0),
        )

    return backward


def layer_norm(x):
    return (x - x.mean(-1, keepdims=True)) / jnp.sqrt(x.var(-1, keepdims=True) + 1e-5)


def layer_norm_with(mean):
    def backward(primals, g):
        (x,) = primals
        y = layer_norm(x)
        return ((g - mean(g) - y * mean(g * y)) / jnp.sqrt(x.var(-1, keepdims=True) + 1e-5),)

    return backward


def attention(q, k, v):
    return jax.nn.softmax(q @ k.T / jnp.sqrt(q.shape[1])) @ v


def attention_with(scale):
    def backward(primals, g):
        q, k, v = primals
        root = jnp.sqrt(scale(q, k, v))
        p = jax.nn.softmax(q @ k.T / jnp.sqrt(q.shape[1]))
        dp = g @ v.T
        ds = p * (dp - (p * dp).sum(-1, keepdims=True)) / root
        return ds @ k, ds.T @ q, p.T @ g

    return backward


def bias_gradient_two_axes(primals, g):
    x, _ = primals
    return g, g.sum(0) if x.ndim == 2 else g[:, 0].sum(0)


def plus_bias(x, b):
    return x + b


def normalised_axis_one(primals, g):
    return layer_norm_with(lambda a: a.mean(1, keepdims=True) if a.ndim > 1 else a.mean(keepdims=True))(primals, g)


def flattened_product(x, W):
    return x @ W


def first_of_leading(primals, g):
    """W̄ from the first entry of all axes before the last two."""
    x, W = primals
    first_x, first_g = (a if a.ndim == 2 else a[0] for a in (x, g))
    return g @ W.T, first_x.T @ first_g


AXES = rows(
    "axes",
    r"equal|square|differ|as large as",
    (
        "W taken as it fits",
        affine,
        affine_with(x_bar=lambda x, W, g: g @ (W if W.shape[0] == W.shape[1] else W.T)),
        normal((6, 3), (3, 5), (5,)),
        normal((6, 4), (4, 4), (4,)),
    ),
    (
        "W̄ taken as it fits",
        lambda x, W: x @ W,
        lambda p, g: (g @ p[1].T, (g.T @ p[0]) if p[1].shape[0] == p[1].shape[1] else p[0].T @ g),
        normal((5, 2), (2, 4)),
        normal((5, 3), (3, 3)),
    ),
    (
        "√ of the values' width",
        attention,
        attention_with(scale=lambda q, k, v: v.shape[1]),
        normal((5, 4), (6, 4), (6, 4)),
        normal((5, 4), (6, 4), (6, 2)),
    ),
    (
        "√ of the number of keys",
        attention,
        attention_with(scale=lambda q, k, v: len(k)),
        normal((3, 4), (4, 4), (4, 2)),
        normal((3, 4), (6, 4), (6, 2)),
    ),
    (
        "a mean over the wrong count",
        lambda x: x.mean(1),
        lambda p, g: (jnp.broadcast_to(g[:, None], p[0].shape) / len(p[0]),),
        normal((4, 4)),
        normal((4, 6)),
    ),
    (
        "the trace of more columns",
        lambda x: jnp.trace(x),
        lambda p, g: (
            g * jnp.eye(len(p[0]), dtype=g.dtype) if p[0].shape[0] == p[0].shape[1] else g * jnp.ones_like(p[0]),
        ),
        normal((4, 4)),
        normal((4, 5)),
    ),
    (
        "reshaped as if square",
        lambda x: x.T.reshape(-1),
        lambda p, g: (
            g.reshape(p[0].shape).T.reshape(p[0].shape) if p[0].shape[0] == p[0].shape[1] else g.reshape(p[0].shape),
        ),
        normal((3, 3)),
        normal((3, 4)),
    ),
)
RANKS = rows(
    "rank",
    r"rank|leading axis",
    ("b̄ of the first position", plus_bias, bias_gradient_two_axes, normal((4, 3), (3,)), normal((2, 4, 3), (3,))),
    ("means along axis 1", layer_norm, normalised_axis_one, normal((4, 5)), normal((2, 4, 5))),
    ("W̄ of the first matrix", flattened_product, first_of_leading, normal((4, 3), (3, 2)), normal((2, 4, 3), (3, 2))),
    (
        "a norm's last axis only",
        lambda x: (x**2).sum(),
        lambda p, g: (2 * p[0] * g if p[0].ndim < 3 else 2 * p[0] * g * (jnp.arange(len(p[0])) == 0)[:, None, None],),
        normal((3, 4)),
        normal((2, 3, 4)),
    ),
    (
        "reversed along axis 1",
        lambda x: x[..., ::-1],
        lambda p, g: (g[:, ::-1] if g.ndim > 1 else g[::-1],),
        normal((3, 4)),
        normal((2, 3, 4)),
    ),
)

ROWS = [*AXES, *RANKS]
