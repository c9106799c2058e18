"""A causal convolution whose initial state gets no gradient from sequences shorter than the kernel.

https://github.com/fla-org/flash-linear-attention/pull/1141: the last W − 1 inputs are handed on as the next state. If
the sequence is shorter, part of the old state is handed on too, and its gradient was forgotten.
"""

import jax.numpy as jnp
import numpy as np

LIVED = "207 days"
TRIGGER, SAID = "a sequence shorter than the kernel less one", r"short|smaller than"
KINDS = {"few elements", "missing term"}


def forward(x, w, state):
    padded = jnp.concatenate([state, x])
    return {"y": sum(padded[i : i + len(x)] * w[i] for i in range(len(w))), "state": padded[len(x) :]}


def pull(primals, y_bar, through):
    x, w, state = primals
    n, padded = len(x), jnp.concatenate([state, x])
    padded_bar = jnp.zeros_like(padded)
    for i in range(len(w)):
        padded_bar = padded_bar.at[i : i + n].add(y_bar["y"] * w[i])
    w_bar = jnp.stack([(y_bar["y"] * padded[i : i + n]).sum(0) for i in range(len(w))])
    handed_on = padded_bar.at[n:].add(y_bar["state"])
    state_bar = handed_on[: len(state)] if through else padded_bar[: len(state)]
    return handed_on[len(state) :], w_bar, state_bar


def backward(primals, y_bar):
    return pull(primals, y_bar, through=True)


def wrong(primals, y_bar):
    return pull(primals, y_bar, through=False)


def example_inputs():
    rng = np.random.default_rng(0)
    return tuple(rng.standard_normal(shape, "float32") for shape in ((5, 3), (4, 3), (3, 3)))
