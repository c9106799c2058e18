"""What is particular to dropout: the mask is the Jacobian, is drawn by the key, and keeps the mean."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import functional_bp as bp


def test_output_and_jacobian_have_one_mask():
    z = jax.random.normal(jax.random.key(0), (50, 20))
    y, J = bp.dropout(z, jax.random.key(1), rate=0.25)
    assert set(np.unique(J.d)) == {0, np.float32(1 / 0.75)}
    np.testing.assert_array_equal(y, J @ z)
    np.testing.assert_array_equal(jnp.ones_like(z) @ J, J.d)


@pytest.mark.usefixtures("float64")
def test_jax_finds_the_same_jacobian():
    z, key = jax.random.normal(jax.random.key(0), (8,)), jax.random.key(3)
    _, J = bp.dropout(z, key, rate=0.4)
    np.testing.assert_array_equal(J.to_dense(), jax.jacrev(lambda z: bp.dropout(z, key, rate=0.4)[0])(z))


@pytest.mark.parametrize("rate", [0.0, 0.1, 0.5, 0.9])
def test_the_part_that_is_dropped_is_the_rate_and_the_mean_stays(rate):
    """Within five standard deviations of a binomial count."""
    n = 100_000
    y, J = bp.dropout(jnp.ones((n,)), jax.random.key(2), rate=rate)
    deviation = np.sqrt(rate * (1 - rate) / n)
    assert abs((np.asarray(J.d) == 0).mean() - rate) <= 5 * deviation
    assert abs(np.asarray(y, float).mean() - 1) <= 5 * deviation / (1 - rate) + 1e-6


def test_examples_and_keys_draw_for_themselves():
    z = jnp.ones((2, 1000))
    (first, second), _ = bp.dropout(z, jax.random.key(0))
    assert (first != second).any()
    assert (bp.dropout(z, jax.random.key(1))[0] != bp.dropout(z, jax.random.key(0))[0]).any()
    np.testing.assert_array_equal(bp.dropout(z, jax.random.key(0))[0], [first, second])


def test_a_chain_gives_every_dropout_a_key_of_its_own_and_none_in_evaluation():
    network = bp.chain(bp.dropout, partial(bp.dropout, rate=0.2))
    x = jnp.ones((3, 500))
    y, J = network.apply(network.init(jax.random.key(0)), x, jax.random.key(1))
    masks = [(jnp.ones_like(x) @ factor)[1] for factor in J.factors]
    assert ((np.asarray(masks[0]) == 0) != (np.asarray(masks[1]) == 0)).any()
    np.testing.assert_allclose(y, np.asarray(masks[0]) * np.asarray(masks[1]))
    np.testing.assert_array_equal(network.apply(network.init(jax.random.key(0)), x)[0], x)


@pytest.mark.parametrize("rate", [-0.1, 1.0, 1.5, float("nan")])
def test_a_rate_that_is_no_rate_is_refused(rate):
    with pytest.raises(ValueError, match=f"at least 0 and less than 1, got {rate}"):
        bp.dropout(jnp.ones((2,)), rate=rate)
