"""A convolution with a bias in a loop over the kernel, stride two, and a leaky relu."""

import jax.numpy as jnp
from mistakes.network import Network, mistakes, normal


def windows(x, w):
    n = (x.shape[1] - len(w)) // 2 + 1
    return [x[:, k : k + 2 * n - 1 : 2] for k in range(len(w))]


def forward(x, w, b):
    z = sum(part @ w[k] for k, part in enumerate(windows(x, w))) + b
    return jnp.where(z > 0, z, 0.1 * z)


def back(z_bar, w, x, kernel=None, first=0):
    x_bar, n = jnp.zeros_like(x), z_bar.shape[1]
    for k in range(len(w)):
        at = (k + first) % x.shape[1]
        part = z_bar @ (w[k] if kernel is None else kernel[k]).T
        x_bar = x_bar.at[:, at : at + 2 * n - 1 : 2].add(part[:, : len(range(at, min(at + 2 * n - 1, x.shape[1]), 2))])
    return x_bar


NETWORK = Network(
    "strided convolution in a loop",
    forward,
    normal((2, 9, 3), (3, 3, 3), (3,)),
    {
        "z": lambda x, w, b: sum(part @ w[k] for k, part in enumerate(windows(x, w))) + b,
        "slope": lambda z: jnp.where(z > 0, 1.0, 0.1),
        "z_bar": lambda y_bar, slope: y_bar * slope,
        "x_bar": lambda z_bar, w, x: back(z_bar, w, x),
        "w_bar": lambda x, w, z_bar: jnp.stack([jnp.einsum("nti,nto->io", part, z_bar) for part in windows(x, w)]),
        "b_bar": lambda z_bar: z_bar.sum((0, 1)),
    },
    mistakes(
        ("the kernel reversed", "permuted", "x_bar", lambda z_bar, w, x: back(z_bar, w, x, w[::-1])),
        ("channels not exchanged", "transposed", "x_bar", lambda z_bar, w, x: back(z_bar, w, x, w.swapaxes(1, 2))),
        (
            "the kernel reversed, channels not exchanged",
            "permuted|transposed|two mistakes",
            "x_bar",
            lambda z_bar, w, x: back(z_bar, w, x, w[::-1].swapaxes(1, 2)),
        ),
        ("the first tap only", "missing term|missing sum", "x_bar", lambda z_bar, w, x: back(z_bar, w[:1], x)),
        ("the last tap lost", "missing term|missing sum", "x_bar", lambda z_bar, w, x: back(z_bar, w[:-1], x)),
        ("one place late", "permuted", "x_bar", lambda z_bar, w, x: jnp.roll(back(z_bar, w, x), 1, 1)),
        ("the slope forgotten", "missing factor|mask", "slope", lambda z: jnp.ones_like(z)),
        ("relu's slope", "few elements|threshold|missing term|mask", "slope", lambda z: jnp.where(z > 0, 1.0, 0.0)),
        ("the slope inverted", "mask", "slope", lambda z: jnp.where(z > 0, 0.1, 1.0)),
        ("the slope twice", "extra factor|few elements", "slope", lambda z: jnp.where(z > 0, 1.0, 0.01)),
        ("the threshold at one half", "threshold|mask|few elements", "slope", lambda z: jnp.where(z > 0.5, 1.0, 0.1)),
        (
            "the threshold at the cotangent",
            "mask|wrong residual|not linear",
            "slope",
            lambda y_bar: jnp.where(y_bar > 0, 1.0, 0.1),
        ),
        (
            "w̄ reversed",
            "permuted",
            "w_bar",
            lambda x, w, z_bar: jnp.stack([jnp.einsum("nti,nto->io", part, z_bar) for part in windows(x, w)[::-1]]),
        ),
        (
            "w̄ transposed",
            "transposed",
            "w_bar",
            lambda x, w, z_bar: jnp.stack([jnp.einsum("nti,nto->oi", part, z_bar) for part in windows(x, w)]),
        ),
        (
            "w̄ without the slope",
            "missing factor|mask",
            "w_bar",
            lambda x, w, y_bar: jnp.stack([jnp.einsum("nti,nto->io", part, y_bar) for part in windows(x, w)]),
        ),
        (
            "w̄ of the first row",
            "missing sum|first row",
            "w_bar",
            lambda x, w, z_bar: jnp.stack([jnp.einsum("ti,to->io", part[0], z_bar[0]) for part in windows(x, w)]),
        ),
        (
            "w̄ averaged",
            "factor",
            "w_bar",
            lambda x, w, z_bar: jnp.stack([jnp.einsum("nti,nto->io", part, z_bar) for part in windows(x, w)]) / len(x),
        ),
        ("b̄ of the first place", "missing sum|first row", "b_bar", lambda z_bar: z_bar[:, 0].sum(0)),
        ("b̄ over the batch averaged", "factor", "b_bar", lambda z_bar: z_bar.mean(0).sum(0)),
        ("b̄ without the slope", "missing factor|mask", "b_bar", lambda y_bar: y_bar.sum((0, 1))),
    ),
)
