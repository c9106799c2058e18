"""Softmax with cross-entropy that leaves a gradient in rows whose label is to be ignored.

https://github.com/PaddlePaddle/Paddle/pull/28622: the loss of such a row is 0, its gradient was p.
"""

import jax
import jax.numpy as jnp
import numpy as np

LIVED = "unknown"
TRIGGER, SAID = "a label that is ignored", r"label|ignore|integer|mask|negative"
KINDS = {"mask", "few elements", "missing factor"}
IGNORED = -1


def forward(z, labels):
    kept = labels != IGNORED
    chosen = jnp.take_along_axis(jax.nn.log_softmax(z), jnp.where(kept, labels, 0)[:, None], axis=-1)[:, 0]
    return -jnp.where(kept, chosen, 0).sum()


def wrong(primals, y_bar):
    z, labels = primals
    onehot = (labels[:, None] == jnp.arange(z.shape[-1])).astype(z.dtype)
    return (jax.nn.softmax(z) - onehot) * y_bar, None


def backward(primals, y_bar):
    z_bar, _ = wrong(primals, y_bar)
    return jnp.where((primals[1] != IGNORED)[:, None], z_bar, 0), None


def example_inputs():
    rng = np.random.default_rng(0)
    return rng.standard_normal((4, 5), "float32"), rng.integers(0, 5, 4)
