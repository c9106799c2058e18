"""An invertible layer norm that undoes its scale with another column's γ and β.

https://github.com/microsoft/DeepSpeed/pull/692: to save memory the normalised input is recovered as (y − β) / γ, but
γ and β were read at the thread's row instead of its column. As long as γ = 1 and β = 0, as at the start of any
training and in any test, nothing is wrong.
"""

import jax.numpy as jnp
import numpy as np

LIVED = "from the first release with it"
TRIGGER, SAID = "γ not constant", r"constant|equal|drawn|random"
KINDS = {"wrong residual", "few elements", "permuted"}


def forward(x, gamma, beta):
    centred = x - x.mean(-1, keepdims=True)
    return centred / jnp.sqrt((centred**2).mean(-1, keepdims=True) + 1e-5) * gamma + beta


def pull(primals, y_bar, gamma_read, beta_read):
    x, gamma, _ = primals
    n = (forward(*primals) - beta_read) / gamma_read
    h = y_bar * gamma
    true_n = forward(x, jnp.ones_like(gamma), jnp.zeros_like(gamma))
    sigma = jnp.sqrt(x.var(-1, keepdims=True) + 1e-5)
    x_bar = (h - h.mean(-1, keepdims=True) - true_n * (h * true_n).mean(-1, keepdims=True)) / sigma
    return x_bar, (y_bar * n).sum(0), y_bar.sum(0)


def backward(primals, y_bar):
    _, gamma, beta = primals
    safe = jnp.where(gamma == 0, 1, gamma)
    n = forward(primals[0], jnp.ones_like(gamma), jnp.zeros_like(beta))
    return pull(primals, y_bar, safe, beta)[0], (y_bar * n).sum(0), y_bar.sum(0)


def wrong(primals, y_bar):
    x, gamma, beta = primals
    row = jnp.arange(len(x))[:, None] % len(gamma)
    return pull(primals, y_bar, jnp.where(gamma == 0, 1, gamma)[row], beta[row])


def example_inputs():
    x = np.random.default_rng(0).standard_normal((4, 6), "float32")
    return x, np.ones(6, "float32"), np.zeros(6, "float32")
