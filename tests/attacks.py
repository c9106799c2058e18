"""Backward passes that are wrong at some sizes, for some numbers, at some places, and right ones that look so.

Each is an example of a class: the verdict of a wrong one is "refuted", or "undecided", or it tells what it stands on.
"""

import jax
import jax.numpy as jnp
import numpy as np

X = np.linspace(-1, 2, 12, dtype=np.float32).reshape(3, 4)
T = np.array([0, 2, 1], np.int32)
LIMIT, TABLE = [17], {23: 1}


def square(x):
    return x**2


def right(x, g):
    return 2 * x * g


def wrong(x, g):
    return x * g


def where(asked):
    """A backward of x² that is wrong where the shape is as it is asked."""

    def backward(primals, y_bar):
        (x,) = primals
        return ((wrong if asked(x) else right)(x, y_bar),)

    return square, backward


def with_rest(cut):
    """A backward of x² that is right for the first rows only, as many as `cut` says."""

    def backward(primals, y_bar):
        (x,) = primals
        k = cut(x.shape[0])
        return (jnp.concatenate([right(x[:k], y_bar[:k]), wrong(x[k:], y_bar[k:])]),)

    return square, backward


def looped(primals, y_bar):
    (x,) = primals
    x_bar = jnp.zeros_like(x)
    for i in range(min(x.shape[0], 5)):
        x_bar = x_bar.at[i].set(2 * x[i] * y_bar[i])
    return (x_bar,)


@jax.jit
def inner(x, g):
    return wrong(x, g) if x.shape[0] == LIMIT[0] else right(x, g)


# Wrong at sizes that no one tries by chance.
BY_SIZE = {
    "a number in a closure": where(lambda x: x.shape[0] == LIMIT[0]),
    "a computed number": where(lambda x: x.shape[0] == int("91")),
    "a multiple": where(lambda x: x.shape[0] % 4 == 0),
    "a rest": where(lambda x: x.shape[0] % 7 == 3),
    "large": where(lambda x: x.shape[0] > 80),
    "two sizes are equal": where(lambda x: x.shape[0] == x.shape[1]),
    "one size is twice another": where(lambda x: x.shape[0] == 2 * x.shape[1]),
    "one size is far above another": where(lambda x: x.shape[0] >= x.shape[1] + 4),
    "their product": where(lambda x: x.size == 35),
    "a list": where(lambda x: x.shape[0] in [41, 43]),
    "a table": where(lambda x: x.shape[0] in TABLE),
    "a whole shape": where(lambda x: x.shape == (19, 7)),
    "one size is 1, the other is not": where(lambda x: x.shape[0] == 1 and x.shape[1] == 5),
    "a truth value": where(lambda x: not (x.shape[0] - 13)),
    "at most 8": with_rest(lambda n: min(n, 8)),
    "whole blocks": with_rest(lambda n: n // 4 * 4),
    "the first three": with_rest(lambda n: 3),
    "a loop with a limit": (square, looped),
    "inside jit": (square, lambda p, g: (inner(p[0], g),)),
}


def padded(primals, y_bar):
    """Right: in blocks of 4, filled up and cut off again."""
    (x,) = primals
    n = x.shape[0]
    whole = jnp.pad(2 * x * y_bar, ((0, -n % 4), (0, 0)))
    return (whole[:n],)


def other_way(primals, y_bar):
    """Right, written in two ways."""
    (x,) = primals
    return (2 * x * y_bar if x.shape[0] > 8 else y_bar * x + x * y_bar,)


RIGHT_BY_SIZE = {"filled up": (square, padded), "two ways": (square, other_way)}


def second(forward, x_bar):
    return forward, lambda p, g: (x_bar(p[0], g),)


def rounding(x):
    return jnp.tanh(x.astype(jnp.bfloat16)).astype(jnp.float32).sum(-1)


@jax.custom_jvp
def odd(x):
    return x**2


odd.defjvp(lambda p, t: (odd(p[0]), 3 * p[0] * t[0]))

# Of kinds of numbers, values and operations: the pair, the primals, the verdict, and what it must say.
BY_VALUE = {
    "bfloat16 is treated apart": (where(lambda x: x.dtype == jnp.bfloat16), (X,), "proven", "with bfloat16 ones"),
    "a cast to whole numbers": (second(square, lambda x, g: 2.0 * x.astype(int) * g), (X,), "refuted", ""),
    "a cast to bool": (second(jnp.abs, lambda x, g: g * x.astype(bool)), (X,), "refuted", ""),
    "right, but for bfloat16's digits": (
        second(rounding, lambda x, g: g[:, None] * (1 - jnp.tanh(x) ** 2)),
        (X,),
        "proven",
        "",
    ),
    "halves of whole numbers": (
        (lambda x, t: x * (t // 2)[:, None], lambda p, g: (g * (p[1] // 2)[:, None], None)),
        (X, T),
        "undecided",
        "arithmetic of int32",
    ),
    "bits": (
        (lambda x, t: x * (t & 1)[:, None], lambda p, g: (g * (p[1] & 1)[:, None], None)),
        (X, T),
        "undecided",
        "bits",
    ),
    "bytes wrap around": (
        (lambda x, t: x * (t - 3)[:, None], lambda p, g: (g * (p[1] - 3)[:, None], None)),
        (X, T.astype(np.uint8)),
        "undecided",
        "arithmetic of uint8",
    ),
    "equal places overwrite": (
        (lambda x, t: x[t], lambda p, g: (jnp.zeros_like(p[0]).at[p[1]].set(g), None)),
        (X, T),
        "refuted",
        "",
    ),
    "a place past the end is dropped": (
        (
            lambda x, t: jnp.take(x, t + 1, axis=0, mode="clip"),
            lambda p, g: (jnp.zeros_like(p[0]).at[p[1] + 1].add(g, mode="drop"), None),
        ),
        (X, T),
        "refuted",
        "",
    ),
    "a window past the end is moved": (
        second(
            lambda x: jax.lax.dynamic_update_slice(jnp.zeros_like(x), x[:2], (x.shape[0] - 1, 0)),
            lambda x, g: jnp.zeros_like(x).at[:1].set(g[-1:]),
        ),
        (X,),
        "refuted",
        "",
    ),
    "ties": (
        second(lambda x: x.max(-1), lambda x, g: g[:, None] * (x == x.max(-1, keepdims=True))),
        (X,),
        "proven",
        "step",
    ),
    "one value": (second(square, lambda x, g: jnp.where(x == 1.5, x, 2 * x) * g), (X,), "proven", "x_ij − 3/2 ≠ 0"),
    "values far away": (second(square, lambda x, g: jnp.where(x > 50, x, 2 * x) * g), (X,), "undecided", ""),
    "a slope below all tolerances": (second(lambda x: x + 1e-7 * x**2, lambda x, g: g), (X,), "undecided", ""),
    "a number near a third": (second(lambda x: 0.3333334 * x, lambda x, g: g / 3), (X,), "undecided", ""),
    "−10³⁰": (second(lambda x: jnp.maximum(x, -1e30), lambda x, g: g), (X,), "proven", "stands for −∞"),
    "NaN": (second(lambda x: jnp.where(x > 0.5, jnp.nan, x * x), right), (X,), "proven", "NaN stands for"),
    "√ where it is not defined": (
        second(
            lambda x: jnp.where(x > 0, jnp.sqrt(x), 0.0),
            lambda x, g: jnp.where(x > 0, g / (2 * jnp.sqrt(x)), 0.0),
        ),
        (X,),
        "proven",
        "x_ij ≠ 0",
    ),
    "complex numbers": (second(jnp.abs, lambda x, g: g * jnp.sign(x)), (X.astype(complex),), "undecided", "complex"),
    "a barrier": (
        second(lambda x: jax.lax.optimization_barrier((x, 2 * x))[1] * x, lambda x, g: 4 * x * g),
        (X,),
        "proven",
        "",
    ),
    "a derivative of the user's own that is wrong": (second(odd, lambda x, g: 3 * x * g), (X,), "undecided", ""),
    "a loop without an end in sight": (
        second(
            lambda x: jax.lax.while_loop(lambda c: c[0] < 3, lambda c: (c[0] + 1, c[1] * x), (0, jnp.ones_like(x)))[1],
            lambda x, g: 3 * x**2 * g,
        ),
        (X,),
        "undecided",
        "`while`",
    ),
    "random bits": (
        second(
            lambda x: x * jax.random.bernoulli(jax.random.key(0), 0.5, x.shape),
            lambda x, g: g * jax.random.bernoulli(jax.random.key(0), 0.5, x.shape),
        ),
        (X,),
        "undecided",
        "random",
    ),
    "a branch by data": (
        second(lambda x: jax.lax.cond(x.sum() > 0, lambda: x * x, lambda: x), lambda x, g: 2 * x * g),
        (X,),
        "refuted",
        "",
    ),
}
