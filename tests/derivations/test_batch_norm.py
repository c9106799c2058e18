"""Batch norm in training: the derived cotangent is the rule's, and those that forget a sum are refuted."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import functional_bp as bp
from derivations import emit, judge, total
from derivations.batch_norm import T, deviation, h, h_bar, j, pulled, s, training, u, x
from derivations.registry import derivations


@pytest.mark.usefixtures("float64")
def test_the_emitted_cotangents_are_the_rule_s():
    rng = np.random.default_rng(0)
    rows, y_bar, gain, bias = (jnp.asarray(rng.normal(size=shape)) for shape in ((4, 3), (4, 3), (3,), (3,)))
    params = bp.BatchNormParams(gain, bias, jnp.zeros(3), jnp.ones(3))
    params_bar, x_bar = y_bar @ bp.batch_norm(params, rows, key=jax.random.key(0))[1]
    arrays = {"x": rows, "y_bar": y_bar, "gain": gain, "bias": bias, "eps": 1e-5}
    for name, found, indices in (("x", x_bar, (s, j)), ("gain", params_bar.gain, (j,))):
        rhs = derivations()[f"batch_norm.training.{name}"].result.rhs
        np.testing.assert_allclose(emit(rhs, indices=indices, given=training)(**arrays), found, rtol=1e-10)


@pytest.mark.parametrize("forgotten", ["the mean", "the variance"])
def test_a_statistic_taken_for_a_constant_is_refuted(forgotten):
    along = h[s, j] * total(h_bar[u, j] * h[u, j], u) / T
    across = total(h_bar[u, j], u) / T
    wrong = (h_bar[s, j] - (along if forgotten == "the mean" else across)) / deviation[j]
    assert judge(pulled(x[s, j]), wrong, training, diagnose=False).status == "refuted"
