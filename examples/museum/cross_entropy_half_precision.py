"""Cross-entropy that subtracts the one at the label after p has been rounded to bfloat16.

https://github.com/linkedin/Liger-Kernel/pull/1329: p − 1 at a confident label is then 0 or a multiple of 2⁻⁸, where
the true value is small and known to three digits.
"""

import jax
import jax.numpy as jnp
import ml_dtypes
import numpy as np

LIVED = "6 and 97 days"
TRIGGER, SAID = "half precision and a confident row", r"round|precision|cancel|bfloat16|float16"
KINDS = {"dtype", "precision", "few elements"}


def forward(z, labels):
    chosen = jnp.take_along_axis(jax.nn.log_softmax(z.astype(jnp.float32)), labels[:, None], axis=-1)
    return -chosen.sum()


def backward(primals, y_bar):
    z, labels = primals
    exact = z.astype(jnp.promote_types(z.dtype, jnp.float32))
    others = jax.nn.one_hot(labels, z.shape[-1], dtype=exact.dtype)
    p = jax.nn.softmax(exact)
    at_label = -(p * (1 - others)).sum(-1, keepdims=True)
    return (jnp.where(others == 1, at_label, p) * y_bar).astype(z.dtype), None


def wrong(primals, y_bar):
    z, labels = primals
    p = jax.nn.softmax(z.astype(jnp.promote_types(z.dtype, jnp.float32))).astype(z.dtype)
    return (p - jax.nn.one_hot(labels, z.shape[-1], dtype=z.dtype)) * y_bar.astype(z.dtype), None


def example_inputs():
    rng = np.random.default_rng(0)
    return rng.standard_normal((4, 5)).astype(ml_dtypes.bfloat16), rng.integers(0, 5, 4)
