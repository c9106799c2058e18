"""Two experts fed by one input: x̄ holds what comes back through one of them.

https://github.com/linkedin/Liger-Kernel/pull/1413: a gate and an up-projection read x; on one kind of device the
second product was not added. The weights' gradients were right.
"""

import jax
import numpy as np

LIVED = "found by CI on another device"
TRIGGER, SAID = "", ""
KINDS = {"missing term"}


def forward(x, G, U):
    return jax.nn.silu(x @ G) * (x @ U)


def backward(primals, y_bar):
    x, G, U = primals
    g, u = x @ G, x @ U
    s = jax.nn.sigmoid(g)
    g_bar, u_bar = y_bar * u * (s + g * s * (1 - s)), y_bar * g * s
    return g_bar @ G.T + u_bar @ U.T, x.T @ g_bar, x.T @ u_bar


def wrong(primals, y_bar):
    x, G, U = primals
    _, G_bar, U_bar = backward(primals, y_bar)
    g = x @ G
    return (y_bar * g * jax.nn.sigmoid(g)) @ U.T, G_bar, U_bar


def example_inputs():
    rng = np.random.default_rng(0)
    return tuple(rng.standard_normal(shape, "float32") for shape in ((5, 4), (4, 3), (4, 3)))
