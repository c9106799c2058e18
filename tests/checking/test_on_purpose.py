"""Backward passes that are no derivative on purpose: recognised by name, and accepted where that is said."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from functional_bp.checking import check_backward, check_custom_vjp, check_vjp

pytestmark = pytest.mark.slow

X = np.random.default_rng(0).standard_normal((4, 5)).astype("float32")
ESTIMATORS = {
    "straight-through": (jnp.round, lambda p, g: g, lambda x: x, "straight-through"),
    "clipped": (
        jnp.sign,
        lambda p, g: jnp.where(jnp.abs(p[0]) <= 1, g, 0),
        lambda x: jnp.clip(x, -1, 1),
        "straight-through",
    ),
    "spike": (
        lambda x: (x > 0).astype(x.dtype),
        lambda p, g: g / (1 + jnp.abs(p[0])) ** 2,
        lambda x: x / (1 + jnp.abs(x)),
        "straight-through",
    ),
    "reversal": (lambda x: x, lambda p, g: -0.5 * g, lambda x: -0.5 * x, "reversal"),
}


@pytest.mark.parametrize("name", ESTIMATORS)
def test_an_estimator_is_named_and_accepted_when_meant(name):
    forward, backward, surrogate, kind = ESTIMATORS[name]
    report = check_backward(forward, backward, X)
    assert not report.ok
    assert report.verdicts[0].causes[0].kind == kind, report
    assert "intended=" in report.verdicts[0].causes[0].text
    assert check_backward(forward, backward, X, surrogate=surrogate).ok
    report = check_backward(forward, backward, X, intended="an estimator")
    assert report.ok
    assert "an estimator" in report.notes[0]


def test_what_is_intended_must_still_be_finite_and_of_the_right_shape():
    assert not check_backward(jnp.round, lambda p, g: g / 0.0, X, intended="an estimator").ok
    assert not check_backward(jnp.round, lambda p, g: g[0], X, intended="an estimator").ok


def test_fwd_is_held_to_the_primal_though_the_surrogate_judges():
    backward = lambda residuals, g: (g,)  # noqa: E731
    assert check_vjp(jnp.round, lambda x: (jnp.round(x), ()), backward, X, surrogate=lambda x: x).ok
    assert not check_vjp(jnp.round, lambda x: (x, ()), backward, X, surrogate=lambda x: x).ok


def test_static_arguments_and_defaults_are_as_jax_takes_them():
    def power(x, p, scale=2.0):
        return scale * x**p if isinstance(p, int) else 0 / 0

    rule = jax.custom_vjp(power, nondiff_argnums=(1,))

    def bwd(p, residuals, g):
        x, scale = residuals
        return scale * p * x ** (p - 1) * g, (x**p * g).sum()

    rule.defvjp(lambda x, p, scale: (power(x, p, scale), (x, scale)), bwd)
    report = check_custom_vjp(rule, X, 3)
    assert report.ok, report
    assert [v.name for v in report.verdicts] == ["x", "scale"]


def test_none_is_zero_where_zero_is_due():
    assert check_backward(lambda x, m: 2 * x + 0 * m, lambda p, g: (2 * g, None), X, X).ok
    report = check_backward(lambda x, m: 2 * x + m, lambda p, g: (2 * g, None), X, X)
    assert report.verdicts[1].causes[0].kind == "missing"
