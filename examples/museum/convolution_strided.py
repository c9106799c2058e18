"""A strided convolution whose x̄ is filled in by the first of several passes only.

https://github.com/ROCm/rocm-libraries/pull/7732: with a stride of 2 the even and the odd places are two products. A
fast path for the first dropped the other; every second place was zero.
"""

import jax.numpy as jnp
import numpy as np

LIVED = "unknown"
TRIGGER, SAID = "", ""
KINDS = {"few elements", "missing term", "part"}
STRIDE = 2


def places(x, w):
    return STRIDE * jnp.arange((x.shape[-1] - len(w)) // STRIDE + 1)[:, None] + jnp.arange(len(w))


def forward(x, w):
    return x[..., places(x, w)] @ w


def backward(primals, y_bar):
    x, w = primals
    taken = places(x, w)
    x_bar = jnp.zeros_like(x).at[..., taken].add(y_bar[..., None] * w)
    return x_bar, (y_bar[..., None] * x[..., taken]).reshape(-1, len(w)).sum(0)


def wrong(primals, y_bar):
    x_bar, w_bar = backward(primals, y_bar)
    return jnp.where(jnp.arange(x_bar.shape[-1]) % STRIDE == 0, x_bar, 0), w_bar


def example_inputs():
    rng = np.random.default_rng(0)
    return rng.standard_normal((2, 9), "float32"), rng.standard_normal(3, "float32")
