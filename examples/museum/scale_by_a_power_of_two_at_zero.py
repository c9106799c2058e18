"""x 2ⁿ by its exponent: the derivative at x = 0 is 1 instead of 2ⁿ.

https://github.com/jax-ml/jax/issues/37992: JAX's own rule; the mistake here copies it, so that comparing with JAX
finds nothing.
"""

import jax.numpy as jnp
import numpy as np

LIVED = "open since May 2026"
TRIGGER, SAID = "x = 0", r"zero|= 0|at 0|JAX"
KINDS = {"few elements", "jax", "missing factor", "JAX is wrong"}


def forward(x, n):
    return jnp.ldexp(x, n)


def backward(primals, y_bar):
    x, n = primals
    return y_bar * (jnp.ones((), x.dtype) * 2) ** n.astype(x.dtype), None


def wrong(primals, y_bar):
    x, _ = primals
    (x_bar, _) = backward(primals, y_bar)
    return jnp.where(x == 0, y_bar, x_bar), None


def example_inputs():
    return np.random.default_rng(0).standard_normal(5, "float32"), np.array([1, 2, 3, 1, 2])
