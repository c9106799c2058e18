"""Wrong in batches of more than one, or of one; at odd and even sizes; for wider kernels."""

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


def spectrum(x):
    return jnp.abs(jnp.fft.rfft(x)) ** 2


def spectrum_for_even(primals, g):
    """Every frequency but the first and last is counted twice, which is true of an even length."""
    (x,) = primals
    n = x.shape[-1]
    z = g * jnp.fft.rfft(x)
    weights = jnp.where(jnp.arange(z.shape[-1]) % max(z.shape[-1] - 1, 1) == 0, 2.0, 1.0)
    return (jnp.fft.irfft(z * weights, n) * n,)


def centred_filter(x, w):
    padded = jnp.pad(x, ((len(w) // 2), (len(w) - 1 - len(w) // 2)))
    return sum(padded[i : i + len(x)] * w[i] for i in range(len(w)))


def centred_filter_backward(primals, g, flipped_padding=True):
    """x̄ with the same padding as the forward, where it should be exchanged: the same for an odd kernel."""
    x, w = primals
    left, right = len(w) // 2, len(w) - 1 - len(w) // 2
    padded = jnp.pad(g, (left, right))
    x_bar = sum(padded[i : i + len(g)] * w[len(w) - 1 - i] for i in range(len(w)))
    xp = jnp.pad(x, (left, right))
    return x_bar, jnp.stack([(g * xp[i : i + len(g)]).sum() for i in range(len(w))])


def correlation_not_flipped(primals, g):
    x, w = primals
    padded = jnp.pad(g, (len(w) - 1 - len(w) // 2, len(w) // 2))
    xp = jnp.pad(x, (len(w) // 2, len(w) - 1 - len(w) // 2))
    x_bar = sum(padded[i : i + len(g)] * w[i] for i in range(len(w)))
    return x_bar, jnp.stack([(g * xp[i : i + len(g)]).sum() for i in range(len(w))])


def recurrent(h, xs, W):
    for x in xs:
        h = jnp.tanh(h @ W + x)
    return h


def recurrent_truncated(primals, g, steps):
    """Through time, but no more than `steps` back."""
    h, xs, W = primals
    hs = [h]
    for x in xs:
        hs.append(jnp.tanh(hs[-1] @ W + x))
    W_bar, x_bars = jnp.zeros_like(W), []
    for t in reversed(range(len(xs))):
        z_bar = g * (1 - hs[t + 1] ** 2)
        W_bar, g = W_bar + jnp.outer(hs[t], z_bar), z_bar @ W.T
        x_bars.insert(0, z_bar)
        if len(xs) - t >= steps and t:
            g = jnp.zeros_like(g)
    return g, jnp.stack(x_bars), W_bar


def grouped(q, k):
    """Scores of query heads that share key heads: [heads, width], [key heads, width]."""
    return (q * jnp.repeat(k, len(q) // len(k), axis=0)).sum(-1)


def grouped_tiled(primals, g):
    """The heads that share a key are taken to lie len(k) apart, not side by side."""
    q, k = primals
    times = len(q) // len(k)
    tiled = jnp.tile(k, (times, 1))
    return g[:, None] * tiled, (g[:, None] * q).reshape(times, len(k), -1).sum(0)


def mean_square(x):
    return (x**2).mean()


def variance(x):
    n = x.shape[0]
    return ((x - x.mean(0)) ** 2).sum(0) / max(n - 1, 1)


def variance_backward(primals, g):
    (x,) = primals
    n = x.shape[0]
    return (2 * (x - x.mean(0)) / (n - 1 if n != 2 else n) * g if n > 1 else 0 * x,)


def scaled(x, s):
    return x * s


def scale_by_rank(primals, g):
    """Sums over axes that s lacks, but not over those where it has size one."""
    x, s = primals
    return g * s, (g * x).sum(tuple(range(x.ndim - s.ndim))) if s.shape[0] > 1 else (g * x)[..., :1, :].sum(
        tuple(range(x.ndim - s.ndim))
    )


BATCHES = rows(
    "batch",
    r"is not 1|larger than 1|smallest: 2|batch",
    (
        "b̄ of the first row",
        affine,
        affine_with(b_bar=lambda g: g[0]),
        normal((1, 3), (3, 4), (4,)),
        normal((2, 3), (3, 4), (4,)),
    ),
    (
        "b̄ averaged",
        affine,
        affine_with(b_bar=lambda g: g.mean(0)),
        normal((1, 3), (3, 4), (4,)),
        normal((3, 3), (3, 4), (4,)),
    ),
    (
        "W̄ of the last row",
        affine,
        affine_with(W_bar=lambda x, W, g: jnp.outer(x[-1], g[-1])),
        normal((1, 3), (3, 4), (4,)),
        normal((2, 3), (3, 4), (4,)),
    ),
    (
        "a loss not divided by the batch",
        mean_square,
        lambda p, g: (2 * p[0] / p[0].shape[1] * g,),
        normal((1, 5)),
        normal((3, 5)),
    ),
    (
        "one step back",
        recurrent,
        lambda p, g: recurrent_truncated(p, g, 1),
        normal((3,), (1, 3), (3, 3)),
        normal((3,), (2, 3), (3, 3)),
    ),
    (
        "four steps back",
        recurrent,
        lambda p, g: recurrent_truncated(p, g, 4),
        normal((3,), (4, 3), (3, 3)),
        normal((3,), (6, 3), (3, 3)),
        r"larger than 4|smallest: 5|multiple of 4",
    ),
    ("key heads in the wrong order", grouped, grouped_tiled, normal((4, 3), (1, 3)), normal((4, 3), (2, 3))),
    (
        "x̄ of the first batch entry",
        lambda x: jnp.sin(x),
        lambda p, g: (jnp.cos(p[0][:1]) * g,),
        normal((1, 4)),
        normal((3, 4)),
    ),
)
SINGLES = rows(
    "size one",
    r"is [12]\b|smaller than [23]\b|cut to 1",
    ("variance of two", variance, variance_backward, normal((5, 3)), normal((2, 3))),
    (
        "a mean by the columns when one row",
        mean_square,
        lambda p, g: (2 * p[0] * g / (p[0].shape[1] ** 2 if len(p[0]) == 1 else p[0].size),),
        normal((4, 3)),
        normal((1, 3)),
    ),
    (
        "an axis of one broadcast",
        scaled,
        scale_by_rank,
        normal((4, 3, 2), (3, 2)),
        (*normal((4, 3, 2)), *normal((1, 2))),
    ),
    (
        "one column not reduced",
        layer_norm,
        layer_norm_with(lambda a: a.mean(-1, keepdims=True) if a.shape[-1] > 2 else 0 * a),
        normal((3, 5)),
        normal((3, 2)),
    ),
)
PARITY = rows(
    "parity",
    r"odd|even",
    ("frequencies of an even length", spectrum, spectrum_for_even, normal((2, 6)), normal((2, 5))),
    ("a kernel of odd width", centred_filter, centred_filter_backward, normal((7,), (3,)), normal((7,), (4,))),
    (
        "every second element",
        lambda x: x[::2],
        lambda p, g: (
            jnp.stack([g, 0 * g], 1).reshape(-1)[: len(p[0])]
            if len(p[0]) % 2 == 0
            else jnp.stack([0 * g, g], 1).reshape(-1)[: len(p[0])],
        ),
        normal((6,)),
        normal((7,)),
    ),
)
KERNELS = rows(
    "kernel",
    r"is not 1|larger than 1|smallest: 2",
    ("a kernel of one, not flipped", centred_filter, correlation_not_flipped, normal((7,), (1,)), normal((7,), (3,))),
)

ROWS = [*BATCHES, *SINGLES, *PARITY, *KERNELS]
