"""Primals above 20,000 numbers: two points by default, all that small ones get when asked for."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from functional_bp.checking import check_backward
from functional_bp.checking.programs import SMALL

X = np.random.default_rng(0).standard_normal((250, 100)).astype("float32")


def masked_tanh(x, mask):
    return jnp.where(mask, jnp.tanh(x), jnp.zeros_like(x))


def backward(primals, y_bar):
    x, mask = primals
    return jnp.where(mask, (1 - jnp.tanh(x) ** 2) * y_bar, jnp.zeros_like(x)), None


def tampered(condition, factor=2):
    """The right backward, but where the condition on (x, mask, ȳ) holds."""

    def wrong(primals, y_bar):
        right, _ = backward(primals, y_bar)
        return jnp.where(condition(*primals, y_bar), factor * right + 1e-3, right), None

    return wrong


def by_vmap(primals, y_bar):
    """Under vmap another computation, as a custom_vmap rule with a fault would be."""

    @jax.custom_batching.custom_vmap
    def scale(g):
        return g

    scale.def_vmap(lambda size, batched, g: (2 * g, True))
    return backward(primals, scale(y_bar))


NONE = np.zeros((250, 100), bool)
SOME = np.arange(25_000).reshape(250, 100) % 3 == 0

DEFAULT = {
    "where the mask is set": tampered(lambda x, mask, g: mask),
    "at zero": tampered(lambda x, mask, g: mask & (x == 0)),
    "where it saturates": tampered(lambda x, mask, g: mask & (jnp.abs(x) > 50)),
    "in one element": tampered(lambda x, mask, g: jnp.arange(x.size).reshape(x.shape) == 12_345),
}
THOROUGH = {
    "at a zero cotangent": tampered(lambda x, mask, g: jnp.all(g == 0)),
    "in a batch of one": tampered(lambda x, mask, g: len(x) == 1),
    "when all masked": tampered(lambda x, mask, g: jnp.all(mask)),
    "at a constant of its own": tampered(lambda x, mask, g: x == 0.7),
    "under vmap": by_vmap,
}


def test_these_are_large():
    assert X.size > SMALL


@pytest.mark.parametrize("name", DEFAULT)
def test_found_by_default(name):
    report = check_backward(masked_tanh, DEFAULT[name], X, NONE)
    assert not report.ok, report


@pytest.mark.parametrize("name", THOROUGH)
def test_found_when_thorough(name):
    report = check_backward(masked_tanh, THOROUGH[name], X, SOME, thorough=True)
    assert not report.ok, report


def test_a_right_one_passes_thoroughly():
    report = check_backward(masked_tanh, backward, X, SOME, thorough=True)
    assert report.ok, report
    assert len(report.points) > 12
