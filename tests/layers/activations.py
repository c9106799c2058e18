"""Elementwise activations."""

import math

import jax
import jax.numpy as jnp

from . import sizes


@sizes(x="b n")
def relu(x):
    return jax.nn.relu(x)


def relu_backward(primals, y_bar):
    (x,) = primals
    return (y_bar * (x > 0),)


@sizes(x="b n")
def leaky(x):
    return jnp.where(x >= 0, x, 0.1 * x)


def leaky_backward(primals, y_bar):
    (x,) = primals
    slope = jnp.where(x >= 0, 1.0, 0.1)
    return (slope * y_bar,)


@sizes(x="b n")
def sigmoid(x):
    return 1 / (1 + jnp.exp(-x))


def sigmoid_backward(primals, y_bar):
    (x,) = primals
    y = jax.nn.sigmoid(x)
    return (y_bar * y * (1 - y),)


@sizes(x="b n")
def tanh(x):
    return jnp.tanh(x)


def tanh_backward(primals, y_bar):
    (x,) = primals
    y = jnp.tanh(x)
    return (y_bar * (1 - y**2),)


@sizes(x="b n")
def silu(x):
    return x * jax.nn.sigmoid(x)


def silu_backward(primals, y_bar):
    (x,) = primals
    s = jax.nn.sigmoid(x)
    return (y_bar * (s + x * s * (1 - s)),)


@sizes(x="b n")
def gelu_tanh(x):
    return 0.5 * x * (1 + jnp.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))


def gelu_tanh_backward(primals, y_bar):
    (x,) = primals
    c = math.sqrt(2 / math.pi)
    u = jnp.tanh(c * (x + 0.044715 * x**3))
    slope = c * (1 + 3 * 0.044715 * x**2)
    return (y_bar * (0.5 * (1 + u) + 0.5 * x * (1 - u**2) * slope),)


@sizes(x="b n")
def gelu_erf(x):
    return 0.5 * x * (1 + jax.lax.erf(x / math.sqrt(2)))


def gelu_erf_backward(primals, y_bar):
    (x,) = primals
    cdf = 0.5 * (1 + jax.lax.erf(x / math.sqrt(2)))
    pdf = jnp.exp(-0.5 * x**2) / math.sqrt(2 * math.pi)
    return (y_bar * (cdf + x * pdf),)


@sizes(x="b n")
def softplus(x):
    return jnp.log(1 + jnp.exp(x))


def softplus_backward(primals, y_bar):
    (x,) = primals
    return (y_bar * jax.nn.sigmoid(x),)


@sizes(x="b n")
def stable_softplus(x):
    return jnp.maximum(x, 0) + jnp.log1p(jnp.exp(-jnp.abs(x)))


def stable_softplus_backward(primals, y_bar):
    (x,) = primals
    return (y_bar / (1 + jnp.exp(-x)),)


@sizes(x="b n")
def mish(x):
    return x * jnp.tanh(jax.nn.softplus(x))


def mish_backward(primals, y_bar):
    (x,) = primals
    u = jnp.tanh(jax.nn.softplus(x))
    s = jax.nn.sigmoid(x)
    return (y_bar * (u + x * (1 - u**2) * s),)


@sizes(x="b n")
def elu(x):
    return jnp.where(x > 0, x, 1.5 * (jnp.exp(x) - 1))


def elu_backward(primals, y_bar):
    (x,) = primals
    slope = jnp.where(x > 0, 1.0, 1.5 * jnp.exp(x))
    return (y_bar * slope,)


@sizes(x="b n")
def softsign(x):
    return x / (1 + jnp.abs(x))


def softsign_backward(primals, y_bar):
    (x,) = primals
    return (y_bar / (1 + jnp.abs(x)) ** 2,)


@sizes(x="b n")
def hard_tanh(x):
    return jnp.clip(x, -1.0, 1.0)


def hard_tanh_backward(primals, y_bar):
    (x,) = primals
    inside = (x > -1) & (x < 1)
    return (jnp.where(inside, y_bar, 0.0),)


@sizes(x="b n", a="n")
def prelu(x, a):
    return jnp.where(x > 0, x, a * x)


def prelu_backward(primals, y_bar):
    x, a = primals
    x_bar = jnp.where(x > 0, y_bar, a * y_bar)
    a_bar = jnp.sum(jnp.where(x > 0, 0.0, x * y_bar), axis=0)
    return x_bar, a_bar


@sizes(x="b n")
def squared_relu(x):
    return jnp.square(jnp.maximum(x, 0))


def squared_relu_backward(primals, y_bar):
    (x,) = primals
    return (2 * jnp.maximum(x, 0) * y_bar,)


@sizes(a="b n", c="b n")
def swiglu(a, c):
    return a * jax.nn.sigmoid(a) * c


def swiglu_backward(primals, y_bar):
    a, c = primals
    s = jax.nn.sigmoid(a)
    a_bar = y_bar * c * s * (1 + a * (1 - s))
    c_bar = y_bar * a * s
    return a_bar, c_bar


@sizes(x="b 2*n")
def glu(x):
    a, gate = jnp.split(x, 2, axis=-1)
    return a * jax.nn.sigmoid(gate)


def glu_backward(primals, y_bar):
    (x,) = primals
    a, gate = jnp.split(x, 2, axis=-1)
    s = jax.nn.sigmoid(gate)
    return (jnp.concatenate([y_bar * s, y_bar * a * s * (1 - s)], axis=-1),)
