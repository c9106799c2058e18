"""Convolutions over one and two axes; kernels are small numbers."""

import jax
import jax.numpy as jnp

from . import sizes

FLAT = ("NCH", "OIH", "NCH")
IMAGE = ("NCHW", "OIHW", "NCHW")


@sizes(x="n+2", w="3")
def three_taps(x, w):
    return w[0] * x[:-2] + w[1] * x[1:-1] + w[2] * x[2:]


def three_taps_backward(primals, y_bar):
    x, w = primals
    x_bar = jnp.pad(w[0] * y_bar, (0, 2)) + jnp.pad(w[1] * y_bar, (1, 1)) + jnp.pad(w[2] * y_bar, (2, 0))
    w_bar = jnp.stack([(y_bar * x[:-2]).sum(), (y_bar * x[1:-1]).sum(), (y_bar * x[2:]).sum()])
    return x_bar, w_bar


@sizes(x="b c n+2", w="o c 3")
def valid(x, w):
    return jax.lax.conv_general_dilated(x, w, (1,), "VALID", dimension_numbers=FLAT)


def valid_backward(primals, y_bar):
    x, w = primals
    flipped = w[:, :, ::-1].swapaxes(0, 1)
    x_bar = jax.lax.conv_general_dilated(y_bar, flipped, (1,), [(2, 2)], dimension_numbers=FLAT)
    parts = [jnp.einsum("bon,bcn->oc", y_bar, x[:, :, k : k + y_bar.shape[2]]) for k in range(3)]
    return x_bar, jnp.stack(parts, axis=-1)


@sizes(x="b c n m", w="o c")
def pointwise(x, w):
    return jax.lax.conv_general_dilated(x, w[:, :, None, None], (1, 1), "VALID", dimension_numbers=IMAGE)


def pointwise_backward(primals, y_bar):
    x, w = primals
    return jnp.einsum("bonm,oc->bcnm", y_bar, w), jnp.einsum("bonm,bcnm->oc", y_bar, x)


@sizes(x="b c n m")
def global_mean_pool(x):
    return x.mean((2, 3))


def global_mean_pool_backward(primals, y_bar):
    (x,) = primals
    n, m = x.shape[2:]
    return (jnp.broadcast_to(y_bar[:, :, None, None] / (n * m), x.shape),)


@sizes(x="b n", w="2 n")
def depthwise_pair(x, w):
    return x[1:] * w[0] + x[:-1] * w[1]


def depthwise_pair_backward(primals, y_bar):
    x, w = primals
    x_bar = jnp.zeros_like(x).at[1:].add(y_bar * w[0]).at[:-1].add(y_bar * w[1])
    w_bar = jnp.stack([(y_bar * x[1:]).sum(0), (y_bar * x[:-1]).sum(0)])
    return x_bar, w_bar
