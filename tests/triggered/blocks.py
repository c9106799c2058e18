"""Wrong where a size is no multiple of a block, or more than one."""

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


def full_blocks(a, size):
    """What a loop over whole blocks sees; a single short block is seen too."""
    return a[: max(len(a) // size * size, min(len(a), size))]


def last_block_again(g, size=4):
    """The last block is moved back to fit, so that some rows are added twice."""
    n = len(g)
    if n <= size:
        return g.sum(0)
    starts = [min(start, n - size) for start in range(0, n, size)]
    return sum(g[start : start + size].sum(0) for start in starts)


def padded_rows(g, size=4):
    """The last block is filled with copies of the last row."""
    missing = -len(g) % size
    return jnp.concatenate([g, jnp.repeat(g[-1:], missing, axis=0)]).sum(0)


def cumulative_in_chunks(primals, g, size=4, carried=False):
    """Σⱼ≥ᵢ ȳⱼ, chunk by chunk; what later chunks hold must be carried over."""
    parts, later = [], jnp.zeros_like(g[:1])
    for start in reversed(range(0, len(g), size)):
        part = jnp.cumsum(g[start : start + size][::-1], axis=0)[::-1] + later
        parts.insert(0, part)
        later = part[:1] if carried else later
    return (jnp.concatenate(parts) if parts else g,)


def softmax_columns(primals, g, size=4):
    """Σ y ȳ over the first block of columns only."""
    y = jax.nn.softmax(primals[0])
    return (y * (g - (y * g)[:, :size].sum(-1, keepdims=True)),)


BLOCKS = rows(
    "block",
    r"multiple of 4",
    (
        "b̄ of whole blocks",
        affine,
        affine_with(b_bar=lambda g: full_blocks(g, 4).sum(0)),
        normal((8, 3), (3, 5), (5,)),
        normal((10, 3), (3, 5), (5,)),
    ),
    (
        "W̄ of whole blocks",
        affine,
        affine_with(W_bar=lambda x, W, g: full_blocks(x, 4).T @ full_blocks(g, 4)),
        normal((8, 3), (3, 5), (5,)),
        normal((9, 3), (3, 5), (5,)),
    ),
    (
        "the last block again",
        affine,
        affine_with(b_bar=last_block_again),
        normal((8, 3), (3, 5), (5,)),
        normal((6, 3), (3, 5), (5,)),
    ),
    (
        "padding with the last row",
        affine,
        affine_with(b_bar=padded_rows),
        normal((4, 3), (3, 5), (5,)),
        normal((6, 3), (3, 5), (5,)),
    ),
    (
        "rows of whole blocks of 8",
        lambda x: x**2,
        lambda p, g: (2 * p[0] * jnp.where((jnp.arange(len(g)) < max(len(g) // 8 * 8, 8))[:, None], g, 0),),
        normal((16, 3)),
        normal((17, 3)),
        r"multiple of 8",
    ),
    (
        "columns in pairs",
        lambda x: jnp.sin(x),
        lambda p, g: (jnp.cos(p[0]) * jnp.where(jnp.arange(g.shape[1]) < g.shape[1] // 2 * 2, g, 0),),
        normal((3, 6)),
        normal((3, 5)),
        r"is odd",
    ),
    (
        "columns in threes",
        lambda x: jnp.sin(x),
        lambda p, g: (
            jnp.cos(p[0]) * jnp.where(jnp.arange(g.shape[1]) < max(g.shape[1] // 3 * 3, min(g.shape[1], 3)), g, 0),
        ),
        normal((3, 6)),
        normal((3, 5)),
        r"multiple of 3",
    ),
    (
        "rows beyond 32",
        lambda x: x**3,
        lambda p, g: (3 * p[0] ** 2 * jnp.where((jnp.arange(len(g)) < 32)[:, None], g, 0),),
        normal((4, 2)),
        normal((33, 2)),
        r"larger than 32|is 33|smallest: 33|multiple of 32",
    ),
    (
        "rows beyond 128",
        lambda x: jnp.tanh(x),
        lambda p, g: ((1 - jnp.tanh(p[0]) ** 2) * jnp.where(jnp.arange(len(g)) < 128, g, 0),),
        normal((16,)),
        normal((129,)),
        r"larger than 128|is 129|smallest: 129|multiple of 128",
    ),
    (
        "a sum of the first block of columns",
        jax.nn.softmax,
        softmax_columns,
        normal((3, 4)),
        normal((3, 7)),
        r"multiple of 4|larger than 4|smallest: 5",
    ),
    (
        "chunks without their carry",
        lambda x: jnp.cumsum(x, axis=0),
        cumulative_in_chunks,
        normal((4, 2)),
        normal((9, 2)),
        r"multiple of 4|larger than 4|smallest: 5",
    ),
)

ROWS = BLOCKS
