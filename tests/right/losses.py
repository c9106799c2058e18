"""Losses: with integer labels, margins, targets between 0 and 1, distributions, pairs, quantiles, weights and masks."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
from right.case import custom, normal, pair


def smoothed(z, labels, smoothing=0.1, ignored=-100):
    """Cross-entropy with label smoothing; rows with an ignored label do not count, in the mean either."""
    log_p, kept = jax.nn.log_softmax(z), labels != ignored
    chosen = jnp.take_along_axis(log_p, jnp.where(kept, labels, 0)[:, None], axis=1)[:, 0]
    row = -(1 - smoothing) * chosen - smoothing * log_p.mean(-1)
    return jnp.where(kept, row, 0).sum() / jnp.maximum(kept.sum(), 1)


def smoothed_backward(primals, g):
    z, labels = primals
    kept = labels != -100
    p = jax.nn.softmax(z) - 0.1 / z.shape[1]
    p = p - 0.9 * (labels[:, None] == jnp.arange(z.shape[1]))
    return jnp.where(kept[:, None], p, 0) / jnp.maximum(kept.sum(), 1) * g, None


def weighted(z, labels, weights):
    rows = -jnp.take_along_axis(jax.nn.log_softmax(z), labels[:, None], axis=1)[:, 0]
    return (weights[labels] * rows).sum() / weights[labels].sum()


def weighted_backward(primals, g):
    z, labels, weights = primals
    w, total = weights[labels], weights[labels].sum()
    rows = -jnp.take_along_axis(jax.nn.log_softmax(z), labels[:, None], axis=1)[:, 0]
    p = jax.nn.softmax(z).at[jnp.arange(len(labels)), labels].add(-1)
    w_bar = (rows - (w * rows).sum() / total) / total * g
    return p * w[:, None] / total * g, None, jnp.zeros_like(weights).at[labels].add(w_bar)


def softmax_loss(x, y):
    """In NumPy, as homework."""
    x, y = np.asarray(x), np.asarray(y)
    shifted = x - x.max(axis=1, keepdims=True)
    log_p = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    return -log_p[np.arange(len(y)), y].mean()


def softmax_loss_backward(primals, dloss):
    x, y = (np.asarray(a) for a in primals)
    p = np.exp(x - x.max(axis=1, keepdims=True))
    p /= p.sum(axis=1, keepdims=True)
    p[np.arange(len(y)), y] -= 1
    return p / len(y) * np.asarray(dloss), None


def svm(x, y):
    margins = jnp.maximum(0, x - x[jnp.arange(len(y)), y][:, None] + 1)
    return (margins.sum() - len(y)) / max(len(y), 1)


def svm_backward(primals, g):
    x, y = primals
    over = ((x - x[jnp.arange(len(y)), y][:, None] + 1) > 0).astype(x.dtype)
    over = over.at[jnp.arange(len(y)), y].set(0)
    over = over.at[jnp.arange(len(y)), y].add(-over.sum(1))
    return over / max(len(y), 1) * g, None


def bce(z, t):
    """From logits, written with max and abs so that nothing overflows."""
    return (jnp.maximum(z, 0) - z * t + jnp.log1p(jnp.exp(-jnp.abs(z)))).mean()


def bce_backward(primals, g):
    z, t = primals
    return (jax.nn.sigmoid(z) - t) / z.size * g, -z / z.size * g


def focal(z, t):
    """γ = 2, for targets 0 and 1."""
    p = jax.nn.sigmoid(z)
    pt = jnp.where(t, p, 1 - p)
    log_pt = jax.nn.log_sigmoid(jnp.where(t, z, -z))
    return -((1 - pt) ** 2 * log_pt).sum()


def focal_backward(primals, g):
    z, t = primals
    sign = jnp.where(t, 1.0, -1.0)
    pt, log_pt = jax.nn.sigmoid(sign * z), jax.nn.log_sigmoid(sign * z)
    return g * sign * (1 - pt) ** 2 * (2 * pt * log_pt + pt - 1), None


def kl(p_log, q):
    """KL(q ‖ p) with p as logarithms; q = 0 contributes nothing."""
    return jnp.where(q > 0, q * (jnp.log(jnp.where(q > 0, q, 1)) - p_log), 0).sum() / len(q)


def kl_backward(primals, g):
    p_log, q = primals
    q_bar = jnp.where(q > 0, jnp.log(jnp.where(q > 0, q, 1)) + 1 - p_log, 0)
    return -jnp.where(q > 0, q, 0) / len(q) * g, q_bar / len(q) * g


def total_variation(p, q):
    return 0.5 * jnp.abs(p - q).sum(-1).mean()


def total_variation_backward(primals, g):
    p, q = primals
    half = 0.5 * jnp.sign(p - q) / len(p) * g
    return half, -half


@functools.partial(jax.custom_vjp, nondiff_argnums=(2,))
def huber(x, t, delta):
    d = x - t
    return jnp.where(jnp.abs(d) <= delta, 0.5 * d**2, delta * (jnp.abs(d) - 0.5 * delta))


def huber_bwd(delta, d, g):
    slope = jnp.clip(d, -delta, delta) * g
    return slope, -slope


huber.defvjp(lambda x, t, delta: (huber(x, t, delta), x - t), huber_bwd)


def quantile(x, t, tau=0.9):
    d = t - x
    return jnp.maximum(tau * d, (tau - 1) * d).mean()


def quantile_backward(primals, g):
    x, t = primals
    slope = jnp.where(t > x, 0.9, jnp.where(t < x, -0.1, 0.0)) / x.size * g
    return -slope, slope


def contrastive(a, b):
    """InfoNCE over a batch of pairs, both ways."""
    s = a @ b.T / 0.1
    rows, columns = jax.nn.log_softmax(s, axis=1), jax.nn.log_softmax(s, axis=0)
    return -(jnp.trace(rows) + jnp.trace(columns)) / (2 * len(a))


def contrastive_backward(primals, g):
    a, b = primals
    s = a @ b.T / 0.1
    s_bar = (jax.nn.softmax(s, axis=1) + jax.nn.softmax(s, axis=0) - 2 * jnp.eye(len(a))) / (2 * len(a)) * g / 0.1
    return s_bar @ b, s_bar.T @ a


def triplet(a, p, n):
    return jnp.maximum(((a - p) ** 2).sum(-1) - ((a - n) ** 2).sum(-1) + 1, 0).mean()


def triplet_backward(primals, g):
    a, p, n = primals
    active = (((a - p) ** 2).sum(-1) - ((a - n) ** 2).sum(-1) + 1 > 0)[:, None]
    w = jnp.where(active, 2 / len(a) * g, 0)
    return w * (n - p), w * (p - a), w * (a - n)


def dice(p, t):
    return 1 - (2 * (p * t).sum() + 1) / (p.sum() + t.sum() + 1)


def dice_backward(primals, g):
    p, t = primals
    top, bottom = 2 * (p * t).sum() + 1, p.sum() + t.sum() + 1
    return -g * (2 * t * bottom - top) / bottom**2, -g * (2 * p * bottom - top) / bottom**2


def gaussian(mu, log_var, x):
    """The negative log-likelihood, without its constant."""
    return 0.5 * (log_var + (x - mu) ** 2 * jnp.exp(-log_var)).sum()


def gaussian_backward(primals, g):
    mu, log_var, x = primals
    scaled = (x - mu) * jnp.exp(-log_var)
    return -g * scaled, 0.5 * g * (1 - (x - mu) * scaled), g * scaled


def preference(chosen, rejected, beta=0.1):
    """The loss of direct preference optimisation."""
    return -jax.nn.log_sigmoid(beta * (chosen - rejected)).mean()


def preference_backward(primals, g):
    chosen, rejected = primals
    push = -0.1 * jax.nn.sigmoid(-0.1 * (chosen - rejected)) / chosen.size * g
    return push, -push


@jax.custom_vjp
def chunked(x, W, labels):
    """Linear and cross-entropy in one, in two chunks of rows: the logits are never kept."""
    return chunked_fwd(x, W, labels)[0]


def chunked_fwd(x, W, labels):
    """The gradients are computed in the forward already, for a cotangent of one."""
    n = len(x)
    loss, xs, W_bar = 0.0, [], jnp.zeros_like(W)
    for rows in (slice(0, n // 2), slice(n // 2, n)):
        z = x[rows] @ W
        loss = loss + (jax.nn.logsumexp(z, axis=1) - z[jnp.arange(len(z)), labels[rows]]).sum()
        z_bar = jax.nn.softmax(z) - jax.nn.one_hot(labels[rows], W.shape[1], dtype=z.dtype)
        xs.append(z_bar @ W.T / n)
        W_bar = W_bar + x[rows].T @ z_bar / n
    return loss / n, (jnp.concatenate(xs), W_bar)


def chunked_bwd(saved, g):
    x_bar, W_bar = saved
    return g * x_bar, g * W_bar, None


chunked.defvjp(chunked_fwd, chunked_bwd)
rng = np.random.default_rng(0)
labels, some = rng.integers(0, 4, 5), np.array([0, -100, 2, 3, -100])
p, q = (rng.dirichlet(np.ones(4), 5).astype("float32") for _ in range(2))

CASES = (
    pair("label smoothing, ignored labels", smoothed, smoothed_backward, normal((5, 4), labels=some)),
    pair("weighted classes", weighted, weighted_backward, lambda: (p, labels, np.linspace(1, 2, 4, dtype="float32"))),
    pair("softmax loss in NumPy", softmax_loss, softmax_loss_backward, normal((5, 4), labels=labels)),
    pair("margins of a support vector machine", svm, svm_backward, normal((5, 4), labels=labels)),
    pair("binary cross-entropy by max and abs", bce, bce_backward, lambda: (normal((5, 4))()[0], p)),
    pair("focal loss", focal, focal_backward, normal((5, 4), target=rng.random((5, 4)) < 0.5)),
    pair("KL divergence from logarithms", kl, kl_backward, lambda: (np.log(p), q)),
    pair("total variation", total_variation, total_variation_backward, lambda: (p, q)),
    custom("Huber with δ as a Python number", huber, normal((5,), (5,), delta=0.7)),
    pair("quantile loss", quantile, quantile_backward, normal((6,), (6,))),
    pair("contrastive loss", contrastive, contrastive_backward, normal((4, 3), (4, 3))),
    pair("triplet loss", triplet, triplet_backward, normal((4, 3), (4, 3), (4, 3))),
    pair("Dice loss", dice, dice_backward, lambda: (p, q)),
    pair("Gaussian likelihood", gaussian, gaussian_backward, normal((4, 3), (4, 3), (4, 3))),
    pair("preferences", preference, preference_backward, normal((5,), (5,))),
    custom("linear and cross-entropy in chunks", chunked, normal((5, 3), (3, 4), labels=labels)),
    pair(
        "total variation of equal halves",
        total_variation,
        total_variation_backward,
        lambda: (p, np.concatenate([p[:2], q[2:]])),
    ),
)
