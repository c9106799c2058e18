"""Pooling: the derived entries are the rule's, one window a channel."""

import jax.numpy as jnp
import numpy as np
import pytest

import functional_bp as bp
from derivations import emit
from derivations.pooling import best, l, mean, s, shared, t, u
from derivations.registry import derivations

pytestmark = pytest.mark.usefixtures("float64")


@pytest.mark.parametrize(("rule", "definition"), [("max_pool", best), ("mean_pool", mean)])
def test_the_emitted_entries_are_the_rule_s(rule, definition):
    windows = jnp.asarray(np.random.default_rng(0).normal(size=(3, 4)))  # of each channel one
    x = windows.T.reshape(2, 2, 3)
    dense = getattr(bp, rule)(x)[1].to_dense().reshape(3, 4, 3)
    result = derivations()[rule].result.rhs
    winner = (windows == windows.max(-1, keepdims=True)).astype(float)
    arrays = {"m": winner} if rule == "max_pool" else {"n": 4}
    emitted = emit(result, indices=(t, s, l), given=(definition,))(**arrays, T=3)
    np.testing.assert_allclose(emitted, jnp.moveaxis(dense, 1, 2), rtol=1e-12)


@pytest.mark.parametrize("rule", ["adaptive_max_pool", "adaptive_mean_pool"])
def test_of_windows_that_overlap_too(rule):
    """2 × 3 positions in 3 × 2 windows."""
    x = jnp.asarray(np.random.default_rng(0).normal(size=(2, 3, 1)))
    rows, columns = ([0], [0, 1], [1]), ([0, 1], [1, 2])
    windows = [[3 * a + b for a in rows_of for b in columns_of] for rows_of in rows for columns_of in columns]
    share = np.zeros((6, 6))
    for number, window in enumerate(windows):
        places = [max(window, key=lambda q: float(x.ravel()[q]))] if "max" in rule else window
        share[number, places] = 1 / len(places)
    dense = getattr(bp, rule)(x, (3, 2))[1].to_dense().reshape(6, 6)
    emitted = emit(derivations()[rule].result.rhs, indices=(t, u), given=(shared,))(p=jnp.asarray(share))
    np.testing.assert_allclose(emitted, dense, rtol=1e-12)
