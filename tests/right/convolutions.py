"""Convolutions and pooling: in loops, by columns, by einsum; strided, transposed, depthwise; sums and shuffles."""

import jax
import jax.numpy as jnp
import numpy as np
from right.case import custom, halves, normal, pair


def conv_naive(x, w, b, stride=1, pad=1):
    """Four loops in NumPy, [N, C, H, W]."""
    x, w, b = (np.asarray(a) for a in (x, w, b))
    (N, _, H, W), (F, _, HH, WW) = x.shape, w.shape
    padded = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    out = np.zeros((N, F, 1 + (H + 2 * pad - HH) // stride, 1 + (W + 2 * pad - WW) // stride), x.dtype)
    for n in range(N):
        for f in range(F):
            for i in range(out.shape[2]):
                for j in range(out.shape[3]):
                    window = padded[n, :, i * stride : i * stride + HH, j * stride : j * stride + WW]
                    out[n, f, i, j] = (window * w[f]).sum() + b[f]
    return out


def conv_naive_backward(primals, dout):
    x, w, b = (np.asarray(a) for a in primals)
    dout, pad = np.asarray(dout), 1
    padded = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    dpadded, dw, db = np.zeros_like(padded), np.zeros_like(w), np.zeros_like(b)
    for n in range(dout.shape[0]):
        for f in range(dout.shape[1]):
            db[f] += dout[n, f].sum()
            for i in range(dout.shape[2]):
                for j in range(dout.shape[3]):
                    place = np.s_[n, :, i : i + w.shape[2], j : j + w.shape[3]]
                    dw[f] += padded[place] * dout[n, f, i, j]
                    dpadded[place] += w[f] * dout[n, f, i, j]
    return dpadded[:, :, pad:-pad, pad:-pad], dw, db


def conv(x, K):
    return jax.lax.conv_general_dilated(x, K, (1, 1), "VALID", dimension_numbers=("NHWC", "HWIO", "NHWC"))


def patches(x, h, w):
    rows, columns = x.shape[1] - h + 1, x.shape[2] - w + 1
    shifted = [x[:, i : i + rows, j : j + columns] for i in range(h) for j in range(w)]
    return jnp.stack(shifted, axis=3)


def conv_by_columns(primals, g):
    """x̄ by adding the columns back where they came from."""
    x, K = primals
    h, w, c, f = K.shape
    columns = patches(x, h, w)
    K_bar = jnp.einsum("nijkc,nijf->kcf", columns, g).reshape(K.shape)
    columns_bar = jnp.einsum("nijf,kcf->nijkc", g, K.reshape(h * w, c, f))
    x_bar = jnp.zeros_like(x)
    for k in range(h * w):
        i, j = divmod(k, w)
        x_bar = x_bar.at[:, i : i + g.shape[1], j : j + g.shape[2]].add(columns_bar[:, :, :, k])
    return x_bar, K_bar


def conv_by_convolutions(primals, g):
    """x̄ as a full convolution with the kernel turned around, K̄ as a correlation of x with ȳ."""
    x, K = primals
    h, w = K.shape[:2]
    turned = K[::-1, ::-1].swapaxes(2, 3)
    wide = jnp.pad(g, ((0, 0), (h - 1, h - 1), (w - 1, w - 1), (0, 0)))
    places = [[x[:, i : i + g.shape[1], j : j + g.shape[2]] for j in range(w)] for i in range(h)]
    return conv(wide, turned), jnp.stack([jnp.stack([jnp.einsum("nhwc,nhwf->cf", p, g) for p in r]) for r in places])


def depthwise(x, k):
    """Each channel with a kernel of its own: [time, channels]."""
    return jnp.einsum("twc,wc->tc", x[jnp.arange(len(x) - len(k) + 1)[:, None] + jnp.arange(len(k))], k)


def depthwise_backward(primals, g):
    x, k = primals
    at = jnp.arange(len(g))[:, None] + jnp.arange(len(k))
    return jnp.zeros_like(x).at[at].add(g[:, None] * k), jnp.einsum("twc,tc->wc", x[at], g)


def strided(x, w):
    return jax.lax.conv_general_dilated(x[:, None], w[None, None], (2,), [(1, 1)])[:, 0]


def strided_backward(primals, g):
    x, w = primals
    padded = jnp.pad(x, ((0, 0), (1, 1)))
    at = 2 * jnp.arange(g.shape[1])[:, None] + jnp.arange(len(w))
    return jnp.zeros_like(padded).at[:, at].add(g[..., None] * w)[:, 1:-1], jnp.einsum("bt,btw->w", g, padded[:, at])


def transposed(x, w):
    """Every input is spread over a window: length 2 n + w − 2."""
    out = jnp.zeros((x.shape[0], 2 * x.shape[1] + len(w) - 2), x.dtype)
    return out.at[:, 2 * jnp.arange(x.shape[1])[:, None] + jnp.arange(len(w))].add(x[..., None] * w)


def transposed_backward(primals, g):
    x, w = primals
    gathered = g[:, 2 * jnp.arange(x.shape[1])[:, None] + jnp.arange(len(w))]
    return gathered @ w, jnp.einsum("bt,btw->w", x, gathered)


def max_pool(x):
    """Windows of 2 × 2, [N, H, W, C]; an odd row or column is left out."""
    N, H, W, C = x.shape
    return x[:, : H // 2 * 2, : W // 2 * 2].reshape(N, H // 2, 2, W // 2, 2, C).max((2, 4))


def max_pool_fwd(x):
    N, H, W, C = x.shape
    windows = x[:, : H // 2 * 2, : W // 2 * 2].reshape(N, H // 2, 2, W // 2, 2, C)
    windows = windows.transpose(0, 1, 3, 5, 2, 4).reshape(N, H // 2, W // 2, C, 4)
    return windows.max(-1), (x, windows.argmax(-1))


def max_pool_bwd(saved, g):
    """The first of the largest takes all."""
    x, first = saved
    N, H, W, C = x.shape
    picked = jax.nn.one_hot(first, 4, dtype=g.dtype) * g[..., None]
    back = picked.reshape(N, H // 2, W // 2, C, 2, 2).transpose(0, 1, 4, 2, 5, 3).reshape(N, H // 2 * 2, W // 2 * 2, C)
    return (jnp.pad(back, ((0, 0), (0, H % 2), (0, W % 2), (0, 0))),)


def max_pool_loops(x):
    x = np.asarray(x)
    return np.array([[x[i : i + 2, j : j + 2].max() for j in range(0, x.shape[1], 2)] for i in range(0, len(x), 2)])


def max_pool_loops_backward(primals, dout):
    x, dout = np.asarray(primals[0]), np.asarray(dout)
    dx = np.zeros_like(x)
    for i in range(dout.shape[0]):
        for j in range(dout.shape[1]):
            window = x[2 * i : 2 * i + 2, 2 * j : 2 * j + 2]
            a, b = np.unravel_index(window.argmax(), window.shape)
            dx[2 * i + a, 2 * j + b] += dout[i, j]
    return (dx,)


def average_pool(x):
    summed = jax.lax.reduce_window(x, np.float32(0).astype(x.dtype), jax.lax.add, (1, 3), (1, 1), "SAME")
    return summed / 3


def average_pool_backward(primals, g):
    wide = jnp.pad(g, ((0, 0), (1, 1)))
    return ((wide[:, :-2] + wide[:, 1:-1] + wide[:, 2:]) / 3,)


def upsample(x):
    return jnp.repeat(jnp.repeat(x, 2, axis=0), 2, axis=1)


def upsample_backward(primals, g):
    (x,) = primals
    return (g.reshape(x.shape[0], 2, x.shape[1], 2).sum((1, 3)),)


def pixel_shuffle(x):
    H, W, C = x.shape
    return x.reshape(H, W, 2, 2, C // 4).transpose(0, 2, 1, 3, 4).reshape(2 * H, 2 * W, C // 4)


def pixel_shuffle_backward(primals, g):
    H, W, C = primals[0].shape
    return (g.reshape(H, 2, W, 2, C // 4).transpose(0, 2, 1, 3, 4).reshape(H, W, C),)


@jax.custom_vjp
def separable(x, k):
    """One kernel along rows and along columns."""
    return separable_fwd(x, k)[0]


def along_rows(x, k):
    return sum(x[:, i : i + x.shape[1] - len(k) + 1] * k[i] for i in range(len(k)))


def separable_fwd(x, k):
    h = along_rows(x, k)
    return along_rows(h.T, k).T, (x, h, k)


def along_rows_back(x, k, g):
    x_bar = jnp.zeros_like(x)
    for i in range(len(k)):
        x_bar = x_bar.at[:, i : i + g.shape[1]].add(g * k[i])
    return x_bar, jnp.stack([(x[:, i : i + g.shape[1]] * g).sum() for i in range(len(k))])


def separable_bwd(saved, g):
    x, h, k = saved
    h_bar, k_bar = along_rows_back(h.T, k, g.T)
    x_bar, k_bar_too = along_rows_back(x, k, h_bar.T)
    return x_bar, k_bar + k_bar_too


separable.defvjp(separable_fwd, separable_bwd)


def global_pool(x):
    return x.mean((1, 2))


def global_pool_backward(primals, g):
    N, H, W, C = primals[0].shape
    return (jnp.broadcast_to(g[:, None, None], (N, H, W, C)) / (H * W),)


def grouped_in_loops(x, K):
    """Two groups of channels, a kernel each; three taps."""
    width, ys = x.shape[1] - 2, []
    for q in range(2):
        part, kernel = x[:, :, 2 * q : 2 * q + 2], K[..., q]
        ys.append(sum(part[:, t : t + width] @ kernel[t] for t in range(3)))
    return jnp.concatenate(ys, -1)


def grouped_in_loops_backward(primals, g):
    x, K = primals
    x_bar, K_bar = jnp.zeros_like(x), jnp.zeros_like(K)
    width = x.shape[1] - 2
    for q in range(2):
        own, channels = g[:, :, 3 * q : 3 * q + 3], slice(2 * q, 2 * q + 2)
        for t in range(3):
            x_bar = x_bar.at[:, t : t + width, channels].add(own @ K[t, :, :, q].T)
            K_bar = K_bar.at[t, :, :, q].add(jnp.einsum("bti,bto->io", x[:, t : t + width, channels], own))
    return x_bar, K_bar


def circular(x, k):
    """By the Fourier transform of both; the kernel is padded, and must not be longer."""
    n = x.shape[-1]
    return jnp.fft.irfft(jnp.fft.rfft(x) * jnp.fft.rfft(k, n), n)


def circular_backward(primals, g):
    x, k = primals
    n, of_y = x.shape[-1], jnp.fft.rfft(g)
    x_bar = jnp.fft.irfft(of_y * jnp.conj(jnp.fft.rfft(k, n)), n)
    k_bar = jnp.fft.irfft((of_y * jnp.conj(jnp.fft.rfft(x))).sum(0), n)
    return x_bar, k_bar[: k.shape[-1]]


CASES = (
    pair("convolution in four loops", conv_naive, conv_naive_backward, normal((2, 2, 3, 4), (2, 2, 3, 3), (2,))),
    pair("convolution by columns", conv, conv_by_columns, normal((2, 4, 4, 2), (3, 2, 2, 3))),
    pair("convolution by convolutions", conv, conv_by_convolutions, normal((2, 4, 4, 2), (3, 2, 2, 3))),
    pair("depthwise convolution", depthwise, depthwise_backward, normal((6, 3), (3, 3))),
    pair("strided convolution", strided, strided_backward, normal((2, 7), (3,))),
    pair("transposed convolution", transposed, transposed_backward, normal((2, 4), (3,))),
    halves("max pooling", max_pool, max_pool_fwd, max_pool_bwd, normal((2, 4, 5, 2))),
    pair("max pooling in loops of NumPy", max_pool_loops, max_pool_loops_backward, normal((4, 6))),
    pair("average pooling", average_pool, average_pool_backward, normal((3, 6))),
    pair("upsampling", upsample, upsample_backward, normal((3, 4))),
    pair("pixel shuffle", pixel_shuffle, pixel_shuffle_backward, normal((2, 3, 8))),
    custom("separable filter, one kernel twice", separable, normal((5, 5), (3,))),
    pair("mean over all places", global_pool, global_pool_backward, normal((2, 3, 4, 2))),
    pair("groups in loops", grouped_in_loops, grouped_in_loops_backward, normal((2, 6, 4), (3, 2, 3, 2))),
    pair("circular, by Fourier transforms", circular, circular_backward, normal((3, 8), (4,))),
)
