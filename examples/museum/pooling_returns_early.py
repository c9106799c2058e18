"""Max pooling whose backward returns from inside its loop.

https://github.com/riccardoandreoni0/CNN-from-scratch/issues/1: one level of indentation too deep, and only the first
window has a gradient. The network learns all the same.
"""

import jax.numpy as jnp
import numpy as np

LIVED = "until September 2023"
TRIGGER, SAID = "", ""
KINDS = {"few elements", "missing sum", "missing term", "part"}


def windows(x):
    return [(i, j) for i in range(0, x.shape[0] // 2 * 2, 2) for j in range(0, x.shape[1] // 2 * 2, 2)]


def forward(x):
    pooled = [x[i : i + 2, j : j + 2].max() for i, j in windows(x)]
    return jnp.stack(pooled).reshape(x.shape[0] // 2, x.shape[1] // 2)


def pull(primals, y_bar, visited):
    (x,) = primals
    x_bar = jnp.zeros_like(x)
    for i, j in windows(x)[:visited]:
        window = x[i : i + 2, j : j + 2]
        first = window.argmax()
        x_bar = x_bar.at[i + first // 2, j + first % 2].set(y_bar[i // 2, j // 2])
    return (x_bar,)


def backward(primals, y_bar):
    return pull(primals, y_bar, None)


def wrong(primals, y_bar):
    return pull(primals, y_bar, 1)


def example_inputs():
    return (np.random.default_rng(0).standard_normal((4, 6), "float32"),)
