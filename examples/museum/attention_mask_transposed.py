"""Block-sparse attention whose backward reads the mask with queries and keys exchanged.

https://github.com/Dao-AILab/flash-attention/issues/2623: the backward walks keys first and took the mask as it was. A
symmetric mask, a band around the diagonal, hides it.
"""

import jax
import jax.numpy as jnp
import numpy as np

LIVED = "unknown"
TRIGGER, SAID = "a mask that is not symmetric", r"mask|symmetric"
KINDS = {"mask", "transposed"}


def probabilities(q, k, mask):
    return jax.nn.softmax(jnp.where(mask, q @ k.T / 2, -1e9))


def forward(q, k, v, mask):
    return probabilities(q, k, mask) @ v


def pull(primals, y_bar, mask):
    q, k, v, _ = primals
    p = probabilities(q, k, mask)
    p_bar = y_bar @ v.T
    s_bar = jnp.where(mask, p * (p_bar - (p * p_bar).sum(-1, keepdims=True)) / 2, 0)
    return s_bar @ k, s_bar.T @ q, p.T @ y_bar, None


def backward(primals, y_bar):
    return pull(primals, y_bar, primals[3])


def wrong(primals, y_bar):
    return pull(primals, y_bar, primals[3].T)


def example_inputs():
    rng = np.random.default_rng(0)
    place = np.arange(5)
    band = np.abs(place[:, None] - place) < 2
    return *(rng.standard_normal((5, 4), "float32") for _ in range(3)), band
