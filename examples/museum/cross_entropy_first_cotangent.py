"""Linear layer and cross-entropy in one, without a mean: W̄ uses the first row's cotangent for all rows.

https://github.com/linkedin/Liger-Kernel/pull/1298: the fused kernel computes W̄ in the forward, for a cotangent of
one, and multiplies by ȳ[0] in the backward. With a mean there is only one ȳ, and it is right.
"""

import jax
import jax.numpy as jnp
import numpy as np

LIVED = "699 days"
TRIGGER, SAID = "a cotangent that is not constant", r"ȳ\[0\]|first|cotangent"
KINDS = {"one cotangent", "missing sum", "wrong residual", "cotangent", "first row"}


def forward(x, W, labels):
    return -jnp.take_along_axis(jax.nn.log_softmax(x @ W), labels[:, None], axis=-1)[:, 0]


def pull(primals, y_bar, weight_y_bar):
    x, W, labels = primals
    p = jax.nn.softmax(x @ W)
    logits_bar = p - jax.nn.one_hot(labels, W.shape[1], dtype=p.dtype)
    return (logits_bar * y_bar[:, None]) @ W.T, x.T @ (logits_bar * weight_y_bar), None


def backward(primals, y_bar):
    return pull(primals, y_bar, y_bar[:, None])


def wrong(primals, y_bar):
    return pull(primals, y_bar, y_bar[0])


def example_inputs():
    rng = np.random.default_rng(0)
    return rng.standard_normal((5, 4), "float32"), rng.standard_normal((4, 3), "float32"), rng.integers(0, 3, 5)
