"""A cumulative product whose gradient at a zero is zero.

https://github.com/tensorflow/tensorflow/issues/119430: Σⱼ≥ᵢ ȳⱼ yⱼ / xᵢ is 0 / 0 at xᵢ = 0, and the NaN was replaced
by 0. For x = (2, 3, 0) the last derivative is 6.
"""

import jax
import jax.numpy as jnp
import numpy as np

LIVED = "until 2026; the NaN was reported in 2016"
TRIGGER, SAID = "an input of zero", r"zero|= 0|at 0"
KINDS = {"few elements"}


def forward(x):
    return jnp.cumprod(x)


def backward(primals, y_bar):
    """The product of what comes before, times what is built from the end: r ← ȳᵢ + xᵢ₊₁ r."""
    (x,) = primals
    before = jnp.cumprod(jnp.concatenate([jnp.ones_like(x[:1]), x[:-1]]))
    _, after = jax.lax.scan(lambda r, now: (now[0] * (now[1] + r), now[1] + r), 0 * x.sum(), (x, y_bar), reverse=True)
    return (before * after,)


def wrong(primals, y_bar):
    (x,) = primals
    total = jnp.cumsum((y_bar * jnp.cumprod(x))[::-1])[::-1]
    return (jnp.where(x == 0, 0, total / jnp.where(x == 0, 1, x)),)


def example_inputs():
    return (np.random.default_rng(0).uniform(0.5, 1.5, 5).astype("float32"),)
