"""Wrong where something is masked, or everything."""

import jax
import jax.numpy as jnp
import numpy as np
from triggered.case import normal, rows


def masked_softmax(z, mask):
    return jnp.where(mask, jax.nn.softmax(jnp.where(mask, z, -1e9)), 0)


def masked_softmax_with(change):
    def backward(primals, g):
        z, mask = primals
        y = masked_softmax(z, mask)
        return jnp.where(mask, change(y, mask, g), 0), None

    return backward


def masked_mean(x, mask):
    return jnp.where(mask, x, 0).sum() / jnp.maximum(mask.sum(), 1)


def masked_mean_by_size(primals, g):
    _, mask = primals
    return jnp.where(mask, g / mask.size, 0), None


def masked_sum(x, mask):
    return jnp.where(mask, x**2, 0).sum()


x45, positive = normal((4, 5)), (np.abs(normal((4, 5))[0]) + 0.1,)
allowed = np.random.default_rng(3).random((4, 5)) < 0.7
allowed[:, 1] = True
full = np.ones((4, 5), bool)
partly, none = allowed.copy(), allowed.copy()
partly[:, -1], none[2] = False, False
MASKS = rows(
    "padding",
    r"mask|padding",
    (
        "a softmax's sum over padding",
        masked_softmax,
        masked_softmax_with(lambda y, m, g: y * (g - (jnp.where(m, y, 0.2) * g).sum(-1, keepdims=True))),
        (*x45, full),
        (*x45, partly),
    ),
    ("a mean by the full size", masked_mean, masked_mean_by_size, (*x45, full), (*x45, partly)),
    ("gradients in padding", masked_sum, lambda p, g: (2 * p[0] * g, None), (*x45, full), (*x45, partly)),
    (
        "the last column",
        masked_sum,
        lambda p, g: (2 * p[0] * g * jnp.where(jnp.arange(5) == 4, True, p[1]), None),
        (*x45, full),
        (*x45, partly),
    ),
    (
        "rows of padding",
        lambda x, m: (x * m).sum(-1) / jnp.maximum(m.sum(-1), 1),
        lambda p, g: (
            jnp.where(p[1].any(-1, keepdims=True), p[1], 1) * (g / jnp.maximum(p[1].sum(-1), 1))[:, None],
            None,
        ),
        (*x45, allowed),
        (*x45, none),
    ),
    (
        "a mask inverted where it is half",
        masked_sum,
        lambda p, g: (2 * p[0] * g * jnp.where(p[1].mean() < 0.5, ~p[1], p[1]), None),
        (*x45, full),
        (*x45, full & (np.arange(5) < 2)),
    ),
)

ROWS = MASKS
