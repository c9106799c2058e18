"""Indices and masks: embeddings, gathering, scattering, segments, sorting, the k largest, padding, experts."""

import jax
import jax.numpy as jnp
import numpy as np
from right.case import custom, halves, normal, pair


def embed(table, ids):
    return table[ids]


def embed_fwd(table, ids):
    return table[ids], (table.shape, ids)


def embed_bwd(saved, g):
    shape, ids = saved
    return jnp.zeros(shape, g.dtype).at[ids].add(g), None


def padded_embedding(table, ids):
    """Entry 0 is padding: it reads as zero."""
    return jnp.where((ids == 0)[:, None], 0, table[ids])


def padded_embedding_backward(primals, g):
    table, ids = primals
    table_bar = np.zeros_like(np.asarray(table))
    np.add.at(table_bar, np.asarray(ids), np.asarray(g))
    table_bar[0] = 0
    return table_bar, None


def bag(table, ids):
    """The mean of the entries of each bag."""
    return table[ids].mean(1)


def bag_by_sorting(primals, g):
    """Equal ids are brought together and added as segments."""
    table, ids = primals
    flat = ids.reshape(-1)
    order = jnp.argsort(flat)
    parts = jnp.repeat(g / ids.shape[1], ids.shape[1], axis=0)[order]
    return jax.ops.segment_sum(parts, flat[order], num_segments=len(table)), None


def tied(E, ids):
    """The same matrix reads in and writes out."""
    return jnp.tanh(E[ids]) @ E.T


def tied_backward(primals, g):
    E, ids = primals
    h = jnp.tanh(E[ids])
    h_bar = g @ E * (1 - h**2)
    return (g.T @ h).at[ids].add(h_bar), None


def segment_mean(x, ids):
    total = jax.ops.segment_sum(x, ids, num_segments=4)
    return total / jnp.maximum(jnp.bincount(ids, length=4), 1)[:, None]


def segment_mean_backward(primals, g):
    _, ids = primals
    return (g / jnp.maximum(jnp.bincount(ids, length=4), 1)[:, None])[ids], None


def segment_softmax(z, ids):
    """Softmax within each group of rows, as over the edges of a graph."""
    e = jnp.exp(z - jax.ops.segment_max(z, ids, num_segments=4)[ids])
    return e / jax.ops.segment_sum(e, ids, num_segments=4)[ids]


def segment_softmax_backward(primals, g):
    z, ids = primals
    y = segment_softmax(z, ids)
    return y * (g - jax.ops.segment_sum(y * g, ids, num_segments=4)[ids]), None


def graph_convolution(x, W, senders, receivers):
    return jnp.zeros((len(x), W.shape[1]), x.dtype).at[receivers].add((x @ W)[senders])


def graph_convolution_backward(primals, g):
    x, W, senders, receivers = primals
    h_bar = jnp.zeros((len(x), W.shape[1]), x.dtype).at[senders].add(g[receivers])
    return h_bar @ W.T, x.T @ h_bar, None, None


def largest(x):
    """The three largest of each row, in falling order."""
    return jax.lax.top_k(x, 3)[0]


def largest_backward(primals, g):
    (x,) = primals
    places = jax.lax.top_k(x, 3)[1]
    return (jnp.zeros_like(x).at[jnp.arange(len(x))[:, None], places].set(g),)


def in_order(x):
    return jnp.sort(x, axis=-1)


def in_order_backward(primals, g):
    """By the inverse permutation."""
    order = jnp.argsort(primals[0], axis=-1)
    return (jnp.take_along_axis(g, jnp.argsort(order, axis=-1), axis=-1),)


def median(x):
    return jnp.sort(x, axis=-1)[..., (x.shape[-1] - 1) // 2]


def median_backward(primals, g):
    (x,) = primals
    at = jnp.argsort(x, axis=-1)[..., (x.shape[-1] - 1) // 2]
    return (jax.nn.one_hot(at, x.shape[-1], dtype=g.dtype) * g[..., None],)


def masked_mean(x, mask):
    return jnp.where(mask, x, 0).sum(-1) / jnp.maximum(mask.sum(-1), 1)


def masked_mean_backward(primals, g):
    _, mask = primals
    return mask * (g / jnp.maximum(mask.sum(-1), 1))[:, None], None


def dropout(x, keep):
    return jnp.where(keep, x / 0.8, 0)


def dropout_backward(primals, g):
    return jnp.where(primals[1], g / 0.8, 0), None


def routed(x, W, chosen):
    """Each row goes to one expert's matrix."""
    return jnp.einsum("ni,nij->nj", x, W[chosen])


def routed_backward(primals, g):
    """Expert by expert, with the others' rows masked."""
    x, W, chosen = primals
    x_bar, W_bars = jnp.zeros_like(x), []
    for e in range(W.shape[0]):
        mine = jnp.where((chosen == e)[:, None], g, 0)
        x_bar = x_bar + mine @ W[e].T
        W_bars.append(x.T @ mine)
    return x_bar, jnp.stack(W_bars), None


def paged(x, at):
    """A slice that begins at a place known at run time."""
    return jax.lax.dynamic_slice(x, (at, 0), (2, x.shape[1]))


def paged_backward(primals, g):
    x, at = primals
    return jax.lax.dynamic_update_slice(jnp.zeros_like(x), g, (at, 0)), None


def windows(x):
    return jnp.stack([x[i : i + 3] for i in range(len(x) - 2)])


def windows_backward(primals, g):
    x_bar = jnp.zeros_like(primals[0])
    for i in range(g.shape[0]):
        x_bar = x_bar.at[i : i + 3].add(g[i])
    return (x_bar,)


@jax.custom_vjp
def replaced(x, mask, value):
    """masked_fill; what the mask cuts off gathers in the value's cotangent."""
    return jnp.where(mask, value, x)


replaced.defvjp(
    lambda x, mask, value: (jnp.where(mask, value, x), mask),
    lambda mask, g: (jnp.where(mask, 0, g), None, jnp.where(mask, g, 0).sum()),
)

rng = np.random.default_rng(0)
segments = np.array([0, 0, 1, 3, 3, 3])
CASES = (
    halves("embedding", embed, embed_fwd, embed_bwd, normal((6, 3), ids=np.array([1, 4, 1, 0]))),
    pair(
        "embedding with padding, by np.add.at",
        padded_embedding,
        padded_embedding_backward,
        normal((6, 3), ids=np.array([1, 0, 1, 5])),
    ),
    pair("bags, by sorting", bag, bag_by_sorting, normal((6, 3), ids=rng.integers(0, 6, (4, 2)))),
    pair("tied embedding", tied, tied_backward, normal((6, 3), ids=np.array([1, 4, 1, 0]))),
    pair("mean of segments", segment_mean, segment_mean_backward, normal((6, 3), ids=segments)),
    pair("softmax of segments", segment_softmax, segment_softmax_backward, normal((6,), ids=segments)),
    pair(
        "graph convolution",
        graph_convolution,
        graph_convolution_backward,
        normal((4, 3), (3, 2), senders=np.array([0, 1, 2, 2, 3]), receivers=np.array([1, 1, 0, 3, 1])),
    ),
    pair("the three largest", largest, largest_backward, normal((3, 5))),
    pair("sorting", in_order, in_order_backward, normal((3, 5))),
    pair("median", median, median_backward, normal((3, 5))),
    pair("mean under a mask", masked_mean, masked_mean_backward, normal((4, 5), mask=rng.random((4, 5)) < 0.6)),
    pair(
        "dropout",
        dropout,
        dropout_backward,
        normal((4, 5), keep=rng.random((4, 5)) < 0.8),
    ),
    pair("one expert a row", routed, routed_backward, normal((5, 3), (3, 3, 2), chosen=rng.integers(0, 3, 5))),
    pair("a slice at run time", paged, paged_backward, normal((5, 3), at=np.array(1))),
    pair("overlapping windows", windows, windows_backward, normal((6,))),
    custom("masked fill", replaced, normal((4, 5), mask=rng.random((4, 5)) < 0.4, value=np.float32(0.5))),
)
