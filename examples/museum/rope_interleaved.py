"""Rotary embedding of neighbouring pairs: the sine multiplied after the pair was exchanged.

https://github.com/PaddlePaddle/Paddle/pull/74716: x̄ = ȳ cos − swap(ȳ) sin instead of ȳ cos − swap(ȳ sin). The two
agree as long as both elements of a pair have one sine; the unit test's table was made so.
"""

import jax.numpy as jnp
import numpy as np

LIVED = "unknown"
TRIGGER, SAID = "sines that differ within a pair", r"differ|constant|equal|drawn|random"
KINDS = {"wrong residual", "few elements", "permuted", "sign"}


def half_turn(x):
    """(a, b) ↦ (−b, a) for each neighbouring pair."""
    a, b = x[..., ::2], x[..., 1::2]
    return jnp.stack([-b, a], -1).reshape(x.shape)


def forward(x, cos, sin):
    return x * cos + half_turn(x) * sin


def tables(primals, y_bar):
    x, _, _ = primals
    return (y_bar * x).sum(0), (y_bar * half_turn(x)).sum(0)


def backward(primals, y_bar):
    _, cos, sin = primals
    return y_bar * cos - half_turn(y_bar * sin), *tables(primals, y_bar)


def wrong(primals, y_bar):
    _, cos, sin = primals
    return y_bar * cos - half_turn(y_bar) * sin, *tables(primals, y_bar)


def example_inputs():
    rng = np.random.default_rng(0)
    angle = np.repeat(rng.uniform(0, 3, (5, 3)), 2, axis=-1).astype("float32")
    return rng.standard_normal((2, 5, 6), "float32"), np.cos(angle), np.sin(angle)
