"""Losses, with labels or targets."""

import jax
import jax.numpy as jnp

from . import sizes


@sizes(z="b n", t="b < n")
def cross_entropy(z, t):
    return -jnp.take_along_axis(jax.nn.log_softmax(z), t[:, None], axis=1).mean()


def cross_entropy_backward(primals, y_bar):
    z, t = primals
    b, n = z.shape
    return (jax.nn.softmax(z) - jax.nn.one_hot(t, n)) * y_bar / b, None


@sizes(z="b n", t="b < n")
def cross_entropy_rows(z, t):
    logp = z - jax.nn.logsumexp(z, axis=-1, keepdims=True)
    return -logp[jnp.arange(z.shape[0]), t]


def cross_entropy_rows_backward(primals, y_bar):
    z, t = primals
    p = jnp.exp(z - jax.nn.logsumexp(z, axis=-1, keepdims=True))
    p = p.at[jnp.arange(z.shape[0]), t].add(-1.0)
    return p * y_bar[:, None], None


@sizes(z="b n", d="b n")
def cross_entropy_soft(z, d):
    return -(d * jax.nn.log_softmax(z)).sum(-1).mean()


def cross_entropy_soft_backward(primals, y_bar):
    z, d = primals
    b = z.shape[0]
    z_bar = (jax.nn.softmax(z) * d.sum(-1, keepdims=True) - d) * y_bar / b
    d_bar = -jax.nn.log_softmax(z) * y_bar / b
    return z_bar, d_bar


@sizes(z="b n", t="b < n")
def label_smoothing(z, t):
    n = z.shape[-1]
    d = 0.9 * jax.nn.one_hot(t, n) + 0.1 / n
    return -(d * jax.nn.log_softmax(z)).sum(-1).mean()


def label_smoothing_backward(primals, y_bar):
    z, t = primals
    b, n = z.shape
    d = 0.9 * jax.nn.one_hot(t, n) + 0.1 / n
    return (jax.nn.softmax(z) - d) * y_bar / b, None


@sizes(z="b n", t="b < n", mask="b bool")
def masked_cross_entropy(z, t, mask):
    nll = -jnp.take_along_axis(jax.nn.log_softmax(z), t[:, None], axis=-1)[:, 0]
    return jnp.where(mask, nll, 0.0).sum() / mask.sum()


def masked_cross_entropy_backward(primals, y_bar):
    z, t, mask = primals
    d = jax.nn.softmax(z) - jax.nn.one_hot(t, z.shape[-1])
    return d * mask[:, None] * y_bar / mask.sum(), None, None


@sizes(z="b n", t="b < n")
def cross_entropy_with_ignored(z, t):
    kept = t != 0
    nll = -jnp.take_along_axis(jax.nn.log_softmax(z), t[:, None], axis=-1)[:, 0]
    return (nll * kept).sum()


def cross_entropy_with_ignored_backward(primals, y_bar):
    z, t = primals
    kept = t != 0
    d = jax.nn.softmax(z) - jax.nn.one_hot(t, z.shape[-1])
    return kept[:, None] * d * y_bar, None


@sizes(z="b n", d="b n 01")
def binary_cross_entropy(z, d):
    return (jnp.maximum(z, 0) - z * d + jnp.log1p(jnp.exp(-jnp.abs(z)))).mean()


def binary_cross_entropy_backward(primals, y_bar):
    z, d = primals
    count = z.shape[0] * z.shape[1]
    return (jax.nn.sigmoid(z) - d) * y_bar / count, -z * y_bar / count


@sizes(p="b 01", d="b 01")
def binary_nll(p, d):
    return -(d * jnp.log(p) + (1 - d) * jnp.log(1 - p)).sum()


def binary_nll_backward(primals, y_bar):
    p, d = primals
    p_bar = y_bar * (p - d) / (p * (1 - p))
    d_bar = -y_bar * (jnp.log(p) - jnp.log(1 - p))
    return p_bar, d_bar


@sizes(y="b n", d="b n")
def mean_squared(y, d):
    return ((y - d) ** 2).mean()


def mean_squared_backward(primals, y_bar):
    y, d = primals
    g = 2 * (y - d) * y_bar / y.size
    return g, -g


@sizes(y="b n", d="b n")
def absolute_error(y, d):
    return jnp.abs(y - d).sum(-1)


def absolute_error_backward(primals, y_bar):
    y, d = primals
    g = jnp.sign(y - d) * y_bar[:, None]
    return g, -g


@sizes(y="b", d="b")
def huber(y, d):
    r = y - d
    return jnp.where(jnp.abs(r) < 1, 0.5 * r**2, jnp.abs(r) - 0.5).sum()


def huber_backward(primals, y_bar):
    y, d = primals
    r = y - d
    g = y_bar * jnp.where(jnp.abs(r) < 1, r, jnp.sign(r))
    return g, -g


@sizes(y="b", d="b")
def hinge(y, d):
    return jnp.maximum(0.0, 1 - d * y).mean()


def hinge_backward(primals, y_bar):
    y, d = primals
    active = (1 - d * y > 0) * y_bar / y.shape[0]
    return -d * active, -y * active


@sizes(mu="b n", s="b n")
def kl_to_normal(mu, s):
    return 0.5 * (mu**2 + jnp.exp(s) - s - 1).sum(-1)


def kl_to_normal_backward(primals, y_bar):
    mu, s = primals
    g = y_bar[:, None]
    return mu * g, 0.5 * g * (jnp.exp(s) - 1)


@sizes(x="b n", mu="n", s="n")
def gaussian_nll(x, mu, s):
    return (0.5 * (x - mu) ** 2 * jnp.exp(-2 * s) + s + 0.5 * jnp.log(2 * jnp.pi)).sum()


def gaussian_nll_backward(primals, y_bar):
    x, mu, s = primals
    z = (x - mu) * jnp.exp(-2 * s)
    x_bar = y_bar * z
    mu_bar = -y_bar * z.sum(0)
    s_bar = y_bar * (1 - z * (x - mu)).sum(0)
    return x_bar, mu_bar, s_bar


@sizes(p="b n", q="b n")
def kl_of_logits(p, q):
    return (jax.nn.softmax(p) * (jax.nn.log_softmax(p) - jax.nn.log_softmax(q))).sum(-1)


def kl_of_logits_backward(primals, y_bar):
    p, q = primals
    a = jax.nn.softmax(p)
    gap = jax.nn.log_softmax(p) - jax.nn.log_softmax(q)
    g = y_bar[:, None]
    p_bar = g * a * (gap - (a * gap).sum(-1, keepdims=True))
    q_bar = g * (jax.nn.softmax(q) - a)
    return p_bar, q_bar


@sizes(z="b n")
def entropy(z):
    p = jax.nn.softmax(z)
    return -(p * jnp.log(p)).sum(-1)


def entropy_backward(primals, y_bar):
    (z,) = primals
    p = jax.nn.softmax(z)
    h = -(p * jnp.log(p)).sum(-1, keepdims=True)
    return (-y_bar[:, None] * p * (jnp.log(p) + h),)


@sizes(z="b n", t="b < n")
def focal(z, t):
    p = jnp.take_along_axis(jax.nn.softmax(z), t[:, None], axis=1)
    return (-((1 - p) ** 2) * jnp.log(p)).sum()


def focal_backward(primals, y_bar):
    z, t = primals
    y = jax.nn.softmax(z)
    d = jax.nn.one_hot(t, z.shape[-1])
    p = (y * d).sum(-1, keepdims=True)
    p_bar = 2 * (1 - p) * jnp.log(p) - (1 - p) ** 2 / p
    return y_bar * p_bar * p * (d - y), None


@sizes(a="b n", c="b n")
def info_nce(a, c):
    z = a @ c.T / 0.5
    return -(jnp.diagonal(z) - jax.nn.logsumexp(z, axis=1)).mean()


def info_nce_backward(primals, y_bar):
    a, c = primals
    b = a.shape[0]
    z_bar = (jax.nn.softmax(a @ c.T / 0.5, axis=1) - jnp.eye(b)) * y_bar / b
    return z_bar @ c / 0.5, z_bar.T @ a / 0.5


@sizes(x="b n", y="b n", z="b n")
def triplet(x, y, z):
    near = ((x - y) ** 2).sum(-1)
    far = ((x - z) ** 2).sum(-1)
    return jnp.maximum(near - far + 0.2, 0).sum()


def triplet_backward(primals, y_bar):
    x, y, z = primals
    active = ((x - y) ** 2).sum(-1) - ((x - z) ** 2).sum(-1) + 0.2 > 0
    g = 2 * y_bar * active[:, None]
    return g * (z - y), g * (y - x), g * (x - z)


@sizes(x="b n", W="n m", t="b < m")
def linear_cross_entropy(x, W, t):
    z = x @ W
    return (jax.nn.logsumexp(z, axis=-1) - jnp.take_along_axis(z, t[:, None], axis=-1)[:, 0]).mean()


def linear_cross_entropy_backward(primals, y_bar):
    x, W, t = primals
    z = x @ W
    z_bar = (jax.nn.softmax(z) - jax.nn.one_hot(t, W.shape[1])) * y_bar / x.shape[0]
    return z_bar @ W.T, x.T @ z_bar, None


@sizes(s="b n", w="b n")
def preference(s, w):
    margin = (s - w).sum(-1)
    return -jax.nn.log_sigmoid(0.1 * margin).mean()


def preference_backward(primals, y_bar):
    s, w = primals
    margin = 0.1 * (s - w).sum(-1)
    g = -0.1 * jax.nn.sigmoid(-margin) * y_bar / s.shape[0]
    s_bar = jnp.broadcast_to(g[:, None], s.shape)
    return s_bar, -s_bar
