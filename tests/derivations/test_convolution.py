"""Convolution: the derived entries are the rule's, for taps that stride, padding and dilation set."""

import jax.numpy as jnp
import numpy as np
import pytest

import functional_bp as bp
from derivations import emit
from derivations.convolution import back, e, i, j, l, layer, p, q, t, u
from derivations.registry import derivations

pytestmark = pytest.mark.usefixtures("float64")
SIZES, TAPS, STRIDE, PADDING, DILATION = (3, 4), (2, 2), 2, 1, 2
OPTIONS = {"stride": STRIDE, "padding": PADDING, "dilation": DILATION}


def taps():
    """T[q, p, k] of an image, its positions, windows and taps numbered row by row."""
    outputs = [(n + 2 * PADDING - DILATION * (taps - 1) - 1) // STRIDE + 1 for n, taps in zip(SIZES, TAPS, strict=True)]
    T = np.zeros((*SIZES, *outputs, *TAPS))
    for window in np.ndindex(*outputs):
        for tap in np.ndindex(*TAPS):
            place = [STRIDE * w + DILATION * t - PADDING for w, t in zip(window, tap, strict=True)]
            if all(0 <= at < n for at, n in zip(place, SIZES, strict=True)):
                T[(*place, *window, *tap)] = 1
    return jnp.asarray(T.reshape(np.prod(SIZES), np.prod(outputs), np.prod(TAPS))), tuple(outputs)


@pytest.mark.parametrize("rule", ["convolution", "transposed_convolution"])
def test_the_emitted_entries_are_the_rule_s(rule):
    rng, (T, windows) = np.random.default_rng(0), taps()
    forth = rule == "convolution"
    given, sizes, channels = (layer, SIZES, (2, 3)) if forth else (back, windows, (3, 2))
    W, b = jnp.asarray(rng.normal(size=(*TAPS, 2, 3))), jnp.asarray(rng.normal(size=channels[1]))
    x = jnp.asarray(rng.normal(size=(*sizes, channels[0])))
    options = OPTIONS if forth else OPTIONS | {"extra": (0, 1)}
    _, J = getattr(bp, rule)(bp.ConvParams(W, b), x, **options)
    arrays = {"W": W.reshape(-1, 2, 3), "T": T, "x": x.reshape(-1, channels[0]), "b": b}
    row, column = (p, u) if forth else (q, t)
    entry = (l, e, j) if forth else (l, j, e)
    for name, block, indices in (
        ("W", J.blocks[0].W, entry),
        ("x", J.blocks[1], (column, e)),
        ("b", J.blocks[0].b, (j,)),
    ):
        result = derivations()[f"{rule}.{name}"].result.rhs
        emitted = emit(result, indices=(row, i, *indices), given=(given,))(
            **arrays, n=len(T), o=T.shape[1], m=channels[1]
        )
        dense = block.to_dense().reshape(emitted.shape)
        np.testing.assert_allclose(emitted, dense, rtol=1e-12, atol=1e-12, err_msg=name)
