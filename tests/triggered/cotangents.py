"""Wrong for certain cotangents: those that are not constant, not positive, large, small, zero, or of other outputs."""

import jax
import jax.numpy as jnp
import numpy as np
from triggered.case import Triggered, normal


def softmax_of_first(primals, g):
    """Every row's cotangent is taken to be one value, its first."""
    y, g = jax.nn.softmax(primals[0]), jnp.broadcast_to(g[:, :1], g.shape)
    return (y * (g - (y * g).sum(-1, keepdims=True)),)


def without_small(g):
    return jnp.where(jnp.abs(g) < 1e-3, 0, g)


def through_half(g):
    return g.astype(jnp.float16).astype(g.dtype)


def layers(x, W):
    return jnp.tanh(x @ W)


def layers_with(change):
    """ȳ as the backward takes it."""

    def backward(primals, g):
        x, W = primals
        z_bar = change(g) * (1 - layers(x, W) ** 2)
        return z_bar @ W.T, x.T @ z_bar

    return backward


def two(x):
    return {"first": x**2, "second": jnp.sin(x)}


def two_of_ones(primals, bars):
    """The second output's cotangent is dropped where the first's is not zero."""
    (x,) = primals
    second = jnp.where(bars["first"] != 0, 0, bars["second"])
    return (2 * x * bars["first"] + jnp.cos(x) * second,)


def per_row(x):
    return (x**2).sum(-1)


def to(name, forward, backward, primals, bars, said=r"cotangent|ȳ|linear"):
    return Triggered(name, "cotangent", said, forward, backward, primals, primals, bars)


x43, W = normal((4, 3), (3, 3))
drawn = np.random.default_rng(5).standard_normal((4, 3)).astype("float32")
row = drawn[:, 0]
SIZE = r"cotangent|ȳ|linear|large|small|clip|round|float16"

ROWS = [
    to("ȳ[0] for all", per_row, lambda p, g: (2 * p[0] * g[0],), (x43,), row),
    to("the mean of ȳ", per_row, lambda p, g: (2 * p[0] * g.mean(),), (x43,), row),
    to("the sum of ȳ", per_row, lambda p, g: (2 * p[0] * g.sum() / len(g),), (x43,), row),
    to("the largest of ȳ", per_row, lambda p, g: (2 * p[0] * g.max(),), (x43,), row),
    to("|ȳ|", layers, layers_with(jnp.abs), (x43, W), drawn),
    to("√ȳ²", layers, layers_with(lambda g: jnp.sqrt(g * g)), (x43, W), drawn),
    to("ȳ as zeros and ones", layers, layers_with(lambda g: (g != 0).astype(g.dtype)), (x43, W), drawn),
    to("whole numbers", layers, layers_with(jnp.trunc), (x43, W), drawn),
    to("rows of one value", jax.nn.softmax, softmax_of_first, (x43,), drawn),
    to("one output or the other", two, two_of_ones, (x43,), {"first": drawn, "second": drawn}),
    to("ȳ clipped at ten", layers, layers_with(lambda g: jnp.clip(g, -10, 10)), (x43, W), 100 * drawn, SIZE),
    to("ȳ below a thousandth", layers, layers_with(without_small), (x43, W), 1e-4 * drawn, SIZE),
    to("ȳ through half precision", layers, layers_with(through_half), (x43, W), 1e-7 * drawn, SIZE),
]
