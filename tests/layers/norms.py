"""Normalisations."""

import jax
import jax.numpy as jnp

from . import sizes


@sizes(x="b n", g="n", c="n")
def layer_norm(x, g, c):
    mu = x.mean(-1, keepdims=True)
    var = ((x - mu) ** 2).mean(-1, keepdims=True)
    return g * (x - mu) / jnp.sqrt(var + 1e-5) + c


def layer_norm_backward(primals, y_bar):
    x, g, _c = primals
    mu = x.mean(-1, keepdims=True)
    r = 1 / jnp.sqrt(((x - mu) ** 2).mean(-1, keepdims=True) + 1e-5)
    h = (x - mu) * r
    h_bar = y_bar * g
    x_bar = r * (h_bar - h_bar.mean(-1, keepdims=True) - h * (h_bar * h).mean(-1, keepdims=True))
    g_bar = (y_bar * h).sum(0)
    c_bar = y_bar.sum(0)
    return x_bar, g_bar, c_bar


@sizes(x="b n")
def plain_layer_norm(x):
    return (x - x.mean(-1, keepdims=True)) / jnp.sqrt(jnp.var(x, axis=-1, keepdims=True) + 1e-5)


def plain_layer_norm_backward(primals, y_bar):
    (x,) = primals
    n = x.shape[-1]
    r = jax.lax.rsqrt(jnp.var(x, axis=-1, keepdims=True) + 1e-5)
    h = (x - x.mean(-1, keepdims=True)) * r
    inner = n * y_bar - y_bar.sum(-1, keepdims=True) - h * (y_bar * h).sum(-1, keepdims=True)
    return (inner * r / n,)


@sizes(x="b n", g="n")
def rms_norm(x, g):
    return g * x * jax.lax.rsqrt((x**2).mean(-1, keepdims=True) + 1e-6)


def rms_norm_backward(primals, y_bar):
    x, g = primals
    r = jax.lax.rsqrt((x**2).mean(-1, keepdims=True) + 1e-6)
    h_bar = y_bar * g
    x_bar = r * h_bar - x * r**3 * (h_bar * x).mean(-1, keepdims=True)
    g_bar = (y_bar * x * r).sum(0)
    return x_bar, g_bar


@sizes(x="b t n", g="n")
def rms_norm_sequence(x, g):
    return g * x / jnp.sqrt(jnp.mean(x * x, axis=-1, keepdims=True) + 1e-6)


def rms_norm_sequence_backward(primals, y_bar):
    x, g = primals
    r = jnp.sqrt(jnp.mean(x * x, axis=-1, keepdims=True) + 1e-6)
    h = x / r
    h_bar = g * y_bar
    x_bar = (h_bar - h * jnp.mean(h_bar * h, axis=-1, keepdims=True)) / r
    g_bar = jnp.sum(y_bar * h, axis=(0, 1))
    return x_bar, g_bar


@sizes(x="b n", g="n", c="n")
def batch_norm(x, g, c):
    mu = x.mean(0)
    var = ((x - mu) ** 2).mean(0)
    return g * (x - mu) / jnp.sqrt(var + 1e-5) + c


def batch_norm_backward(primals, y_bar):
    x, g, _c = primals
    b = x.shape[0]
    mu = x.mean(0)
    r = 1 / jnp.sqrt(((x - mu) ** 2).mean(0) + 1e-5)
    h = (x - mu) * r
    x_bar = g * r / b * (b * y_bar - y_bar.sum(0) - h * (y_bar * h).sum(0))
    g_bar = (y_bar * h).sum(0)
    c_bar = y_bar.sum(0)
    return x_bar, g_bar, c_bar


@sizes(x="b n", mu="n", v="n > 0", g="n")
def batch_norm_frozen(x, mu, v, g):
    return g * (x - mu) / jnp.sqrt(v + 1e-3)


def batch_norm_frozen_backward(primals, y_bar):
    x, mu, v, g = primals
    r = 1 / jnp.sqrt(v + 1e-3)
    x_bar = g * r * y_bar
    mu_bar = -(g * r * y_bar).sum(0)
    v_bar = -0.5 * (y_bar * g * (x - mu)).sum(0) * r**3
    g_bar = (y_bar * (x - mu) * r).sum(0)
    return x_bar, mu_bar, v_bar, g_bar


@sizes(x="b c t", g="c")
def instance_norm(x, g):
    mu = x.mean(-1, keepdims=True)
    var = jnp.mean((x - mu) ** 2, axis=-1, keepdims=True)
    return g[:, None] * (x - mu) / jnp.sqrt(var + 1e-5)


def instance_norm_backward(primals, y_bar):
    x, g = primals
    mu = x.mean(-1, keepdims=True)
    r = 1 / jnp.sqrt(jnp.mean((x - mu) ** 2, axis=-1, keepdims=True) + 1e-5)
    h = (x - mu) * r
    h_bar = g[:, None] * y_bar
    x_bar = r * (h_bar - h_bar.mean(-1, keepdims=True) - h * (h_bar * h).mean(-1, keepdims=True))
    g_bar = (y_bar * h).sum((0, 2))
    return x_bar, g_bar


@sizes(x="b n*3")
def group_norm(x):
    b, d = x.shape
    z = x.reshape(b, d // 3, 3)
    mu = z.mean(-1, keepdims=True)
    var = ((z - mu) ** 2).mean(-1, keepdims=True)
    return ((z - mu) / jnp.sqrt(var + 1e-5)).reshape(b, d)


def group_norm_backward(primals, y_bar):
    (x,) = primals
    b, d = x.shape
    z = x.reshape(b, d // 3, 3)
    z_bar = y_bar.reshape(b, d // 3, 3)
    mu = z.mean(-1, keepdims=True)
    r = 1 / jnp.sqrt(((z - mu) ** 2).mean(-1, keepdims=True) + 1e-5)
    h = (z - mu) * r
    x_bar = r * (z_bar - z_bar.mean(-1, keepdims=True) - h * (z_bar * h).mean(-1, keepdims=True))
    return (x_bar.reshape(b, d),)


@sizes(x="b n")
def l2_normalise(x):
    return x / jnp.sqrt((x * x).sum(-1, keepdims=True))


def l2_normalise_backward(primals, y_bar):
    (x,) = primals
    r = jnp.sqrt((x * x).sum(-1, keepdims=True))
    y = x / r
    return ((y_bar - y * (y * y_bar).sum(-1, keepdims=True)) / r,)


@sizes(x="b n")
def softmax(x):
    return jax.nn.softmax(x)


def softmax_backward(primals, y_bar):
    (x,) = primals
    y = jax.nn.softmax(x)
    return (y * (y_bar - (y * y_bar).sum(-1, keepdims=True)),)


@sizes(x="b n")
def softmax_shifted(x):
    e = jnp.exp(x - x.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def softmax_shifted_backward(primals, y_bar):
    (x,) = primals
    e = jnp.exp(x - x.max(-1, keepdims=True))
    y = e / e.sum(-1, keepdims=True)
    return (y * y_bar - y * jnp.sum(y * y_bar, axis=-1, keepdims=True),)


@sizes(x="b n")
def log_softmax(x):
    return jax.nn.log_softmax(x)


def log_softmax_backward(primals, y_bar):
    (x,) = primals
    return (y_bar - jax.nn.softmax(x) * y_bar.sum(-1, keepdims=True),)


@sizes(x="b n", tau="")
def softmax_with_temperature(x, tau):
    return jax.nn.softmax(x / tau)


def softmax_with_temperature_backward(primals, y_bar):
    x, tau = primals
    y = jax.nn.softmax(x / tau)
    z_bar = y * (y_bar - (y * y_bar).sum(-1, keepdims=True))
    x_bar = z_bar / tau
    tau_bar = -(z_bar * x).sum() / tau**2
    return x_bar, tau_bar


@sizes(W="m n", g="m")
def weight_norm(W, g):
    return g[:, None] * W / jnp.sqrt((W**2).sum(1, keepdims=True))


def weight_norm_backward(primals, y_bar):
    W, g = primals
    r = jnp.sqrt((W**2).sum(1, keepdims=True))
    V = W / r
    W_bar = g[:, None] / r * (y_bar - V * (V * y_bar).sum(1, keepdims=True))
    g_bar = (y_bar * V).sum(1)
    return W_bar, g_bar
