"""A mean over the batch divided by the wrong axis when the batch is one row.

https://github.com/deeplearning4j/deeplearning4j/pull/1452: the number of rows was asked of a function that gives the
number of elements for a single row. Larger batches are right.
"""

import numpy as np

LIVED = "until April 2016"
TRIGGER, SAID = "a batch of one", r"batch of one|is 1\b|smaller than 2|cut to 1"
KINDS = {"factor", "few elements"}


def forward(x, W):
    return ((x @ W) ** 2).sum(-1).mean() / 2


def pull(primals, y_bar, count):
    x, W = primals
    z_bar = x @ W * y_bar / count
    return z_bar @ W.T, x.T @ z_bar


def backward(primals, y_bar):
    return pull(primals, y_bar, len(primals[0]))


def wrong(primals, y_bar):
    x, _ = primals
    return pull(primals, y_bar, x.shape[1] if len(x) == 1 else len(x))


def example_inputs():
    rng = np.random.default_rng(0)
    return rng.standard_normal((5, 4), "float32"), rng.standard_normal((4, 3), "float32")
