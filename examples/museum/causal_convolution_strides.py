"""A causal convolution that reads its cotangent in the order of memory.

https://github.com/fla-org/flash-linear-attention/pull/871: the kernel assumes that ȳ is laid out row by row. After a
transposition in the network above it is not.
"""

import numpy as np

LIVED = "98 days"
TRIGGER, SAID = "a cotangent that is not contiguous", r"contiguous|stride|memory|layout|order"
KINDS = {"not contiguous", "permuted", "inconsistent", "not deterministic", "cotangent"}


def forward(x, w):
    x, w = np.asarray(x), np.asarray(w)
    padded = np.concatenate([np.zeros_like(x[: len(w) - 1]), x])
    return sum(padded[i : i + len(x)] * w[i] for i in range(len(w)))


def backward(primals, y_bar):
    x, w = (np.asarray(a) for a in primals)
    y_bar, n = np.asarray(y_bar), len(x)
    padded_bar = np.zeros((n + len(w) - 1, x.shape[1]), x.dtype)
    padded = np.concatenate([np.zeros_like(x[: len(w) - 1]), x])
    for i in range(len(w)):
        padded_bar[i : i + n] += y_bar * w[i]
    return padded_bar[len(w) - 1 :], np.stack([(y_bar * padded[i : i + n]).sum(0) for i in range(len(w))])


def wrong(primals, y_bar):
    y_bar = np.asarray(y_bar)
    return backward(primals, y_bar.ravel(order="K").reshape(y_bar.shape))


def example_inputs():
    rng = np.random.default_rng(0)
    return rng.standard_normal((5, 4), "float32"), rng.standard_normal((3, 4), "float32")
