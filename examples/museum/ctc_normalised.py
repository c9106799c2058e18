"""A loss of log-probabilities whose backward already contains the softmax before it.

https://github.com/pytorch/pytorch/issues/52241: CTC loss takes log-probabilities, but returns exp(l) − posterior, the
gradient for the logits. After a log-softmax the two give the same, so that most users never see it. Here with one
label a row.
"""

import jax.numpy as jnp
import numpy as np

LIVED = "open since 2021"
TRIGGER, SAID = "", ""
KINDS = {"extra term"}


def forward(log_p, labels):
    return -jnp.take_along_axis(log_p, labels[:, None], axis=-1).sum()


def backward(primals, y_bar):
    log_p, labels = primals
    return -(labels[:, None] == jnp.arange(log_p.shape[-1])).astype(log_p.dtype) * y_bar, None


def wrong(primals, y_bar):
    (log_p_bar, _) = backward(primals, y_bar)
    return jnp.exp(primals[0]) * y_bar + log_p_bar, None


def example_inputs():
    rng = np.random.default_rng(0)
    z = rng.standard_normal((4, 5))
    return (z - np.log(np.exp(z).sum(-1, keepdims=True))).astype("float32"), rng.integers(0, 5, 4)
