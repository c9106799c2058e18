"""Copies of what JAX answers where its own rule is wrong: nonsmooth operations meet in a function that is smooth."""

import jax
import jax.numpy as jnp
import numpy as np
from triggered.case import Triggered, normal


def pull_of_jax(forward):
    def backward(primals, g):
        bars = jax.vjp(forward, *primals)[1](g)
        return tuple(None if bar.dtype == jax.dtypes.float0 else bar for bar in bars)

    return backward


def softplus(x):
    return jax.nn.relu(x) + jnp.log1p(jnp.exp(-jnp.abs(x)))


def log_sigmoid(x):
    return -jax.nn.relu(-x) - jnp.log1p(jnp.exp(-jnp.abs(x)))


def binary_cross_entropy(z, t):
    return (jax.nn.relu(z) - z * t + jnp.log1p(jnp.exp(-jnp.abs(z)))).sum()


def elu(x):
    return jnp.where(x > 0, x, jnp.expm1(jnp.minimum(x, 0)))


def symlog(x):
    return jnp.sign(x) * jnp.log1p(jnp.abs(x))


def symexp(x):
    return jnp.sign(x) * jnp.expm1(jnp.abs(x))


def sinh(x):
    return jnp.sign(x) * (jnp.exp(jnp.abs(x)) - jnp.exp(-jnp.abs(x))) / 2


def bessel(x):
    return jax.scipy.special.i0(x)


def scaled(x):
    return jnp.ldexp(x, 3)


def log_cosh(x):
    return jax.nn.relu(x) + jax.nn.relu(-x) + jnp.log1p(jnp.exp(-2 * jnp.abs(x)))


SAID = r"JAX is wrong|JAX'?s|jax\.vjp"
NAMED = {
    "softplus": softplus,
    "log-sigmoid": log_sigmoid,
    "binary cross-entropy": binary_cross_entropy,
    "ELU": elu,
    "symmetric logarithm": symlog,
    "symmetric exponential": symexp,
    "hyperbolic sine": sinh,
    "Bessel function": bessel,
    "a power of two": scaled,
}
zero = np.zeros((3, 4), "float32")
ROWS = [
    Triggered(
        name,
        "jax",
        SAID,
        forward,
        pull_of_jax(forward),
        normal((3, 4), (3, 4)) if forward is binary_cross_entropy else normal((3, 4)),
        (zero, zero) if forward is binary_cross_entropy else (zero,),
    )
    for name, forward in NAMED.items()
]
