"""A penalty on large logits whose backward never looks at ȳ.

https://github.com/fla-org/flash-linear-attention/pull/963: the penalty is half the mean of the squared largest logit
of each row. Its gradient was returned as it is, whatever the loss was multiplied by: a loss scale, or 1 over the
accumulated steps.
"""

import jax.numpy as jnp
import numpy as np

LIVED = "372 days"
TRIGGER, SAID = "", ""
KINDS = {"cotangent ignored"}


def forward(z):
    return 0.5 * jnp.mean(z.max(-1) ** 2)


def backward(primals, y_bar):
    (z,) = primals
    first = z.argmax(-1)[:, None] == jnp.arange(z.shape[-1])
    return (jnp.where(first, z, 0) / len(z) * y_bar,)


def wrong(primals, y_bar):
    return backward(primals, jnp.ones_like(y_bar))


def example_inputs():
    return (np.random.default_rng(0).standard_normal((4, 5), "float32"),)
