"""A kernel has no derivative of its own: the backward pass written for it is held to the kernel's values alone.

    python examples/07_check_a_pallas_kernel.py

The forward is a Pallas kernel (interpreted, so that it runs on a CPU), which JAX traces but does not differentiate.
A second check holds the same backward pass, itself a kernel, to a plain JAX forward: there `jax.vjp` is the truth.
"""

import functools

import jax
import jax.numpy as jnp
from jax.experimental import pallas as pl

from functional_bp.checking import check_backward


def swish_kernel(x_ref, y_ref):
    x = x_ref[...]
    y_ref[...] = x / (1 + jnp.exp(-x))


def swish_backward_kernel(x_ref, y_bar_ref, x_bar_ref, *, forget: bool):
    x = x_ref[...]
    s = 1 / (1 + jnp.exp(-x))
    x_bar_ref[...] = y_bar_ref[...] * (s if forget else s * (1 + x * (1 - s)))


def swish(x: jax.Array) -> jax.Array:
    return pl.pallas_call(swish_kernel, out_shape=jax.ShapeDtypeStruct(x.shape, x.dtype), interpret=True)(x)


def backward(primals, y_bar, forget=False):
    (x,) = primals
    kernel = functools.partial(swish_backward_kernel, forget=forget)
    return (pl.pallas_call(kernel, out_shape=jax.ShapeDtypeStruct(x.shape, x.dtype), interpret=True)(x, y_bar),)


x = jnp.linspace(-2.0, 2.0, 8).reshape(2, 4)

print(by_values := check_backward(swish, backward, x))
print(by_jax := check_backward(jax.nn.swish, backward, x))
print()
print(wrong := check_backward(jax.nn.swish, functools.partial(backward, forget=True), x))

assert by_values.ok
assert by_jax.ok
assert not wrong.ok
