"""Small networks."""

import jax
import jax.numpy as jnp

from . import sizes


@sizes(W1="n m", c1="m", W2="m p", x="b n")
def perceptron(W1, c1, W2, x):
    return jnp.tanh(x @ W1 + c1) @ W2


def perceptron_backward(primals, y_bar):
    W1, c1, W2, x = primals
    h = jnp.tanh(x @ W1 + c1)
    h_bar = y_bar @ W2.T
    z_bar = h_bar * (1 - h**2)
    W1_bar = x.T @ z_bar
    c1_bar = z_bar.sum(0)
    W2_bar = h.T @ y_bar
    x_bar = z_bar @ W1.T
    return W1_bar, c1_bar, W2_bar, x_bar


@sizes(params="", x="b n")
def unused_scalar(params, x):
    return jnp.sin(x)


def unused_scalar_backward(primals, y_bar):
    params, x = primals
    return jnp.zeros_like(params), jnp.cos(x) * y_bar


@sizes(W="n n", x="b n")
def residual_block(W, x):
    return x + jax.nn.relu(x @ W)


def residual_block_backward(primals, y_bar):
    W, x = primals
    z_bar = y_bar * (x @ W > 0)
    return x.T @ z_bar, y_bar + z_bar @ W.T


@sizes(W1="n m", W2="m p", x="b n", t="b < p")
def classifier(W1, W2, x, t):
    z = jax.nn.relu(x @ W1) @ W2
    return -jnp.take_along_axis(jax.nn.log_softmax(z), t[:, None], axis=1).mean()


def classifier_backward(primals, y_bar):
    W1, W2, x, t = primals
    h = jax.nn.relu(x @ W1)
    z_bar = (jax.nn.softmax(h @ W2) - jax.nn.one_hot(t, W2.shape[1])) * y_bar / x.shape[0]
    W2_bar = h.T @ z_bar
    a_bar = z_bar @ W2.T * (h > 0)
    W1_bar = x.T @ a_bar
    x_bar = a_bar @ W1.T
    return W1_bar, W2_bar, x_bar, None


@sizes(W1="n m", W2="m n", x="b n")
def autoencoder(W1, W2, x):
    return ((jax.nn.sigmoid(x @ W1) @ W2 - x) ** 2).sum()


def autoencoder_backward(primals, y_bar):
    W1, W2, x = primals
    h = jax.nn.sigmoid(x @ W1)
    r_bar = 2 * y_bar * (h @ W2 - x)
    W2_bar = h.T @ r_bar
    a_bar = r_bar @ W2.T * h * (1 - h)
    W1_bar = x.T @ a_bar
    x_bar = a_bar @ W1.T - r_bar
    return W1_bar, W2_bar, x_bar


@sizes(x="b t", w="t", g="")
def attention_pool(x, w, g):
    return g * (jax.nn.softmax(x * w) * x).sum(-1)


def attention_pool_backward(primals, y_bar):
    x, w, g = primals
    a = jax.nn.softmax(x * w)
    s = (a * x).sum(-1, keepdims=True)
    e = g * y_bar[:, None]
    z_bar = e * a * (x - s)
    x_bar = e * a + z_bar * w
    w_bar = (z_bar * x).sum(0)
    g_bar = (y_bar * s[:, 0]).sum()
    return x_bar, w_bar, g_bar


@sizes(x="b n", W="e n", V="e n m")
def mixture_of_experts(x, W, V):
    g = jax.nn.softmax(x @ W.T)
    return jnp.einsum("be,bn,enm->bm", g, x, V)


def mixture_of_experts_backward(primals, y_bar):
    x, W, V = primals
    g = jax.nn.softmax(x @ W.T)
    y = jnp.einsum("bn,enm->bem", x, V)
    g_bar = jnp.einsum("bm,bem->be", y_bar, y)
    z_bar = g * (g_bar - (g * g_bar).sum(-1, keepdims=True))
    x_bar = z_bar @ W + jnp.einsum("be,bm,enm->bn", g, y_bar, V)
    W_bar = z_bar.T @ x
    V_bar = jnp.einsum("be,bn,bm->enm", g, x, y_bar)
    return x_bar, W_bar, V_bar


@sizes(x="b n", g="n", W="n m")
def norm_then_affine(x, g, W):
    return (g * x / jnp.sqrt((x * x).mean(-1, keepdims=True) + 1e-6)) @ W


def norm_then_affine_backward(primals, y_bar):
    x, g, W = primals
    r = jnp.sqrt((x * x).mean(-1, keepdims=True) + 1e-6)
    h = x / r
    z_bar = y_bar @ W.T
    h_bar = z_bar * g
    x_bar = (h_bar - h * (h_bar * h).mean(-1, keepdims=True)) / r
    g_bar = (z_bar * h).sum(0)
    W_bar = (g * h).T @ y_bar
    return x_bar, g_bar, W_bar
