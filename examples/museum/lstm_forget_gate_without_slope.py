"""An LSTM cell whose forget gate is passed back through its value, not its derivative.

https://github.com/CaptainE/RNN-LSTM-in-numpy/pull/2: the helper for the sigmoid takes a flag for the derivative; in
one of four places it was not set.
"""

import jax
import numpy as np

LIVED = "years (repaired June 2024)"
TRIGGER, SAID = "", ""
KINDS = {"missing factor", "wrong residual"}


def forward(x, W, c):
    z = x @ W
    return jax.nn.sigmoid(z) * c


def pull(primals, y_bar, slope):
    x, W, c = primals
    f = jax.nn.sigmoid(x @ W)
    z_bar = y_bar * c * slope(f)
    return z_bar @ W.T, x.T @ z_bar, y_bar * f


def backward(primals, y_bar):
    return pull(primals, y_bar, lambda f: f * (1 - f))


def wrong(primals, y_bar):
    return pull(primals, y_bar, lambda f: f)


def example_inputs():
    rng = np.random.default_rng(0)
    return tuple(rng.standard_normal(shape, "float32") for shape in ((5, 4), (4, 3), (5, 3)))
