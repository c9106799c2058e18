"""Eigenvectors of a matrix of large numbers: NaN from a one that is lost.

https://github.com/jax-ml/jax/issues/40141: 1 / (λⱼ − λᵢ) off the diagonal is written with a one added on it, (λⱼ + 1)
− λᵢ, and subtracted again. Above 2²⁴ the one is rounded away in float32.
"""

import jax.numpy as jnp
import numpy as np

LIVED = "from the first version to 2026"
TRIGGER, SAID = "eigenvalues above 2²⁴", r"large|scale|overflow|×"
KINDS = {"not finite"}


def forward(A):
    return jnp.linalg.eigh(A)[1] ** 2


def pull(primals, y_bar, inverse_gaps):
    w, V = jnp.linalg.eigh(primals[0])
    inner = V.T @ (2 * V * y_bar) * inverse_gaps(w)
    A_bar = V @ inner @ V.T
    return ((A_bar + A_bar.T) / 2,)


def backward(primals, y_bar):
    def inverse_gaps(w):
        gap = w - w[:, None]
        return jnp.where(jnp.eye(len(w), dtype=bool), 0, 1 / jnp.where(gap == 0, 1, gap))

    return pull(primals, y_bar, inverse_gaps)


def wrong(primals, y_bar):
    return pull(primals, y_bar, lambda w: 1 / ((jnp.eye(len(w), dtype=w.dtype) + w) - w[:, None]) - jnp.eye(len(w)))


def example_inputs():
    a = np.random.default_rng(0).standard_normal((4, 4), "float32")
    return (a + a.T + np.diag([0, 4, 8, 12]).astype("float32"),)
