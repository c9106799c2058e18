"""A convolution in depth, rows and columns whose x̄ is written at the output's depth.

https://github.com/NervanaSystems/neon/issues/111: each window's gradient goes to [:, m] where [:, d] is due, m
counting the outputs.
"""

import jax.numpy as jnp
import numpy as np

LIVED = "until September 2015"
TRIGGER, SAID = "", ""
KINDS = {"permuted", "few elements", "wrong residual"}


def taps(x, w):
    return [(m, d) for m in range(x.shape[0] - w.shape[0] + 1) for d in range(m, m + w.shape[0])]


def forward(x, w):
    rows = [jnp.zeros_like(x[0])] * (x.shape[0] - w.shape[0] + 1)
    for m, d in taps(x, w):
        rows[m] = rows[m] + x[d] * w[d - m]
    return jnp.stack(rows)


def pull(primals, y_bar, place):
    x, w = primals
    x_bar, w_bar = jnp.zeros_like(x), jnp.zeros_like(w)
    for m, d in taps(x, w):
        x_bar = x_bar.at[place(m, d)].add(y_bar[m] * w[d - m])
        w_bar = w_bar.at[d - m].add((y_bar[m] * x[d]).sum())
    return x_bar, w_bar


def backward(primals, y_bar):
    return pull(primals, y_bar, lambda m, d: d)


def wrong(primals, y_bar):
    return pull(primals, y_bar, lambda m, d: m)


def example_inputs():
    rng = np.random.default_rng(0)
    return rng.standard_normal((5, 4), "float32"), rng.standard_normal(2, "float32")
