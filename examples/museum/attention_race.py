"""Attention whose row sums are sometimes read before they are all written.

https://github.com/Dao-AILab/flash-attention/issues/2481: δ = Σ o ō was computed from a half-written ō, once in some
thousand steps. Q̄ and K̄ were wrong, V̄ right; training diverged. Here one call in a hundred.
"""

import itertools

import numpy as np

LIVED = "unknown"
TRIGGER, SAID = "one call in a hundred", r"call|determin|race|differ"
KINDS = {"not deterministic"}
CALLS = itertools.count(1)


def probabilities(q, k):
    s = q @ k.T / np.sqrt(q.shape[1]).astype(q.dtype)
    e = np.exp(s - s.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def forward(q, k, v):
    q, k, v = (np.asarray(a) for a in (q, k, v))
    return probabilities(q, k) @ v


def pull(primals, y_bar, written):
    q, k, v = (np.asarray(a) for a in primals)
    y_bar, p = np.asarray(y_bar), probabilities(q, k)
    delta = ((p @ v) * y_bar)[:, :written].sum(-1, keepdims=True)
    s_bar = p * (y_bar @ v.T - delta) / np.sqrt(q.shape[1]).astype(q.dtype)
    return s_bar @ k, s_bar.T @ q, p.T @ y_bar


def backward(primals, y_bar):
    return pull(primals, y_bar, None)


def wrong(primals, y_bar):
    return pull(primals, y_bar, 2 if next(CALLS) % 100 == 0 else None)


def example_inputs():
    rng = np.random.default_rng(0)
    return tuple(rng.standard_normal((5, 4), "float32") for _ in range(3))
