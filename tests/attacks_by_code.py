"""Wrong backward passes that a reading might miss: state, tables, slopes that lie, digits, ties, labels out of range.

None of them may be proven without a word of what the proof stands on.
"""

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

X = np.linspace(-1, 2, 12, dtype=np.float32).reshape(3, 4)
T = np.array([0, 2, 1], np.int32)
M = np.array([True, False, True])
EXAMPLE = np.asarray(2 * X)
SEEN, CALLS, BY_ROWS = {}, [], {}


def square(x):
    return x**2


def right(x, g):
    return 2 * x * g


def wrong(x, g):
    return x * g


def of_square(asked):
    """A backward of x² that is wrong where `asked(x)`."""
    return square, lambda p, g: ((wrong if asked(p[0]) else right)(p[0], g),)


def tried(x):
    """Right, unless the rows can be split in halves."""
    try:
        x.reshape(2, x.shape[0] // 2, x.shape[1])
    except Exception:
        return False
    return x.shape[0] % 2 == 0


def cached(x):
    SEEN.setdefault(x.shape[1], len(SEEN))
    return SEEN[x.shape[1]] > 40 or str(x.shape[0]) == "29"


def of_rows(x):
    if not BY_ROWS:
        BY_ROWS.update({n: n == 33 for n in range(64)})
    return BY_ROWS[x.shape[0]] if isinstance(x.shape[0], int) else False


def in_loop(p, g):
    (x,) = p
    x_bar = right(x, g)
    for i in range(x.shape[1]):
        x_bar = x_bar.at[:, i].multiply(1.0 if i != 6 else 0.5)
    return (x_bar,)


def in_halves(p, g):
    (x,) = p
    k = x.shape[0] // 2
    return (jnp.concatenate([right(x[:k], g[:k]), right(x[k : 2 * k], g[k : 2 * k]), wrong(x[2 * k :], g[2 * k :])]),)


@jax.custom_jvp
def lying(x):
    return x**2


lying.defjvp(lambda p, t: (p[0] ** 3, 3 * p[0] ** 2 * t[0]))


@jax.custom_vjp
def half(x):
    return x**2


half.defvjp(lambda x: (x**2, x), lambda x, g: (x * g,))


def shortened(x, g):
    return (2 * x * g).astype(jnp.float16).astype(x.dtype) * jnp.where(jnp.finfo(x.dtype).bits < 32, 2, 1)


def one(forward, x_bar):
    return forward, lambda p, g: (x_bar(p[0], g),)


def labelled(x_bar):
    return lambda x, t: x[jnp.arange(x.shape[0]), t], lambda p, g: (x_bar(p[0], p[1], g), None)


# Each is wrong somewhere: at some size, value or kind of numbers.
WRONG = {
    "the length of an array": (of_square(lambda x: len(x) == 37), (X,)),
    "a try around a shape": (of_square(tried), (X,)),
    "a cache of sizes": (of_square(cached), (X,)),
    "a table by the number of rows": (of_square(of_rows), (X,)),
    "a square of a size": (of_square(lambda x: x.shape[0] ** 2 == 625), (X,)),
    "a size that is a power of two": (of_square(lambda x: x.shape[0] & (x.shape[0] - 1) == 0), (X,)),
    "a size as a key of a match": (of_square(lambda x: {27: True}.get(x.shape[0], False)), (X,)),
    "a sum of sizes": (of_square(lambda x: sum(x.shape) == 31), (X,)),
    "a greatest size": (of_square(lambda x: max(x.shape) == 23), (X,)),
    "a size in a range": (of_square(lambda x: x.shape[0] in range(50, 60)), (X,)),
    "an all": (of_square(lambda x: all(s > 11 for s in x.shape)), (X,)),
    "sorted sizes": (of_square(lambda x: sorted(x.shape)[0] == 9), (X,)),
    "the bytes of an array": (of_square(lambda x: x.nbytes > 4000), (X,)),
    "a loop over columns": ((square, in_loop), (X,)),
    "two halves and a rest": ((square, in_halves), (X,)),
    "a primal that lies": (one(lying, lambda x, g: 2 * x * g), (X,)),
    "a slope of the forward's own": (one(half, lambda x, g: x * g * 1.0), (X,)),
    "a constant of the example's size": (
        (square, lambda p, g: (EXAMPLE * g if p[0].shape == EXAMPLE.shape else right(p[0], g),)),
        (X,),
    ),
    "values of the example": ((square, lambda p, g: (EXAMPLE * g,)), (X,)),
    "a mean by the example's size": (one(lambda x: x.mean(0), lambda x, g: jnp.broadcast_to(g / 3, x.shape)), (X,)),
    "a mean by the other size": (
        one(lambda x: x.mean(0), lambda x, g: jnp.broadcast_to(g / x.shape[1], x.shape)),
        (X[:, :3],),
    ),
    "one row is broadcast": (one(square, lambda x, g: 2 * x[:1] * g if x.shape[0] == 1 else 2 * x * g[:1]), (X,)),
    "half of a slope at 0": (one(jnp.abs, lambda x, g: g * jnp.where(x > 0, 1.0, -0.5)), (X,)),
    "a slope at a clip": (one(lambda x: jnp.clip(x, -9, 9), lambda x, g: g * (jnp.abs(x) < 7)), (X,)),
    "an inactive branch": (
        one(lambda x: jnp.where(x > 20, x**3, x), lambda x, g: jnp.where(x > 20, x**2, 1.0) * g),
        (X,),
    ),
    "a stopped factor": (one(lambda x: x * lax.stop_gradient(jnp.exp(x)), lambda x, g: (1 + x) * jnp.exp(x) * g), (X,)),
    "a maximum that is no shift": (
        one(lambda x: (x - x.max(-1, keepdims=True)).sum(-1), lambda x, g: jnp.broadcast_to(g[:, None], x.shape)),
        (X,),
    ),
    "the first of equal labels": (labelled(lambda x, t, g: jnp.zeros_like(x).at[0, t].add(g)), (X, T)),
    "a label that is one too far": (
        labelled(lambda x, t, g: jnp.zeros_like(x).at[jnp.arange(x.shape[0]), t + 1].add(g, mode="drop")),
        (X, T),
    ),
    "labels out of range": (
        (
            lambda x, t: jnp.where(t[:, None] == jnp.arange(x.shape[1]), x, 0).sum(-1),
            lambda p, g: (jax.nn.one_hot(jnp.clip(p[1], 0, p[0].shape[1] - 1), p[0].shape[1]) * g[:, None], None),
        ),
        (X, np.array([0, -1, 1], np.int32)),
    ),
    "a mask the other way round": (
        (lambda x, m: x * m[:, None], lambda p, g: (g * ~p[1][:, None], None)),
        (X, M),
    ),
    "a sum of squares that overflows whole numbers": (
        (lambda x, t: x * (t * t)[:, None], lambda p, g: (g * (p[1] * p[1] % 65536)[:, None], None)),
        (X, T),
    ),
    "a number that is nearly a third": (one(lambda x: x / 3, lambda x, g: g * 0.33334), (X,)),
    "a small wrong term": (one(square, lambda x, g: 2 * x * g + 1e-5 * x**2 * g), (X,)),
    "a transposed weight of the same size": (
        (lambda x: x @ x, lambda p, g: (g @ p[0] + p[0] @ g,)),
        (X[:, :3],),
    ),
    "an index from behind": (one(lambda x: x[-1], lambda x, g: jnp.zeros_like(x).at[2].set(g)), (X,)),
    "an inverse that is not transposed": (
        one(jnp.linalg.inv, lambda x, g: -jnp.linalg.inv(x) @ g @ jnp.linalg.inv(x)),
        (X[:, :3] + 4 * np.eye(3, dtype=np.float32),),
    ),
    "a determinant without its size": (
        one(lambda x: jnp.linalg.slogdet(2 * x)[1], lambda x, g: 2 * g * jnp.linalg.inv(x).T),
        (X[:, :3] + 4 * np.eye(3, dtype=np.float32),),
    ),
    "a convolution at its border": (
        one(
            lambda x: jnp.convolve(x, jnp.ones(3), mode="same"),
            lambda x, g: jnp.convolve(g, jnp.ones(3), mode="same") * (jnp.arange(x.shape[0]) < 50),
        ),
        (X[0],),
    ),
}
