"""Linear attention whose Q̄ and K̄ hold the first block of the values' columns only.

https://github.com/fla-org/flash-linear-attention/pull/941: values wider than one block are worked on by several
programs whose parts must be added; only one was kept. Here a block has 4 columns.
"""

import jax.numpy as jnp
import numpy as np

LIVED = "up to 316 days"
TRIGGER, SAID = "values of more than 4 columns", r"larger than 4|smallest: 5|multiple of 4"
KINDS = {"missing term", "missing sum", "few elements", "part"}
BLOCK = 4


def forward(q, k, v):
    earlier = jnp.tril(jnp.ones((len(q), len(k)), q.dtype))
    return (q @ k.T * earlier) @ v


def pull(primals, y_bar, columns):
    q, k, v = primals
    earlier = jnp.tril(jnp.ones((len(q), len(k)), q.dtype))
    s_bar = y_bar[:, :columns] @ v[:, :columns].T * earlier
    return s_bar @ k, s_bar.T @ q, (q @ k.T * earlier).T @ y_bar


def backward(primals, y_bar):
    return pull(primals, y_bar, None)


def wrong(primals, y_bar):
    return pull(primals, y_bar, BLOCK)


def example_inputs():
    rng = np.random.default_rng(0)
    return tuple(rng.standard_normal((5, 4), "float32") for _ in range(3))
