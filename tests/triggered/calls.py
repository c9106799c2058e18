"""Wrong in some calls: races, memories, counters. All in NumPy, as JAX would fix one call's outcome in a program."""

import itertools

import numpy as np
from triggered.case import Triggered, normal


def forward(x, W):
    return np.tanh(np.asarray(x) @ np.asarray(W))


def right(primals, g):
    x, W = (np.asarray(a) for a in primals)
    z_bar = np.asarray(g) * (1 - forward(x, W) ** 2)
    return z_bar @ W.T, x.T @ z_bar


def sometimes(wrong, period, first=0):
    """Each `period`-th call, counted from `first`."""
    calls = itertools.count(1)

    def backward(primals, g):
        number = next(calls)
        x_bar, W_bar = right(primals, g)
        return (x_bar, wrong(W_bar)) if number > first and number % period == 0 else (x_bar, W_bar)

    return backward


def remembering(of):
    """What `of` names is computed for the first primals and kept for all."""
    kept = {}

    def backward(primals, g):
        x, W = (np.asarray(a) for a in primals)
        key = of(x, W)
        if key not in kept:
            kept[key] = 1 - forward(x, W) ** 2
        z_bar = np.asarray(g) * kept[key]
        return z_bar @ W.T, x.T @ z_bar

    return backward


def adding():
    """The gradient is added to what the last call left."""
    buffers = {}

    def backward(primals, g):
        x_bar, W_bar = right(primals, g)
        buffers[W_bar.shape] = buffers.get(W_bar.shape, 0) + W_bar
        return x_bar, buffers[W_bar.shape].copy()

    return backward


def drawing():
    rng = np.random.default_rng(0)

    def backward(primals, g):
        x_bar, W_bar = right(primals, g)
        return x_bar * (1 + 1e-2 * rng.standard_normal()), W_bar

    return backward


def overwriting(primals, g):
    """ȳ is worked on in place."""
    x, W = (np.asarray(a) for a in primals)
    np.multiply(g, 1 - forward(x, W) ** 2, out=g)
    return g @ W.T, x.T @ g


def zero_row(W_bar):
    W_bar = W_bar.copy()
    W_bar[0] = 0
    return W_bar


SAID = r"call|determin|again|second|state|differ|race"
primals = normal((4, 3), (3, 2))
ROWS = [
    Triggered("a row lost in one of 100 calls", "calls", SAID, forward, sometimes(zero_row, 100), primals),
    Triggered("NaN in one of 100 calls", "calls", SAID, forward, sometimes(lambda a: a * np.nan, 100), primals),
    Triggered("doubled in one of 100 calls", "calls", SAID, forward, sometimes(lambda a: 2 * a, 100), primals),
    Triggered("a row lost in every third call", "calls", SAID, forward, sometimes(zero_row, 3), primals),
    Triggered("a row lost from the second call on", "calls", SAID, forward, sometimes(zero_row, 1, first=1), primals),
    Triggered(
        "a residual kept from the first call",
        "calls",
        SAID + r"|primal|flipped|only",
        forward,
        remembering(lambda x, W: (x.shape, W.shape, x.dtype)),
        primals,
    ),
    Triggered("gradients added up", "calls", SAID, forward, adding(), primals),
    Triggered("noise of its own", "calls", SAID, forward, drawing(), primals),
    Triggered("ȳ overwritten", "calls", SAID + r"|overwrit|in place|read-only|modif", forward, overwriting, primals),
]
