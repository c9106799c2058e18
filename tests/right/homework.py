"""Homework: layers in NumPy as `forward(…) -> (out, cache)` and `backward(dout, cache)`, and networks made of them."""

from collections.abc import Callable

import numpy as np
from right.case import Right, normal, pair


def affine_forward(x, w, b):
    return x.reshape(len(x), -1) @ w + b, (x, w)


def affine_backward(dout, cache):
    x, w = cache
    return (dout @ w.T).reshape(x.shape), x.reshape(len(x), -1).T @ dout, dout.sum(axis=0)


def relu_forward(x):
    return np.maximum(x, 0), x


def relu_backward(dout, cache):
    dx = dout.copy()
    dx[cache <= 0] = 0
    return (dx,)


def affine_relu_forward(x, w, b):
    a, affine_cache = affine_forward(x, w, b)
    out, relu_cache = relu_forward(a)
    return out, (affine_cache, relu_cache)


def affine_relu_backward(dout, cache):
    affine_cache, relu_cache = cache
    return affine_backward(relu_backward(dout, relu_cache)[0], affine_cache)


def batchnorm_forward(x, gamma, beta):
    mu, var = x.mean(axis=0), x.var(axis=0)
    std = np.sqrt(var + 1e-5)
    xhat = (x - mu) / std
    return gamma * xhat + beta, (xhat, std, gamma)


def batchnorm_backward(dout, cache):
    xhat, std, gamma = cache
    N = len(dout)
    dbeta, dgamma = dout.sum(axis=0), (dout * xhat).sum(axis=0)
    return gamma / (N * std) * (N * dout - dbeta - xhat * dgamma), dgamma, dbeta


def rnn_step_forward(x, prev_h, Wx, Wh, b):
    next_h = np.tanh(x @ Wx + prev_h @ Wh + b)
    return next_h, (x, prev_h, Wx, Wh, next_h)


def rnn_step_backward(dnext_h, cache):
    x, prev_h, Wx, Wh, next_h = cache
    da = dnext_h * (1 - next_h**2)
    return da @ Wx.T, da @ Wh.T, x.T @ da, prev_h.T @ da, da.sum(axis=0)


def rnn_forward(x, h0, Wx, Wh, b):
    """[N, T, D], step by step."""
    h, caches, prev = [], [], h0
    for t in range(x.shape[1]):
        prev, cache = rnn_step_forward(x[:, t], prev, Wx, Wh, b)
        h.append(prev)
        caches.append(cache)
    return np.stack(h, axis=1), caches


def rnn_backward(dh, cache):
    dx, dWx, dWh, db = [], 0, 0, 0
    dprev = 0
    for t in reversed(range(len(cache))):
        dxt, dprev, dWxt, dWht, dbt = rnn_step_backward(dh[:, t] + dprev, cache[t])
        dx.insert(0, dxt)
        dWx, dWh, db = dWx + dWxt, dWh + dWht, db + dbt
    return np.stack(dx, axis=1), dprev, dWx, dWh, db


def lstm_step_forward(x, h, c, Wx, Wh, b):
    H = h.shape[1]
    a = x @ Wx + h @ Wh + b
    i, f, o = (1 / (1 + np.exp(-np.clip(a[:, k * H : (k + 1) * H], -60, 60))) for k in range(3))
    g = np.tanh(a[:, 3 * H :])
    next_c = f * c + i * g
    return o * np.tanh(next_c), (x, h, c, Wx, Wh, i, f, o, g, next_c)


def lstm_step_backward(dh, cache):
    x, h, c, Wx, Wh, i, f, o, g, next_c = cache
    t = np.tanh(next_c)
    dc = dh * o * (1 - t**2)
    da = np.hstack([dc * g * i * (1 - i), dc * c * f * (1 - f), dh * t * o * (1 - o), dc * i * (1 - g**2)])
    return da @ Wx.T, da @ Wh.T, dc * f, x.T @ da, h.T @ da, da.sum(axis=0)


def temporal_affine_forward(x, w, b):
    N, T, D = x.shape
    return (x.reshape(N * T, D) @ w).reshape(N, T, -1) + b, (x, w)


def temporal_affine_backward(dout, cache):
    x, w = cache
    N, T, D = x.shape
    flat = dout.reshape(N * T, -1)
    return (flat @ w.T).reshape(N, T, D), (flat.T @ x.reshape(N * T, D)).T, dout.sum(axis=(0, 1))


def affine_softmax_forward(x, W):
    """A loss of fixed labels."""
    y = np.arange(len(x)) % W.shape[1]
    s = x @ W
    p = np.exp(s - s.max(axis=1, keepdims=True))
    p /= p.sum(axis=1, keepdims=True)
    picked = np.maximum(p[np.arange(len(x)), y], np.finfo(p.dtype).tiny)
    return -np.log(picked).sum(), (x, W, p, y)


def affine_softmax_backward(dout, cache):
    x, W, p, y = cache
    ds = p.copy()
    ds[np.arange(len(x)), y] -= 1
    ds = ds * dout
    return ds @ W.T, x.T @ ds


def spatial_forward(x, gamma, beta):
    N, C, H, W = x.shape
    out, cache = batchnorm_forward(x.transpose(0, 2, 3, 1).reshape(-1, C), gamma, beta)
    return out.reshape(N, H, W, C).transpose(0, 3, 1, 2), (cache, x.shape)


def spatial_backward(dout, cache):
    inner, (N, C, H, W) = cache
    dx, dgamma, dbeta = batchnorm_backward(dout.transpose(0, 2, 3, 1).reshape(-1, C), inner)
    return dx.reshape(N, H, W, C).transpose(0, 3, 1, 2), dgamma, dbeta


def homework(name: str, forward: Callable, backward: Callable, *shapes: tuple[int, ...]) -> Right:
    """Out and cache as forward and backward of the primals."""

    def out(*primals):
        return forward(*map(np.asarray, primals))[0]

    def bars(primals, dout):
        return backward(np.asarray(dout), forward(*map(np.asarray, primals))[1])

    return pair(name, out, bars, normal(*shapes))


CASES = (
    homework("homework: affine", affine_forward, affine_backward, (3, 2, 2), (4, 3), (3,)),
    homework("homework: ReLU", relu_forward, relu_backward, (4, 5)),
    homework("homework: affine and ReLU", affine_relu_forward, affine_relu_backward, (4, 3), (3, 4), (4,)),
    homework("homework: batch norm", batchnorm_forward, batchnorm_backward, (5, 3), (3,), (3,)),
    homework("homework: spatial batch norm", spatial_forward, spatial_backward, (2, 3, 2, 2), (3,), (3,)),
    homework("homework: RNN step", rnn_step_forward, rnn_step_backward, (3, 4), (3, 2), (4, 2), (2, 2), (2,)),
    homework("homework: RNN", rnn_forward, rnn_backward, (2, 3, 2), (2, 2), (2, 2), (2, 2), (2,)),
    homework("homework: LSTM", lstm_step_forward, lstm_step_backward, (3, 4), (3, 2), (3, 2), (4, 8), (2, 8), (8,)),
    homework("homework: affine over time", temporal_affine_forward, temporal_affine_backward, (2, 3, 4), (4, 2), (2,)),
    homework("homework: linear classifier", affine_softmax_forward, affine_softmax_backward, (5, 4), (4, 3)),
)
