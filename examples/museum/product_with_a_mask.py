"""A product with a broadcast factor whose gradient keeps the large shape.

https://github.com/tenstorrent/tt-metal/issues/40008: [B, T, H] times [B, T, 1]. The sum over the broadcast axis is
missing.
"""

import numpy as np

LIVED = "unknown"
TRIGGER, SAID = "", ""
KINDS = {"missing sum", "shape"}


def forward(h, mask):
    return h * mask


def backward(primals, y_bar):
    h, mask = primals
    return y_bar * mask, (y_bar * h).sum(-1, keepdims=True)


def wrong(primals, y_bar):
    h, mask = primals
    return y_bar * mask, y_bar * h


def example_inputs():
    rng = np.random.default_rng(0)
    return rng.standard_normal((2, 4, 6), "float32"), rng.standard_normal((2, 4, 1), "float32")
