"""Normalisations: in one fused expression, in steps with a cache, over groups, of weights, of directions."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
from right.case import custom, halves, normal, pair


def batch_norm(x, gamma, beta, eps=1e-5):
    return gamma * (x - x.mean(0)) / jnp.sqrt(x.var(0) + eps) + beta


def batch_norm_fused(primals, g):
    """The whole of x̄ in one line, as it stands in lecture notes."""
    x, gamma, _ = primals
    N = x.shape[0]
    istd = 1 / jnp.sqrt(x.var(0) + 1e-5)
    n = (x - x.mean(0)) * istd
    return gamma * istd / N * (N * g - g.sum(0) - n * (g * n).sum(0)), (g * n).sum(0), g.sum(0)


def batch_norm_staged(primals, dout):
    """Node by node, as in the course on convolutional networks."""
    x, gamma, _ = primals
    N, D = x.shape
    mu = x.mean(axis=0)
    xmu = x - mu
    var = (xmu**2).mean(axis=0)
    sqrtvar = jnp.sqrt(var + 1e-5)
    ivar = 1.0 / sqrtvar
    xhat = xmu * ivar
    dbeta = jnp.sum(dout, axis=0)
    dgamma = jnp.sum(dout * xhat, axis=0)
    dxhat = dout * gamma
    divar = jnp.sum(dxhat * xmu, axis=0)
    dxmu1 = dxhat * ivar
    dsqrtvar = -1.0 / (sqrtvar**2) * divar
    dvar = 0.5 * ivar * dsqrtvar
    dxmu2 = 2 * xmu * jnp.ones((N, D), x.dtype) * dvar / N
    dx1 = dxmu1 + dxmu2
    return dx1 - jnp.sum(dx1, axis=0) / N, dgamma, dbeta


def batch_norm_running(x, gamma, beta):
    """Also the running variance, which is unbiased: n / (n − 1)."""
    n, var = x.shape[0], x.var(0)
    y = gamma * (x - x.mean(0)) / jnp.sqrt(var + 1e-5) + beta
    return y, 0.1 * x.mean(0), 0.1 * var * n / (n - 1)


def batch_norm_running_backward(primals, bars):
    x, *_ = primals
    g, mean_bar, var_bar = bars
    n = x.shape[0]
    x_bar, gamma_bar, beta_bar = batch_norm_fused(primals, g)
    x_bar = x_bar + 0.1 * mean_bar / n + 0.1 * var_bar * n / (n - 1) * 2 * (x - x.mean(0)) / n
    return x_bar, gamma_bar, beta_bar


def unbiased_norm(x):
    return (x - x.mean(0)) / jnp.sqrt(((x - x.mean(0)) ** 2).sum(0) / (x.shape[0] - 1) + 1e-5)


def unbiased_norm_backward(primals, g):
    """Fused, with the variance over n − 1."""
    (x,) = primals
    n = x.shape[0]
    y = unbiased_norm(x)
    sigma = jnp.sqrt(x.var(0, ddof=1) + 1e-5)
    return ((g - g.mean(0) - y * (g * y).sum(0) / (n - 1)) / sigma,)


@jax.custom_vjp
def layer_norm(x, weight, bias):
    return layer_norm_fwd(x, weight, bias)[0]


def layer_norm_fwd(x, weight, bias):
    mean = x.mean(-1, keepdims=True)
    rstd = jax.lax.rsqrt(((x - mean) ** 2).mean(-1, keepdims=True) + 1e-6)
    return (x - mean) * rstd * weight + bias, (x, weight, mean, rstd)


def layer_norm_bwd(saved, dy):
    """c₁, c₂ as in the Triton tutorial; weights are summed over all rows whatever the rank."""
    x, weight, mean, rstd = saved
    xhat, wdy = (x - mean) * rstd, weight * dy
    c1 = (xhat * wdy).mean(-1, keepdims=True)
    c2 = wdy.mean(-1, keepdims=True)
    rows = tuple(range(x.ndim - 1))
    return (wdy - (xhat * c1 + c2)) * rstd, (dy * xhat).sum(rows), dy.sum(rows)


layer_norm.defvjp(layer_norm_fwd, layer_norm_bwd)


@functools.partial(jax.custom_vjp, nondiff_argnums=(2,))
def gemma_norm(x, w, eps):
    """RMS norm whose weight is stored as its distance from one."""
    return x * jax.lax.rsqrt((x * x).mean(-1, keepdims=True) + eps) * (1 + w)


def gemma_norm_fwd(x, w, eps):
    return gemma_norm(x, w, eps), (x, w)


def gemma_norm_bwd(eps, saved, dy):
    x, w = saved
    r = jax.lax.rsqrt((x * x).mean(-1, keepdims=True) + eps)
    m = dy * (1 + w)
    dx = r * m + r * (-(r**2) * (m * x).mean(-1, keepdims=True) * x)
    return dx, (dy * x * r).reshape(-1, w.shape[0]).sum(0)


gemma_norm.defvjp(gemma_norm_fwd, gemma_norm_bwd)


def group_norm(x, gamma, beta):
    """[batch, height, width, channels] in two groups of channels."""
    N, H, W, C = x.shape
    g = x.reshape(N, H * W, 2, C // 2)
    g = (g - g.mean((1, 3), keepdims=True)) / jnp.sqrt(g.var((1, 3), keepdims=True) + 1e-5)
    return g.reshape(N, H, W, C) * gamma + beta


def group_norm_backward(primals, dout):
    x, gamma, _ = primals
    N, H, W, C = x.shape
    g = x.reshape(N, H * W, 2, C // 2)
    std = jnp.sqrt(g.var((1, 3), keepdims=True) + 1e-5)
    n = (g - g.mean((1, 3), keepdims=True)) / std
    h = (dout * gamma).reshape(g.shape)
    dx = (h - h.mean((1, 3), keepdims=True) - n * (h * n).mean((1, 3), keepdims=True)) / std
    return dx.reshape(x.shape), (dout * n.reshape(x.shape)).sum((0, 1, 2)), dout.sum((0, 1, 2))


def instance_norm(x):
    return (x - x.mean((2, 3), keepdims=True)) / jnp.sqrt(x.var((2, 3), keepdims=True) + 1e-5)


def instance_norm_backward(primals, g):
    (x,) = primals
    y = instance_norm(x)
    s = jnp.sqrt(x.var((2, 3), keepdims=True) + 1e-5)
    return ((g - g.mean((2, 3), keepdims=True) - y * (g * y).mean((2, 3), keepdims=True)) / s,)


def weight_norm(v, g):
    return g[:, None] * v / jnp.sqrt((v * v).sum(1, keepdims=True))


def weight_norm_backward(primals, w_bar):
    v, g = primals
    size = jnp.sqrt((v * v).sum(1, keepdims=True))
    u = v / size
    along = (w_bar * u).sum(1, keepdims=True)
    return g[:, None] / size * (w_bar - along * u), along[:, 0]


def unit(x):
    """F.normalize: the length is kept from below."""
    return x / jnp.maximum(jnp.sqrt((x * x).sum(-1, keepdims=True)), 1e-3)


def unit_fwd(x):
    size = jnp.sqrt((x * x).sum(-1, keepdims=True))
    return x / jnp.maximum(size, 1e-3), (x, size)


def unit_bwd(saved, y_bar):
    x, size = saved
    long = size > 1e-3
    safe = jnp.where(long, size, 1e-3)
    projected = y_bar - jnp.where(long, x / safe * (x / safe * y_bar).sum(-1, keepdims=True), 0)
    return (projected / safe,)


def cosine(a, b):
    return (a * b).sum(-1) / (jnp.linalg.norm(a, axis=-1) * jnp.linalg.norm(b, axis=-1))


def cosine_backward(primals, y_bar):
    a, b = primals
    na, nb = (jnp.sqrt((v * v).sum(-1, keepdims=True)) for v in primals)
    c = cosine(a, b)[:, None]
    g = y_bar[:, None]
    return g * (b / nb - c * a / na) / na, g * (a / na - c * b / nb) / nb


def spectral(W, u, v):
    """W over its largest singular value, estimated by two vectors that are kept."""
    return W / (u @ W @ v)


def spectral_backward(primals, g):
    W, u, v = primals
    s = u @ W @ v
    s_bar = -(g * W).sum() / s**2
    return g / s + s_bar * jnp.outer(u, v), s_bar * (W @ v), s_bar * (u @ W)


def near_one():
    return np.eye(4, 3, dtype="float32") + 0.1, np.ones(4, "float32"), np.ones(3, "float32")


CASES = (
    pair("batch norm in one line", batch_norm, batch_norm_fused, normal((6, 4), (4,), (4,))),
    pair("batch norm node by node", batch_norm, batch_norm_staged, normal((6, 4), (4,), (4,))),
    pair("batch norm with n/(n − 1)", batch_norm_running, batch_norm_running_backward, normal((6, 4), (4,), (4,))),
    pair("batch norm over n − 1", unbiased_norm, unbiased_norm_backward, normal((6, 4))),
    custom("layer norm as in Triton", layer_norm, normal((2, 3, 6), (6,), (6,))),
    custom("RMS norm with 1 + w and ε", gemma_norm, normal((2, 3, 6), (6,), eps=1e-6)),
    pair("group norm, channels last", group_norm, group_norm_backward, normal((2, 3, 2, 4), (4,), (4,))),
    pair("instance norm", instance_norm, instance_norm_backward, normal((2, 3, 3, 4))),
    pair("weight norm", weight_norm, weight_norm_backward, normal((4, 5), (4,))),
    halves("unit rows, length from below", unit, unit_fwd, unit_bwd, normal((4, 5))),
    pair("cosine similarity", cosine, cosine_backward, normal((4, 5), (4, 5))),
    pair(
        "batch norm of a large mean",
        batch_norm,
        batch_norm_fused,
        lambda: (
            np.random.default_rng(1).normal(5, 1, (8, 3)).astype("float32"),
            np.ones(3, "float32"),
            np.zeros(3, "float32"),
        ),
    ),
    pair("spectral normalisation", spectral, spectral_backward, near_one),
)
