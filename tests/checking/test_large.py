"""Primals above 20,000 numbers: two points by default, all that small ones get when asked for."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from functional_bp.checking import check_backward
from functional_bp.checking.limits import SMALL
from functional_bp.checking.program.compiled import Program

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


def some(names, *at_once):
    """All of them are slow but those that are run at once."""
    return pytest.mark.parametrize(
        "name", [name if name in at_once else pytest.param(name, marks=pytest.mark.slow) for name in names]
    )


def test_these_are_large():
    assert X.size > SMALL


@some(DEFAULT, "in one element")
def test_found_by_default(name):
    report = check_backward(masked_tanh, DEFAULT[name], X, NONE)
    assert not report.ok, report


@some(THOROUGH, "at a zero cotangent", "in a batch of one")
def test_found_when_thorough(name):
    report = check_backward(masked_tanh, THOROUGH[name], X, SOME, thorough=True)
    assert not report.ok, report


def test_a_right_one_passes_thoroughly():
    report = check_backward(masked_tanh, backward, X, SOME, thorough=True)
    assert report.ok, report
    assert len(report.points) > 12


def test_a_mistake_in_a_large_network_is_named_after_few_gradients(monkeypatch):
    """The 320 rows of its Jacobians, of each bias at six samples, are not computed."""
    rng = np.random.default_rng(0)
    W1, W2, x = (rng.standard_normal(shape, "float32") / 10 for shape in ((300, 100), (100, 10), (32, 300)))
    gradients = []

    def counted(program, points):
        gradients.extend(points)
        return call(program, points)

    def mlp(W1, b, W2, x):
        return jnp.tanh(x @ W1 + jnp.broadcast_to(b, (32, 100))) @ W2

    def forgetful(primals, y_bar):
        W1, b, W2, x = primals
        h = jnp.tanh(x @ W1 + jnp.broadcast_to(b, (32, 100)))
        z_bar = y_bar @ W2.T  # without 1 − h²
        return x.T @ z_bar, z_bar.sum(0), h.T @ y_bar, z_bar @ W1.T

    call = Program.__call__
    monkeypatch.setattr(Program, "__call__", counted)
    report = check_backward(mlp, forgetful, W1, np.zeros(100, "float32"), W2, x)
    assert [verdict.ok for verdict in report.verdicts] == [False, False, True, False]
    assert all("the derivative of `tanh` is missing" in causes[0].text for causes in report.diagnoses.values())
    assert len(gradients) < 500
