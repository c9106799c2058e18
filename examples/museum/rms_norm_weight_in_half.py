"""RMS norm whose weight's gradient is summed over the rows in bfloat16.

https://github.com/linkedin/Liger-Kernel/pull/950: each row's part was added to a buffer of the weight's own dtype.
After some hundred rows what is added is smaller than what the sum can hold.
"""

import jax
import jax.numpy as jnp
import ml_dtypes
import numpy as np

LIVED = "187 days"
TRIGGER, SAID = "many rows in half precision", r"accumulat|summed in"
KINDS = {"dtype", "precision", "accumulation"}


def normalised(x):
    x = x.astype(jnp.float32) if x.dtype == jnp.bfloat16 else x
    r = jnp.sqrt((x * x).mean(-1, keepdims=True) + 1e-5)
    return x / r, r


def forward(x, w):
    return (normalised(x)[0] * w).astype(x.dtype)


def pull(primals, y_bar, add):
    x, w = primals
    n, r = normalised(x)
    g = y_bar.astype(n.dtype)
    h = g * w.astype(n.dtype)
    x_bar = (h - n * (h * n).mean(-1, keepdims=True)) / r
    return x_bar.astype(x.dtype), add(g * n, w.dtype)


def backward(primals, y_bar):
    return pull(primals, y_bar, lambda parts, dtype: parts.sum(0).astype(dtype))


def wrong(primals, y_bar):
    def one_by_one(parts, dtype):
        start = jnp.zeros(parts.shape[1:], dtype)
        return jax.lax.scan(lambda total, part: (total + part.astype(dtype), None), start, parts)[0]

    return pull(primals, y_bar, one_by_one)


def example_inputs():
    rng = np.random.default_rng(0)
    return tuple(rng.standard_normal(shape).astype(ml_dtypes.bfloat16) for shape in ((8, 4), (4,)))
