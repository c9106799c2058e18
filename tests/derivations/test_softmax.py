"""Softmax: what a slip in its Jacobian leads to, and the derived vjp at a size that no loop over components reaches."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from sympy import Derivative, KroneckerDelta, exp

from derivations import emit, judge, total
from derivations.softmax import definition, i, j, k, vjp, y, z

SLIPS = {
    "missing delta": y[j] * (1 - y[i]),
    "sign": -y[j] * (KroneckerDelta(i, j) - y[i]),
    "z for y": y[j] * (KroneckerDelta(i, j) - z[i]),
    "diagonal alone": KroneckerDelta(i, j) * y[j] * (1 - y[j]),
}


@pytest.mark.parametrize("slip", SLIPS.values(), ids=SLIPS)
def test_a_slip_is_refuted(slip):
    verdict = judge(Derivative(y[j], z[i]), slip, given=(definition,))
    assert verdict.status == "refuted"
    assert verdict.counterexample is not None


def test_scaling_the_logits_is_not_free():
    verdict = judge(exp(2 * z[j]) / total(exp(2 * z[k]), k), y[j], given=(definition,), diagnose=False)
    assert verdict.status == "refuted"


@pytest.mark.usefixtures("float64")
def test_the_derived_vjp_at_n_1000():
    z_key, bar_key = jax.random.split(jax.random.key(0))
    logits, cotangent = jax.random.normal(z_key, (1000,)), jax.random.normal(bar_key, (1000,))
    derived = emit(vjp.result.rhs, indices=(i,), given=(definition,))(z=logits, y_bar=cotangent)
    _, pullback = jax.vjp(jax.nn.softmax, logits)
    np.testing.assert_allclose(derived, pullback(cotangent)[0], rtol=1e-10, atol=1e-16)
    assert jnp.abs(derived).max() > 1e-4
