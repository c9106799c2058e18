"""Sequences: chains summed in log space, alignments, recurrent cells through time, linear recurrences, scans."""

import jax
import jax.numpy as jnp
import numpy as np
from right.case import custom, halves, normal, pair


def log_alpha(unary, pairwise):
    def step(alpha, u):
        alpha = jax.nn.logsumexp(alpha[:, None] + pairwise, axis=0) + u
        return alpha, alpha

    return jnp.concatenate([unary[:1], jax.lax.scan(step, unary[0], unary[1:])[1]])


def log_beta(unary, pairwise):
    def step(beta, u):
        beta = jax.nn.logsumexp(pairwise + u + beta, axis=1)
        return beta, beta

    last = jnp.zeros_like(unary[0])
    return jnp.concatenate([jax.lax.scan(step, last, unary[1:], reverse=True)[1], last[None]])


def log_partition(unary, pairwise):
    """log Z of a chain with labels' scores and transitions' scores."""
    return jax.nn.logsumexp(log_alpha(unary, pairwise)[-1])


def marginals(primals, y_bar):
    """The gradient of log Z is the probability of each label and, summed over time, of each transition."""
    unary, pairwise = primals
    alpha, beta = log_alpha(unary, pairwise), log_beta(unary, pairwise)
    log_Z = jax.nn.logsumexp(alpha[-1])
    edges = jnp.exp(alpha[:-1, :, None] + pairwise + (unary + beta)[1:, None] - log_Z)
    return y_bar * jnp.exp(alpha + beta - log_Z), y_bar * edges.sum(0)


def crf_loss(unary, pairwise, labels):
    score = jnp.take_along_axis(unary, labels[:, None], axis=1).sum() + pairwise[labels[:-1], labels[1:]].sum()
    return log_partition(unary, pairwise) - score


def crf_loss_backward(primals, y_bar):
    unary, pairwise, labels = primals
    unary_bar, pairwise_bar = marginals((unary, pairwise), y_bar)
    unary_bar = unary_bar.at[jnp.arange(len(labels)), labels].add(-y_bar)
    return unary_bar, pairwise_bar.at[labels[:-1], labels[1:]].add(-y_bar), None


def hidden_markov(log_pi, log_A, log_B):
    """The observations' log-likelihoods under each state are given: log_B[t, i]."""
    alpha = log_pi + log_B[0]
    for b in log_B[1:]:
        alpha = jax.nn.logsumexp(alpha[:, None] + log_A, axis=0) + b
    return jax.nn.logsumexp(alpha)


def hidden_markov_backward(primals, g):
    """γ and ξ of Baum and Welch."""
    log_pi, log_A, log_B = primals
    alphas = [log_pi + log_B[0]]
    for b in log_B[1:]:
        alphas.append(jax.nn.logsumexp(alphas[-1][:, None] + log_A, axis=0) + b)
    L = jax.nn.logsumexp(alphas[-1])
    beta, xi, gammas = jnp.zeros_like(log_pi), jnp.zeros_like(log_A), []
    for t in reversed(range(len(log_B))):
        gammas.insert(0, jnp.exp(alphas[t] + beta - L))
        if t:
            xi = xi + jnp.exp(alphas[t - 1][:, None] + log_A + (log_B[t] + beta) - L)
            beta = jax.nn.logsumexp(log_A + log_B[t] + beta, axis=1)
    return g * gammas[0], g * xi, g * jnp.stack(gammas)


def rnn(h, xs, W, U, b):
    def step(h, x):
        h = jnp.tanh(h @ W + x @ U + b)
        return h, h

    return jax.lax.scan(step, h, xs)[1]


def rnn_fwd(h, xs, W, U, b):
    hs = rnn(h, xs, W, U, b)
    return hs, (jnp.concatenate([h[None], hs]), xs, W, U)


def rnn_bwd(saved, hs_bar):
    """Backwards through time by a scan in reverse."""
    hs, xs, W, U = saved

    def step(carry, now):
        later, W_bar, U_bar, b_bar = carry
        before, h, x, h_bar = now
        z_bar = (h_bar + later) * (1 - h**2)
        return (z_bar @ W.T, W_bar + before.T @ z_bar, U_bar + x.T @ z_bar, b_bar + z_bar.sum(0)), z_bar @ U.T

    start = (jnp.zeros_like(hs[0]), jnp.zeros_like(W), jnp.zeros_like(U), jnp.zeros_like(W[0]))
    (h_bar, W_bar, U_bar, b_bar), xs_bar = jax.lax.scan(step, start, (hs[:-1], hs[1:], xs, hs_bar), reverse=True)
    return h_bar, xs_bar, W_bar, U_bar, b_bar


def gru(x, h, W, U):
    """One step; the three gates' matrices lie beside each other."""
    xr, xz, xn = jnp.split(x @ W, 3, axis=-1)
    hr, hz, hn = jnp.split(h @ U, 3, axis=-1)
    r, z = jax.nn.sigmoid(xr + hr), jax.nn.sigmoid(xz + hz)
    n = jnp.tanh(xn + r * hn)
    return (1 - z) * n + z * h


def gru_backward(primals, y_bar):
    x, h, W, U = primals
    xr, xz, xn = jnp.split(x @ W, 3, axis=-1)
    hr, hz, hn = jnp.split(h @ U, 3, axis=-1)
    r, z = jax.nn.sigmoid(xr + hr), jax.nn.sigmoid(xz + hz)
    n = jnp.tanh(xn + r * hn)
    n_bar = y_bar * (1 - z) * (1 - n**2)
    z_bar = y_bar * (h - n) * z * (1 - z)
    r_bar = n_bar * hn * r * (1 - r)
    from_x = jnp.concatenate([r_bar, z_bar, n_bar], -1)
    from_h = jnp.concatenate([r_bar, z_bar, n_bar * r], -1)
    return from_x @ W.T, from_h @ U.T + y_bar * z, x.T @ from_x, h.T @ from_h


def linear_recurrence(a, b):
    """hₜ = aₜ hₜ₋₁ + bₜ by an associative scan."""

    def combine(left, right):
        return left[0] * right[0], right[0] * left[1] + right[1]

    return jax.lax.associative_scan(combine, (a, b))[1]


def linear_recurrence_backward(primals, g):
    """The same recurrence from the end, with a shifted by one."""
    a, b = primals
    h = linear_recurrence(a, b)
    shifted = jnp.concatenate([a[1:], jnp.zeros_like(a[:1])])
    b_bar = linear_recurrence(shifted[::-1], g[::-1])[::-1]
    before = jnp.concatenate([jnp.zeros_like(h[:1]), h[:-1]])
    return b_bar * before, b_bar


def moving_average(x, rate):
    def step(m, xt):
        m = rate * m + (1 - rate) * xt
        return m, m

    return jax.lax.scan(step, jnp.zeros_like(x[0]), x)[1]


def moving_average_backward(primals, g):
    x, rate = primals
    means = moving_average(x, rate)
    before = jnp.concatenate([jnp.zeros_like(x[:1]), means[:-1]])

    def step(later, now):
        total = now + rate * later
        return total, total

    totals = jax.lax.scan(step, jnp.zeros_like(x[0]), g, reverse=True)[1]
    return (1 - rate) * totals, (totals * (before - x)).sum()


@jax.custom_vjp
def cumulative_logsumexp(x):
    return jax.lax.cumlogsumexp(x)


def cumulative_logsumexp_bwd(saved, g):
    """x̄ᵢ = Σⱼ≥ᵢ ȳⱼ exp(xᵢ − yⱼ)."""
    x, y = saved
    reached = jnp.arange(len(x))[:, None] <= jnp.arange(len(x))
    return (jnp.where(reached, jnp.exp(jnp.where(reached, x[:, None] - y, 0)), 0) @ g,)


cumulative_logsumexp.defvjp(lambda x: (cumulative_logsumexp(x), (x, cumulative_logsumexp(x))), cumulative_logsumexp_bwd)


def running_maximum(x):
    return jax.lax.cummax(x)


def running_maximum_backward(primals, g):
    """Each place of the output belongs to the last place where a new maximum was set."""
    (x,) = primals
    y = running_maximum(x)
    record = jnp.concatenate([jnp.ones(min(1, len(x)), bool), x[1:] > y[:-1]])
    owner = jax.lax.cummax(jnp.where(record, jnp.arange(len(x)), 0))
    return (jnp.zeros_like(x).at[owner].add(g),)


def warp(costs):
    """Soft dynamic time warping with γ = 1."""
    n, m = costs.shape
    D = {(-1, -1): jnp.zeros((), costs.dtype)}
    for i in range(n):
        for j in range(m):
            ways = [D[k] for k in ((i - 1, j), (i, j - 1), (i - 1, j - 1)) if k in D]
            D[i, j] = costs[i, j] - jax.nn.logsumexp(-jnp.stack(ways))
    return D[n - 1, m - 1], D


def warp_backward(primals, g):
    """The expected alignment E, from the last cell backwards."""
    (costs,) = primals
    n, m = costs.shape
    _, D = warp(costs)
    E = {(n - 1, m - 1): jnp.ones((), costs.dtype)}
    for i in reversed(range(n)):
        for j in reversed(range(m)):
            nexts = [k for k in ((i + 1, j), (i, j + 1), (i + 1, j + 1)) if k in E]
            if nexts:
                E[i, j] = sum(E[k] * jnp.exp(D[k] - costs[k] - D[i, j]) for k in nexts)
    return (g * jnp.stack([jnp.stack([E[i, j] for j in range(m)]) for i in range(n)]),)


rng = np.random.default_rng(0)
labels = rng.integers(0, 3, 5)
CASES = (
    pair("log-partition of a chain", log_partition, marginals, normal((5, 3), (3, 3))),
    pair("CRF loss with labels", crf_loss, crf_loss_backward, normal((5, 3), (3, 3), labels=labels)),
    pair("hidden Markov model", hidden_markov, hidden_markov_backward, normal((3,), (3, 3), (4, 3))),
    halves("recurrent cell through time", rnn, rnn_fwd, rnn_bwd, normal((2, 3), (4, 2, 3), (3, 3), (3, 3), (3,))),
    pair("GRU step", gru, gru_backward, normal((4, 3), (4, 2), (3, 6), (2, 6))),
    pair("linear recurrence", linear_recurrence, linear_recurrence_backward, normal((5, 3), (5, 3))),
    pair("moving average", moving_average, moving_average_backward, normal((5, 3), rate=np.float32(0.9))),
    custom("cumulative log-sum-exp", cumulative_logsumexp, normal((6,))),
    pair("running maximum", running_maximum, running_maximum_backward, normal((6,))),
    pair("soft time warping", lambda costs: warp(costs)[0], warp_backward, normal((3, 4))),
)
