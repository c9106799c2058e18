"""Transparent layers blended front to back: the backward begins one layer too early.

https://github.com/joeyan/gaussian_splatting/issues/35: the forward stops when little light is left and remembers
where. The backward walks back from there; taken one off, the last layer seen has no gradient.
"""

import jax
import jax.numpy as jnp
import numpy as np

LIVED = "unknown"
TRIGGER, SAID = "", ""
KINDS = {"few elements", "missing term", "part"}


def light_before(alpha):
    return jnp.cumprod(jnp.concatenate([jnp.ones_like(alpha[:1]), 1 - alpha[:-1]]))


def forward(alpha, colour):
    return (light_before(alpha) * alpha) @ colour


def behind(alpha, shade):
    """What is seen behind each layer, in the light that falls there."""

    def step(beyond, layer):
        opacity, here = layer
        return opacity * here + (1 - opacity) * beyond, beyond

    return jax.lax.scan(step, 0 * shade.sum(), (alpha, shade), reverse=True)[1]


def pull(primals, y_bar, last):
    alpha, colour = primals
    light, shade = light_before(alpha), colour @ y_bar
    seen = jnp.arange(len(alpha)) < last
    alpha_bar = light * (shade - behind(alpha, shade))
    return jnp.where(seen, alpha_bar, 0), jnp.where(seen, light * alpha, 0)[:, None] * y_bar


def backward(primals, y_bar):
    return pull(primals, y_bar, len(primals[0]))


def wrong(primals, y_bar):
    return pull(primals, y_bar, len(primals[0]) - 1)


def example_inputs():
    rng = np.random.default_rng(0)
    return rng.uniform(0.1, 0.6, 6).astype("float32"), rng.standard_normal((6, 3), "float32")
