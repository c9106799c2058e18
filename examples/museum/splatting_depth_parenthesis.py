"""The depth of blended layers: a pair of parentheses is missing.

https://github.com/ashawkey/diff-gaussian-rasterization/issues/4: (depth − what lies behind) ȳ was written depth −
behind ȳ.
"""

import jax
import jax.numpy as jnp
import numpy as np

LIVED = "until October 2023"
TRIGGER, SAID = "", ""
KINDS = {"not linear", "missing factor"}


def light_before(alpha):
    return jnp.cumprod(jnp.concatenate([jnp.ones_like(alpha[:1]), 1 - alpha[:-1]]))


def forward(alpha, depth):
    return (light_before(alpha) * alpha * depth).sum()


def behind(alpha, depth):
    """The depth of what lies behind each layer, in the light that falls there."""

    def step(beyond, layer):
        opacity, here = layer
        return opacity * here + (1 - opacity) * beyond, beyond

    return jax.lax.scan(step, 0 * depth.sum(), (alpha, depth), reverse=True)[1]


def pull(primals, y_bar, combine):
    alpha, depth = primals
    light = light_before(alpha)
    return light * combine(depth, behind(alpha, depth)), light * alpha * y_bar


def backward(primals, y_bar):
    return pull(primals, y_bar, lambda depth, behind: (depth - behind) * y_bar)


def wrong(primals, y_bar):
    return pull(primals, y_bar, lambda depth, behind: depth - behind * y_bar)


def example_inputs():
    rng = np.random.default_rng(0)
    return rng.uniform(0.1, 0.6, 6).astype("float32"), rng.uniform(1, 5, 6).astype("float32")
