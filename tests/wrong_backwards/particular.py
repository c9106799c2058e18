"""Faults that only make sense for a rule of a certain form."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from wrong_backwards.mutant import Mutant


def softmax_pair(y: Any, g: Any, axis: Any = -1) -> Any:
    return y * (g - jnp.sum(y * g, axis=axis, keepdims=True))


def norm(x: Any) -> Any:
    """Layer normalisation without scale and shift."""
    centred = x - x.mean(-1, keepdims=True)
    return centred / jnp.sqrt((centred**2).mean(-1, keepdims=True) + 1e-5)


def norm_backward(x: Any, g: Any, mean: float = 1.0, project: float = 1.0, axis: int = -1) -> Any:
    centred = x - x.mean(-1, keepdims=True)
    s = jnp.sqrt((centred**2).mean(-1, keepdims=True) + 1e-5)
    y = centred / s
    return (g - mean * g.mean(axis, keepdims=True) - project * y * (y * g).mean(axis, keepdims=True)) / s


def particular(seed: int) -> Iterator[Mutant]:
    """Faults that only make sense for a rule of a certain form."""
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((4, 6)).astype("float32")
    square = rng.standard_normal((5, 5)).astype("float32")
    rows = rng.standard_normal((5, 5)).astype("float32")
    bias = rng.standard_normal(5).astype("float32")
    softmax, log_softmax = jax.nn.softmax, jax.nn.log_softmax

    def one(name: str, kinds: str, forward: Callable, backward: Callable, *primals: Any, leaf: int = 0) -> Mutant:
        return Mutant(name, frozenset(kinds.split("|")), leaf, forward, backward, primals)

    def elementwise(name: str, kinds: str, f: Callable, slope: Callable) -> Mutant:
        return one(name, kinds, f, lambda p, g: (slope(p[0]) * g,), x)

    sigmoid = jax.nn.sigmoid
    yield elementwise("sigmoid at the input", "wrong residual", sigmoid, lambda z: z * (1 - z))
    yield elementwise("tanh at the input", "wrong residual", jnp.tanh, lambda z: 1 - z**2)
    yield elementwise("tanh at the output", "wrong residual", jnp.tanh, lambda z: 1 - jnp.tanh(jnp.tanh(z)) ** 2)
    yield elementwise(
        "sigmoid at the output", "wrong residual", sigmoid, lambda z: sigmoid(sigmoid(z)) * (1 - sigmoid(sigmoid(z)))
    )
    yield elementwise("square at the output", "wrong residual", jnp.square, lambda z: 2 * z**2)
    yield elementwise("sigmoid without its derivative", "missing factor", sigmoid, jnp.ones_like)
    yield elementwise("tanh without its derivative", "missing factor", jnp.tanh, jnp.ones_like)
    yield elementwise("relu without its derivative", "missing factor|few elements", jax.nn.relu, jnp.ones_like)
    yield elementwise("sigmoid, one factor", "missing factor|wrong residual", sigmoid, sigmoid)
    yield elementwise("sigmoid twice", "extra term", sigmoid, lambda z: (sigmoid(z) * (1 - sigmoid(z))) ** 2)
    yield elementwise("tanh twice", "extra term", jnp.tanh, lambda z: (1 - jnp.tanh(z) ** 2) ** 2)
    yield elementwise("square twice", "extra term", jnp.square, lambda z: 4 * z**2)
    yield elementwise("cube's exponent", "extra factor", lambda z: z**3, lambda z: 3 * z**3)
    yield elementwise(
        "relu, 2 at the kink", "subgradient", jax.nn.relu, lambda z: jnp.where(z > 0, 1.0, jnp.where(z < 0, 0.0, 2.0))
    )
    yield elementwise("abs, 3 at the kink", "subgradient", jnp.abs, lambda z: jnp.where(z == 0, 3.0, jnp.sign(z)))
    yield elementwise(
        "clip, 5 at the edge",
        "subgradient|few elements",
        lambda z: jnp.clip(z, -1.0, 1.0),
        lambda z: jnp.where(z == 1, 5.0, jnp.where(jnp.abs(z) < 1, 1.0, 0.0)),
    )
    yield elementwise("sigmoid by exp", "not finite", sigmoid, lambda z: jnp.exp(z) / (1 + jnp.exp(z)) ** 2)
    for axis_name, axis in (("axis 0", 0), ("all axes", None)):
        yield one(
            f"softmax, sum over {axis_name}",
            "wrong axis|extra sum|factor",
            softmax,
            lambda p, g, a=axis: (softmax_pair(softmax(p[0]), g, a),),
            x,
        )
    yield one(
        "softmax, diagonal only", "missing term", softmax, lambda p, g: (softmax(p[0]) * (1 - softmax(p[0])) * g,), x
    )
    yield one("softmax, no sum", "missing term", softmax, lambda p, g: (softmax(p[0]) * g,), x)
    yield one(
        "softmax, mean",
        "factor",
        softmax,
        lambda p, g: (softmax(p[0]) * (g - (softmax(p[0]) * g).mean(-1, keepdims=True)),),
        x,
    )
    yield one(
        "softmax, plus",
        "sign",
        softmax,
        lambda p, g: (softmax(p[0]) * (g + (softmax(p[0]) * g).sum(-1, keepdims=True)),),
        x,
    )
    yield one("softmax at the input", "wrong residual", softmax, lambda p, g: (softmax_pair(p[0], g),), x)
    yield one(
        "softmax, no outer y",
        "missing factor",
        softmax,
        lambda p, g: (g - (softmax(p[0]) * g).sum(-1, keepdims=True),),
        x,
    )
    yield one("log_softmax, no sum", "missing term|missing factor", log_softmax, lambda p, g: (g,), x)
    yield one(
        "log_softmax, mean", "factor", log_softmax, lambda p, g: (g - softmax(p[0]) * g.mean(-1, keepdims=True),), x
    )
    yield one("log_softmax, plus", "sign", log_softmax, lambda p, g: (g + softmax(p[0]) * g.sum(-1, keepdims=True),), x)
    yield one(
        "log_softmax, sum over axis 0",
        "wrong axis",
        log_softmax,
        lambda p, g: (g - softmax(p[0]) * g.sum(0, keepdims=True),),
        x,
    )
    yield one("layer norm, no mean", "missing term", norm, lambda p, g: (norm_backward(p[0], g, mean=0.0),), x)
    yield one("layer norm, no projection", "missing term", norm, lambda p, g: (norm_backward(p[0], g, project=0.0),), x)
    yield one(
        "layer norm, projection twice", "extra term", norm, lambda p, g: (norm_backward(p[0], g, project=2.0),), x
    )
    yield one("layer norm, plus", "sign", norm, lambda p, g: (norm_backward(p[0], g, project=-1.0),), x)
    yield one("layer norm over axis 0", "wrong axis", norm, lambda p, g: (norm_backward(p[0], g, axis=0),), x)
    yield from affine_mutants(one, square, bias, rows)
    yield from other_mutants(one, x)


def affine_mutants(one: Callable, W: Any, b: Any, y: Any) -> Iterator[Mutant]:
    def affine(W: Any, b: Any, y: Any) -> Any:
        return y @ W.T + jnp.broadcast_to(b, (y.shape[0], b.shape[0]))

    def part(**other: Callable) -> Callable:
        def backward(p: tuple, g: Any) -> tuple:
            right = {"W": lambda W, b, y, g: g.T @ y, "b": lambda W, b, y, g: g.sum(0), "y": lambda W, b, y, g: g @ W}
            return tuple(other.get(name, right[name])(*p, g) for name in right)

        return backward

    yield one("affine, Wᵀ for W", "transposed", affine, part(y=lambda W, b, y, g: g @ W.T), W, b, y, leaf=2)
    yield one(
        "affine, W̄ transposed", "transposed|wrong axis", affine, part(W=lambda W, b, y, g: y.T @ g), W, b, y, leaf=0
    )
    yield one(
        "affine, b̄ over the wrong axis", "wrong axis", affine, part(b=lambda W, b, y, g: g.sum(1)), W, b, y, leaf=1
    )
    yield one("affine, b̄ not summed", "missing sum", affine, part(b=lambda W, b, y, g: g), W, b, y, leaf=1)
    yield one("affine, b̄ of the first row", "missing sum", affine, part(b=lambda W, b, y, g: g[0]), W, b, y, leaf=1)
    yield one("affine, b̄ of the last row", "missing sum", affine, part(b=lambda W, b, y, g: g[-1]), W, b, y, leaf=1)
    yield one(
        "affine, W̄ of the first row",
        "missing sum",
        affine,
        part(W=lambda W, b, y, g: jnp.outer(g[0], y[0])),
        W,
        b,
        y,
        leaf=0,
    )
    yield one(
        "affine, W̄ not summed",
        "missing sum",
        affine,
        part(W=lambda W, b, y, g: g[:, :, None] * y[:, None]),
        W,
        b,
        y,
        leaf=0,
    )
    yield one("affine, b̄ mean", "factor", affine, part(b=lambda W, b, y, g: g.mean(0)), W, b, y, leaf=1)
    yield one(
        "affine, W̄ at z", "wrong residual", affine, part(W=lambda W, b, y, g: g.T @ affine(W, b, y)), W, b, y, leaf=0
    )
    yield one("affine, W̄ with W", "wrong residual", affine, part(W=lambda W, b, y, g: g.T @ W), W, b, y, leaf=0)
    yield one("affine, ȳ with y", "wrong residual", affine, part(y=lambda W, b, y, g: g @ y), W, b, y, leaf=2)
    yield one("affine, None for b", "missing", affine, part(b=lambda W, b, y, g: None), W, b, y, leaf=1)
    yield one(
        "affine, ȳ kept with a row axis",
        "shape",
        affine,
        part(y=lambda W, b, y, g: (g @ W)[None, ...]),
        W,
        b,
        y,
        leaf=2,
    )
    yield one(
        "affine, W̄ in half", "dtype", affine, part(W=lambda W, b, y, g: (g.T @ y).astype("bfloat16")), W, b, y, leaf=0
    )
    yield one(
        "affine, W̄ in half inside",
        "dtype",
        affine,
        part(W=lambda W, b, y, g: (g.astype("bfloat16").T @ y.astype("bfloat16")).astype("float32")),
        W,
        b,
        y,
        leaf=0,
    )


def other_mutants(one: Callable, x: Any) -> Iterator[Mutant]:
    ids = np.array([0, 2, 2, 1])
    mask = np.array([True, False, True, True, False, True])
    table = np.linspace(-1, 1, 12, dtype="float32").reshape(4, 3)

    def embed(table: Any, ids: Any) -> Any:
        return table[ids]

    def masked(x: Any, mask: Any) -> Any:
        return jnp.where(mask[None], x * x, jnp.zeros_like(x))

    def fan_out(x: Any) -> Any:
        return jnp.sin(x) * x + x**2

    zeros = np.zeros((4, 3), "float32")
    yield one(
        "embedding, repeated ids overwrite",
        "few elements|missing sum|missing term",
        embed,
        lambda p, g: (zeros + jnp.zeros_like(p[0]).at[p[1]].set(g), None),
        table,
        ids,
    )
    yield one(
        "embedding, ids off by one",
        "permuted",
        embed,
        lambda p, g: (jnp.zeros_like(p[0]).at[p[1] + 1].add(g), None),
        table,
        ids,
    )
    yield one("mask ignored", "mask|few elements", masked, lambda p, g: (2 * p[0] * g, None), x, mask)
    yield one(
        "mask inverted",
        "mask|few elements",
        masked,
        lambda p, g: (jnp.where(p[1][None], jnp.zeros_like(g), 2 * p[0] * g), None),
        x,
        mask,
    )
    yield one(
        "fan-out, one path dropped",
        "missing term",
        fan_out,
        lambda p, g: (g * (jnp.cos(p[0]) * p[0] + jnp.sin(p[0])),),
        x,
    )
    yield one(
        "fan-out, product rule halved",
        "missing term",
        fan_out,
        lambda p, g: (g * (jnp.cos(p[0]) * p[0] + 2 * p[0]),),
        x,
    )
    yield one(
        "fan-out, sign of one path",
        "sign",
        fan_out,
        lambda p, g: (g * (jnp.cos(p[0]) * p[0] + jnp.sin(p[0]) - 2 * p[0]),),
        x,
    )
    yield one("cumsum not reversed", "transposed", lambda x: jnp.cumsum(x, -1), lambda p, g: (jnp.cumsum(g, -1),), x)
    yield one(
        "max, all ties",
        "subgradient",
        lambda x: x.max(-1),
        lambda p, g: (
            jnp.where(p[0] == p[0].max(-1, keepdims=True), g[:, None] + jnp.zeros_like(p[0]), jnp.zeros_like(p[0])),
        ),
        x,
    )
    yield one(
        "product by division",
        "not finite",
        lambda x: x.prod(-1),
        lambda p, g: (g[:, None] * p[0].prod(-1, keepdims=True) / p[0],),
        x,
    )
    yield one("mean as sum", "factor", lambda x: x.mean(-1), lambda p, g: (g[:, None] + jnp.zeros_like(p[0]),), x)
    yield one(
        "batch of one squeezed",
        "few elements",
        lambda x: x.sum(-1),
        lambda p, g: ((g[:, None] + jnp.zeros_like(p[0])) * (2.0 if g.shape[0] == 1 else 1.0),),
        x,
    )
    swapped = one("swapped arguments", "swapped", jnp.multiply, lambda p, g: (p[0] * g, p[1] * g), x, x[::-1].copy())
    yield replace(swapped, also=(1,))
