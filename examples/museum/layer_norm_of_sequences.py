"""Layer norm whose backward sees every input as a matrix.

https://github.com/flagos-ai/FlagGems/issues/5392: rows were counted by the first axis, and all other axes made one
row. For [batch, sequence, features], the one case that matters, x̄ is normalised over the sequence as well, and the
scale's gradient holds the first token only (in the kernel: whatever lies next in memory).
"""

import jax.numpy as jnp
import numpy as np

LIVED = "in release 5.0.2"
TRIGGER, SAID = "more than two axes", r"rank|leading axis"
KINDS = {"wrong axis", "missing sum", "few elements", "rank", "extra sum"}


def normalised(x):
    centred = x - x.mean(-1, keepdims=True)
    sigma = jnp.sqrt((centred**2).mean(-1, keepdims=True) + 1e-5)
    return centred / sigma, sigma


def forward(x, gamma, beta):
    return normalised(x)[0] * gamma + beta


def gradients(n, sigma, gamma, g, axes):
    h = g * gamma
    x_bar = (h - h.mean(axes, keepdims=True) - n * (h * n).mean(axes, keepdims=True)) / sigma
    return x_bar, (g * n).reshape(-1, n.shape[-1]), g.reshape(-1, n.shape[-1])


def backward(primals, y_bar):
    x, gamma, _ = primals
    x_bar, gamma_bar, beta_bar = gradients(*normalised(x), gamma, y_bar, -1)
    return x_bar, gamma_bar.sum(0), beta_bar.sum(0)


def wrong(primals, y_bar):
    x, gamma, _ = primals
    x_bar, gamma_bar, beta_bar = gradients(*normalised(x), gamma, y_bar, tuple(range(1, x.ndim)))
    stride = len(gamma_bar) // len(x)  # one row for each entry of the first axis, of which the first token is kept
    return x_bar, gamma_bar[::stride].sum(0), beta_bar[::stride].sum(0)


def example_inputs():
    rng = np.random.default_rng(0)
    return tuple(rng.standard_normal(shape, "float32") for shape in ((4, 6), (6,), (6,)))
