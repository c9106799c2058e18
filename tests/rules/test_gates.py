"""Gated units hold their input alone, and take two halves."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import functional_bp as bp

every_gate = pytest.mark.parametrize("rule", [bp.glu, bp.swiglu, bp.geglu])


@every_gate
def test_it_holds_its_input_alone(rule):
    z = jnp.ones((5, 4))
    assert [leaf is z for leaf in jax.tree.leaves(rule(z)[1])] == [True]


@every_gate
def test_an_odd_length_is_refused(rule):
    with pytest.raises(ValueError, match="an even number of components, got 3"):
        rule(jnp.ones((2, 3)))


def test_which_half_is_the_gate():
    z = jnp.array([2.0, 100.0])
    np.testing.assert_allclose(bp.glu(z)[0], [2.0])
    np.testing.assert_allclose(bp.swiglu(z)[0], [2 * 100 / (1 + np.exp(-2.0))], rtol=1e-6)
