"""Sampling between neighbours: on the last place the slope compares it with a zero beyond the edge.

https://github.com/pytorch/pytorch/issues/23925: positions are clipped to the image. A network that predicts no
displacement puts points exactly on the border, where the gradient was −8 instead of 2.
"""

import jax.numpy as jnp
import numpy as np

LIVED = "until 2020"
TRIGGER, SAID = "a position exactly on the border", r"border|edge|kink|clip"
KINDS = {"subgradient", "few elements"}


def forward(image, position):
    t = jnp.clip(position, 0, len(image) - 1)
    left = jnp.clip(jnp.floor(t).astype(int), 0, len(image) - 2)
    return image[left] + (image[left + 1] - image[left]) * (t - left)


def pull(primals, y_bar, inside, slope):
    image, position = primals
    t = jnp.clip(position, 0, len(image) - 1)
    left = jnp.clip(jnp.floor(t).astype(int), 0, len(image) - 2)
    image_bar = jnp.zeros_like(image).at[left].add(y_bar * (1 - (t - left))).at[left + 1].add(y_bar * (t - left))
    return image_bar, jnp.where(inside, slope, 0) * y_bar


def backward(primals, y_bar):
    image, position = primals
    left = jnp.clip(jnp.floor(position).astype(int), 0, len(image) - 2)
    inside = (position > 0) & (position < len(image) - 1)
    return pull(primals, y_bar, inside, image[left + 1] - image[left])


def wrong(primals, y_bar):
    image, position = primals
    beyond = jnp.append(image, 0)
    left = jnp.clip(jnp.floor(position).astype(int), 0, len(image) - 1)
    inside = (position >= 0) & (position <= len(image) - 1)
    return pull(primals, y_bar, inside, beyond[left + 1] - beyond[left])


def example_inputs():
    rng = np.random.default_rng(0)
    return rng.standard_normal(6, "float32"), rng.uniform(0.1, 4.9, 4).astype("float32")
