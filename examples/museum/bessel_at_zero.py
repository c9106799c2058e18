"""The Bessel function I₀: its slope at 0 is 1 instead of 0.

https://github.com/jax-ml/jax/issues/40628: JAX computes I₀ as e^|x| times a scaled function; both parts have a kink
at 0, their product none. The mistake here copies what autodiff makes of it.
"""

import jax
import jax.numpy as jnp
import numpy as np

LIVED = "found by an audit in 2026"
TRIGGER, SAID = "x = 0", r"zero|= 0|at 0|JAX"
KINDS = {"few elements", "jax", "subgradient", "JAX is wrong"}


def forward(x):
    return jax.scipy.special.i0(x)


def backward(primals, y_bar):
    return (y_bar * jax.scipy.special.i1(primals[0]),)


def wrong(primals, y_bar):
    (x,) = primals
    return (y_bar * jnp.where(x == 0, 1, jax.scipy.special.i1(x)),)


def example_inputs():
    return (np.random.default_rng(0).standard_normal(5, "float32"),)
