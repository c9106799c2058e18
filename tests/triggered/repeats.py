"""Wrong where values tie, where an index occurs twice, at the first and last index."""

import jax
import jax.numpy as jnp
import numpy as np
from triggered.case import normal, rows


def tied(*shape, seed=0):
    return (np.round(normal(shape, seed=seed)[0]),)


def everywhere_at_largest(primals, g):
    (x,) = primals
    return ((x == x.max(-1, keepdims=True)) * g[..., None],)


def everywhere_at_smallest(primals, g):
    (x,) = primals
    return (jnp.where(x == x.min(-1, keepdims=True), g[..., None], 0),)


def larger(a, b):
    return jnp.maximum(a, b)


def larger_to_both(primals, g):
    a, b = primals
    return jnp.where(a >= b, g, 0), jnp.where(b >= a, g, 0)


def sorted_rows(x):
    return jnp.sort(x, axis=-1)


def sorted_by_rank(primals, g):
    """The place of x is how many are smaller: equal ones share a place."""
    (x,) = primals
    place = (x[..., None] > x[..., None, :]).sum(-1)
    return (jnp.take_along_axis(g, place, axis=-1),)


def pool(x):
    return x.reshape(len(x), -1, 2).max(-1)


def pool_by_equality(primals, g):
    (x,) = primals
    y = jnp.repeat(pool(x), 2, axis=1)
    return (jnp.where(x == y, jnp.repeat(g, 2, axis=1), 0),)


def distance(a, b):
    return jnp.abs(a - b).sum(-1)


def distance_backward(primals, g):
    """Twice the sign wherever a is not smaller, equal or not."""
    a, b = primals
    slope = jnp.where(a > b, 1.0, jnp.where(a < b, -1.0, 2.0)) * g[..., None]
    return slope, -slope


def embed(table, ids):
    return table[ids]


def scatter(x, ids):
    return jnp.zeros((6, x.shape[1]), x.dtype).at[ids].add(x)


def scatter_divided(primals, g):
    """As if several that meet were averaged."""
    _, ids = primals
    count = jnp.zeros(6, g.dtype).at[ids].add(1)
    return (g / jnp.maximum(count, 1)[:, None])[ids], None


def embed_overwritten(primals, g):
    table, ids = primals
    return jnp.zeros_like(table).at[ids].set(g), None


def embed_first_kept(primals, g):
    table, ids = primals
    earlier = ((ids[:, None] == ids) & (jnp.arange(len(ids)) < jnp.arange(len(ids))[:, None])).any(1)
    return jnp.zeros_like(table).at[ids].add(jnp.where(earlier[:, None], 0, g)), None


def embed_zero_is_padding(primals, g):
    table, ids = primals
    return jnp.zeros_like(table).at[ids].add(jnp.where((ids == 0)[:, None], 0, g)), None


def embed_last_lost(primals, g):
    table, ids = primals
    return jnp.zeros_like(table).at[ids].add(jnp.where((ids == len(table) - 1)[:, None], 0, g)), None


def cross_entropy(z, labels):
    return -jnp.take_along_axis(jax.nn.log_softmax(z), labels[:, None], axis=1).sum()


def cross_entropy_with(onehot):
    def backward(primals, g):
        z, labels = primals
        return (jax.nn.softmax(z) - onehot(labels, z.shape[1])) * g, None

    return backward


def onehot(labels, n):
    return jax.nn.one_hot(labels, n)


x45, positive = normal((4, 5)), (np.abs(normal((4, 5))[0]) + 0.1,)
table = normal((6, 3))
TIES = rows(
    "ties",
    r"tie|equal|shared maximum|duplicat",
    ("a maximum to each", lambda x: x.max(-1), everywhere_at_largest, x45, tied(4, 5)),
    ("a minimum to each", lambda x: x.min(-1), everywhere_at_smallest, x45, tied(4, 5)),
    ("the larger to both", larger, larger_to_both, normal((5,), (5,)), (np.ones(5, "float32"), np.ones(5, "float32"))),
    ("sorting by rank", sorted_rows, sorted_by_rank, normal((3, 4)), (np.zeros((3, 4), "float32"),)),
    ("pooling by equality", pool, pool_by_equality, normal((3, 6)), (np.zeros((3, 6), "float32"),)),
    (
        "a distance between equals",
        distance,
        distance_backward,
        normal((4, 3), (4, 3)),
        (np.ones((4, 3), "float32"),) * 2,
    ),
)
DUPLICATES = rows(
    "duplicates",
    r"repeat|duplicat|twice|occur|equal indices",
    (
        "an embedding overwritten",
        embed,
        embed_overwritten,
        (*table, np.array([1, 4, 0])),
        (*table, np.array([1, 1, 0])),
    ),
    (
        "an embedding's first kept",
        embed,
        embed_first_kept,
        (*table, np.array([5, 2, 3])),
        (*table, np.array([2, 2, 3])),
    ),
    (
        "scattering averaged",
        scatter,
        scatter_divided,
        (*normal((3, 2)), np.array([5, 0, 2])),
        (*normal((3, 2)), np.array([5, 5, 2])),
    ),
    (
        "attention values overwritten",
        lambda v, ids: v[ids].sum(1),
        lambda p, g: (
            jnp.zeros_like(p[0]).at[p[1]].set(jnp.broadcast_to(g[:, None], (*p[1].shape, g.shape[-1]))),
            None,
        ),
        (*table, np.array([[0, 1], [2, 3]])),
        (*table, np.array([[0, 1], [1, 3]])),
    ),
)
INTEGERS = rows(
    "integers",
    r"integer|index|indices|label|class|= 0|0\b|last|largest|smallest",
    (
        "zero taken for padding",
        embed,
        embed_zero_is_padding,
        (*table, np.array([1, 4, 2])),
        (*table, np.array([1, 0, 2])),
    ),
    ("the last entry lost", embed, embed_last_lost, (*table, np.array([1, 4, 2])), (*table, np.array([1, 5, 2]))),
    (
        "labels of the last class",
        cross_entropy,
        cross_entropy_with(lambda l, n: jnp.where((l == n - 1)[:, None], 0, onehot(l, n))),
        (*x45, np.array([0, 1, 2, 3])),
        (*x45, np.array([0, 4, 2, 3])),
    ),
    (
        "label zero ignored",
        cross_entropy,
        cross_entropy_with(lambda l, n: jnp.where((l == 0)[:, None], 0, onehot(l, n))),
        (*x45, np.array([4, 1, 2, 3])),
        (*x45, np.array([0, 4, 2, 3])),
    ),
    (
        "labels below four",
        cross_entropy,
        cross_entropy_with(lambda l, n: onehot(l % 4, n)),
        (*x45, np.array([0, 1, 2, 3])),
        (*x45, np.array([4, 1, 2, 3])),
    ),
)

ROWS = [*TIES, *DUPLICATES, *INTEGERS]
