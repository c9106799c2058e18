"""Blended depth whose gradient stops at the weights: the depths themselves depend on the points too.

https://github.com/ashawkey/diff-gaussian-rasterization/issues/7: depth is the third coordinate of a point seen from
the camera, R x. The path through it was left out.
"""

import jax.numpy as jnp
import numpy as np

LIVED = "until October 2023"
TRIGGER, SAID = "", ""
KINDS = {"missing term"}


def forward(points, R):
    seen = points @ R.T
    weight = jnp.exp(-(seen[:, 0] ** 2) - seen[:, 1] ** 2)
    return (weight * seen[:, 2]).sum()


def pull(primals, y_bar, through_depth):
    points, R = primals
    seen = points @ R.T
    weight = jnp.exp(-(seen[:, 0] ** 2) - seen[:, 1] ** 2)
    slope = -2 * seen[:, :2] * (weight * seen[:, 2])[:, None]
    seen_bar = jnp.concatenate([slope, (weight if through_depth else 0 * weight)[:, None]], -1) * y_bar
    return seen_bar @ R, seen_bar.T @ points


def backward(primals, y_bar):
    return pull(primals, y_bar, through_depth=True)


def wrong(primals, y_bar):
    return pull(primals, y_bar, through_depth=False)


def example_inputs():
    rng = np.random.default_rng(0)
    return rng.standard_normal((5, 3), "float32"), np.linalg.qr(rng.standard_normal((3, 3)))[0].astype("float32")
