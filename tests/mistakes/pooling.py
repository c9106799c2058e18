"""Max pooling in windows of two, a scale for each channel, and a mean over the places; written with slices."""

import jax.numpy as jnp
from mistakes.network import Network, mistakes, normal


def forward(x, s):
    pooled = jnp.maximum(x[:, ::2], x[:, 1::2])
    return (pooled * s).mean(1)


def beside(a, b):
    return jnp.stack([a, b], 2).reshape(a.shape[0], -1, a.shape[2])


NETWORK = Network(
    "max pooling",
    forward,
    normal((3, 8, 2), (2,)),
    {
        "a": lambda x: x[:, ::2],
        "b": lambda x: x[:, 1::2],
        "pooled": lambda a, b: jnp.maximum(a, b),
        "wide": lambda y_bar, pooled: jnp.broadcast_to(y_bar[:, None] / pooled.shape[1], pooled.shape),
        "pooled_bar": lambda wide, s: wide * s,
        "first": lambda a, b: (a >= b).astype(a.dtype),
        "x_bar": lambda pooled_bar, first: beside(pooled_bar * first, pooled_bar * (1 - first)),
        "s_bar": lambda wide, pooled: (wide * pooled).sum((0, 1)),
    },
    mistakes(
        ("evenly instead of at the maximum", "mask|evenly|maximum", "first", lambda a: jnp.full_like(a, 0.5)),
        (
            "everywhere instead of at the maximum",
            "mask|everywhere|maximum|missing factor",
            "x_bar",
            lambda pooled_bar: beside(pooled_bar, pooled_bar),
        ),
        ("at the minimum", "mask|maximum", "first", lambda a, b: (a < b).astype(a.dtype)),
        ("always at the first", "mask|maximum|missing term|few elements", "first", lambda a: jnp.ones_like(a)),
        ("always at the last", "mask|maximum|missing term|few elements", "first", lambda a: jnp.zeros_like(a)),
        ("proportional to the values", "mask|maximum|wrong residual", "first", lambda a, b: a / (a + b)),
        ("softly", "mask|maximum|wrong residual", "first", lambda a, b: jnp.exp(a) / (jnp.exp(a) + jnp.exp(b))),
        ("decided by size", "mask|maximum", "first", lambda a, b: (jnp.abs(a) >= jnp.abs(b)).astype(a.dtype)),
        (
            "only positive maxima",
            "mask|missing factor|extra factor|few elements",
            "pooled_bar",
            lambda wide, s, pooled: wide * s * (pooled > 0),
        ),
        (
            "multiplied by the maximum",
            "extra factor|wrong residual",
            "pooled_bar",
            lambda wide, s, pooled: wide * s * pooled,
        ),
        ("the scale forgotten", "missing factor", "pooled_bar", lambda wide: wide),
        ("the scale twice", "extra factor", "pooled_bar", lambda wide, s: wide * s**2),
        (
            "the mean's count forgotten",
            "factor|missing factor",
            "wide",
            lambda y_bar, pooled: jnp.broadcast_to(y_bar[:, None], pooled.shape),
        ),
        (
            "the mean over the unpooled count",
            "factor",
            "wide",
            lambda y_bar, pooled, x: jnp.broadcast_to(y_bar[:, None] / x.shape[1], pooled.shape),
        ),
        (
            "the mean over the channels too",
            "factor",
            "wide",
            lambda y_bar, pooled: jnp.broadcast_to(y_bar[:, None] / 8, pooled.shape),
        ),
        (
            "the two of a window exchanged",
            "permuted|mask",
            "x_bar",
            lambda pooled_bar, first: beside(pooled_bar * (1 - first), pooled_bar * first),
        ),
        (
            "halves instead of neighbours",
            "permuted",
            "x_bar",
            lambda pooled_bar, first: jnp.concatenate([pooled_bar * first, pooled_bar * (1 - first)], 1),
        ),
        (
            "one window late",
            "permuted",
            "x_bar",
            lambda pooled_bar, first: jnp.roll(beside(pooled_bar * first, pooled_bar * (1 - first)), 2, 1),
        ),
        ("s̄ of the first place", "missing sum|first row", "s_bar", lambda wide, pooled: (wide * pooled)[:, 0].sum(0)),
        ("s̄ of the first row", "missing sum|first row", "s_bar", lambda wide, pooled: (wide * pooled)[0].sum(0)),
        ("s̄ averaged", "factor", "s_bar", lambda wide, pooled: (wide * pooled).mean((0, 1))),
        ("s̄ at the mean", "wrong residual|few elements", "s_bar", lambda wide, a, b: (wide * (a + b) / 2).sum((0, 1))),
    ),
)
