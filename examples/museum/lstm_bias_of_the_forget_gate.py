"""An LSTM cell whose three gates' biases all get the forget gate's gradient.

https://github.com/hanbt/learn_dl/issues/53: copied lines, of which only the left side was changed.
"""

import jax
import jax.numpy as jnp
import numpy as np

LIVED = "open since 2019"
TRIGGER, SAID = "", ""
KINDS = {"wrong residual", "swapped"}


def gates(x, W, b):
    z = jnp.einsum("ni,gij->gnj", x, W) + b[:, None]
    return jax.nn.sigmoid(z[:3]), jnp.tanh(z[3])


def forward(x, W, b, c):
    (i, f, o), g = gates(x, W, b)
    return o * jnp.tanh(f * c + i * g)


def backward(primals, y_bar):
    x, W, b, c = primals
    (i, f, o), g = gates(x, W, b)
    t = jnp.tanh(f * c + i * g)
    c_bar = y_bar * o * (1 - t**2)
    z_bar = jnp.stack(
        [c_bar * g * i * (1 - i), c_bar * c * f * (1 - f), y_bar * t * o * (1 - o), c_bar * i * (1 - g**2)]
    )
    x_bar = jnp.einsum("gnj,gij->ni", z_bar, W)
    return x_bar, jnp.einsum("ni,gnj->gij", x, z_bar), z_bar.sum(1), c_bar * f


def wrong(primals, y_bar):
    x_bar, W_bar, b_bar, c_bar = backward(primals, y_bar)
    return x_bar, W_bar, b_bar[jnp.array([1, 1, 1, 3])], c_bar


def example_inputs():
    rng = np.random.default_rng(0)
    return tuple(rng.standard_normal(shape, "float32") for shape in ((5, 4), (4, 4, 3), (4, 3), (5, 3)))
