"""A gated norm followed by a matrix: the recomputed output lacks the gate.

https://github.com/fla-org/flash-linear-attention/pull/1071: y = norm(x) w silu(z) is computed again in the backward,
to multiply the cotangent for the next matrix; the gate was left out there.
"""

import jax
import jax.numpy as jnp
import numpy as np

LIVED = "465 days (median of the lines; the oldest 907)"
TRIGGER, SAID = "", ""
KINDS = {"missing factor", "wrong residual", "recomputation"}


def normalised(x):
    r = jnp.sqrt((x * x).mean(-1, keepdims=True) + 1e-5)
    return x / r, r


def forward(x, w, z, W):
    return (normalised(x)[0] * w * jax.nn.silu(z)) @ W


def pull(primals, y_bar, gated):
    x, w, z, W = primals
    (n, r), s, gate = normalised(x), jax.nn.sigmoid(z), jax.nn.silu(z)
    h_bar = y_bar @ W.T
    n_bar = h_bar * w * gate
    x_bar = (n_bar - n * (n_bar * n).mean(-1, keepdims=True)) / r
    z_bar = h_bar * n * w * (s + z * s * (1 - s))
    h = n * w * gate if gated else n * w
    return x_bar, (h_bar * n * gate).sum(0), z_bar, h.T @ y_bar


def backward(primals, y_bar):
    return pull(primals, y_bar, gated=True)


def wrong(primals, y_bar):
    return pull(primals, y_bar, gated=False)


def example_inputs():
    rng = np.random.default_rng(0)
    return tuple(rng.standard_normal(shape, "float32") for shape in ((5, 4), (4,), (5, 4), (4, 3)))
