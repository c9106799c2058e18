"""An upper Cholesky factor with a gradient for the lower triangle, which the forward never reads.

https://github.com/jax-ml/jax/issues/40421: JAX's own; the mistake copies it.
"""

import jax
import jax.numpy as jnp
import numpy as np

LIVED = "until September 2026"
TRIGGER, SAID = "", ""
KINDS = {"jax", "few elements", "missing factor", "missing term", "extra term", "symmetrised", "mask", "JAX is wrong"}


def forward(A):
    symmetric = jnp.triu(A) + jnp.triu(A, 1).T
    return jnp.linalg.cholesky(symmetric).T


def symmetric_gradient(primals, y_bar):
    L = forward(*primals).T
    P = jnp.tril(L.T @ y_bar.T)
    P = P - jnp.diag(jnp.diag(P)) / 2
    S = jax.scipy.linalg.solve_triangular(L, P, trans=1, lower=True)
    S = jax.scipy.linalg.solve_triangular(L, S.T, trans=1, lower=True)
    return (S + S.T) / 2


def backward(primals, y_bar):
    S = symmetric_gradient(primals, jnp.triu(y_bar))
    return (2 * jnp.triu(S) - jnp.diag(jnp.diag(S)),)


def wrong(primals, y_bar):
    return (symmetric_gradient(primals, jnp.triu(y_bar)),)


def example_inputs():
    a = np.random.default_rng(0).standard_normal((4, 4), "float32")
    return (a @ a.T + 3 * np.eye(4, dtype="float32"),)
