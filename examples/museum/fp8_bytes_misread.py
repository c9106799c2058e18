"""A cotangent stored in one 8-bit format and read in another.

https://github.com/NVIDIA/TransformerEngine/issues/3342: E5M2 bytes read as E4M3. The exponent's bits mean something
else, and gradients come out near a hundredth of their size; models train far too slowly instead of failing.
"""

import jax
import jax.numpy as jnp
import numpy as np

LIVED = "unknown"
TRIGGER, SAID = "", ""
KINDS = {"not linear", "dtype", "factor"}


def forward(x, W):
    return x @ W


def backward(primals, y_bar):
    x, W = primals
    return y_bar @ W.T, x.T @ y_bar


def wrong(primals, y_bar):
    stored = y_bar.astype(jnp.float8_e5m2)
    read = jax.lax.bitcast_convert_type(stored, jnp.float8_e4m3fn).astype(y_bar.dtype)
    return backward(primals, read)


def example_inputs():
    rng = np.random.default_rng(0)
    return rng.standard_normal((5, 4), "float32"), rng.standard_normal((4, 3), "float32")
