"""A convolution of images by einsum over shifted copies, and the squares' mean."""

import jax.numpy as jnp
from mistakes.network import Network, mistakes, normal


def shifted(x):
    """[places of the kernel, n, h, w, c]"""
    padded = jnp.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)))
    return jnp.stack([padded[:, i : i + x.shape[1], j : j + x.shape[2]] for i in range(3) for j in range(3)])


def forward(x, K):
    y = jnp.einsum("knhwc,kcf->nhwf", shifted(x), K)
    return (y**2).mean((1, 2)) / 2


def correlate(a, K):
    return jnp.einsum("knhwc,kcf->nhwf", shifted(a), K)


NETWORK = Network(
    "convolution by einsum",
    forward,
    normal((2, 4, 5, 3), (9, 3, 3)),
    {
        "z": lambda x, K: correlate(x, K),
        "places": lambda x: x.shape[1] * x.shape[2],
        "z_bar": lambda z, y_bar, places: z * y_bar[:, None, None] / places,
        "turned": lambda K: K[::-1].swapaxes(1, 2),
        "x_bar": lambda z_bar, turned: correlate(z_bar, turned),
        "K_bar": lambda x, z_bar: jnp.einsum("knhwc,nhwf->kcf", shifted(x), z_bar),
    },
    mistakes(
        ("the kernel not flipped", "permuted", "turned", lambda K: K.swapaxes(1, 2)),
        ("channels not exchanged", "transposed", "turned", lambda K: K[::-1]),
        ("neither", "permuted|transposed|two mistakes", "turned", lambda K: K),
        (
            "flipped in rows only",
            "permuted",
            "turned",
            lambda K: K.reshape(3, 3, 3, 3)[::-1].reshape(9, 3, 3).swapaxes(1, 2),
        ),
        (
            "flipped in columns only",
            "permuted",
            "turned",
            lambda K: K.reshape(3, 3, 3, 3)[:, ::-1].reshape(9, 3, 3).swapaxes(1, 2),
        ),
        (
            "rows and columns exchanged",
            "transposed|permuted",
            "turned",
            lambda K: K.reshape(3, 3, 3, 3).swapaxes(0, 1).reshape(9, 3, 3)[::-1].swapaxes(1, 2),
        ),
        (
            "the middle only",
            "part",
            "turned",
            lambda K: K[::-1].swapaxes(1, 2) * (jnp.arange(9) == 4)[:, None, None],
        ),
        (
            "the square's derivative forgotten",
            "missing factor|wrong residual",
            "z_bar",
            lambda z, y_bar, places: jnp.ones_like(z) * y_bar[:, None, None] / places,
        ),
        (
            "the square's two not cancelled",
            "factor",
            "z_bar",
            lambda z, y_bar, places: 2 * z * y_bar[:, None, None] / places,
        ),
        (
            "at the squares",
            "wrong residual|extra factor",
            "z_bar",
            lambda z, y_bar, places: z**2 * y_bar[:, None, None] / places,
        ),
        ("a sum instead of a mean", "factor", "places", lambda x: 1),
        ("rows only in the mean", "factor", "places", lambda x: x.shape[1]),
        ("batch in the mean", "factor", "places", lambda x: x[..., 0].size),
        ("K̄ flipped", "permuted", "K_bar", lambda x, z_bar: jnp.einsum("knhwc,nhwf->kcf", shifted(x)[::-1], z_bar)),
        ("K̄ transposed", "transposed", "K_bar", lambda x, z_bar: jnp.einsum("knhwc,nhwf->kfc", shifted(x), z_bar)),
        (
            "K̄ at the output",
            "wrong residual",
            "K_bar",
            lambda z, z_bar: jnp.einsum("knhwc,nhwf->kcf", shifted(z), z_bar),
        ),
        (
            "K̄ of the first image",
            "missing sum|first row",
            "K_bar",
            lambda x, z_bar: jnp.einsum("khwc,hwf->kcf", shifted(x)[:, 0], z_bar[0]),
        ),
        (
            "K̄ with its places exchanged",
            "transposed|permuted",
            "K_bar",
            lambda x, z_bar: (
                jnp.einsum("knhwc,nhwf->kcf", shifted(x), z_bar).reshape(3, 3, 3, 3).swapaxes(0, 1).reshape(9, 3, 3)
            ),
        ),
    ),
)
