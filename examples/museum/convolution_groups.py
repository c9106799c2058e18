"""A grouped convolution whose kernel's gradient pairs all outputs with the first group of inputs.

https://github.com/pytorch/pytorch/issues/51430: a helper that computes W̄ by another convolution arranged the
channels as if there were one group. Restated for one place and two groups.
"""

import jax.numpy as jnp
import numpy as np

LIVED = "until 2021"
TRIGGER, SAID = "", ""
KINDS = {"wrong residual", "permuted", "few elements"}


def forward(x, W):
    groups = x.reshape(len(x), 2, -1)
    return jnp.einsum("ngi,goi->ngo", groups, W).reshape(len(x), -1)


def pull(primals, y_bar, paired):
    x, W = primals
    groups, g = x.reshape(len(x), 2, -1), y_bar.reshape(len(x), 2, -1)
    return jnp.einsum("ngo,goi->ngi", g, W).reshape(x.shape), jnp.einsum("ngo,ngi->goi", g, paired(groups))


def backward(primals, y_bar):
    return pull(primals, y_bar, lambda groups: groups)


def wrong(primals, y_bar):
    return pull(primals, y_bar, lambda groups: jnp.broadcast_to(groups[:, :1], groups.shape))


def example_inputs():
    rng = np.random.default_rng(0)
    return rng.standard_normal((5, 6), "float32"), rng.standard_normal((2, 2, 3), "float32")
