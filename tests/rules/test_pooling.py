"""Pooling: ties, what is held, windows that do not fill the image."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import functional_bp as bp


def test_at_a_tie_the_first_takes_all():
    y, J = bp.max_pool(jnp.ones((2, 2, 1)))
    np.testing.assert_array_equal(y, [[[1]]])
    np.testing.assert_array_equal((jnp.full((1, 1, 1), 3.0) @ J)[..., 0], [[3, 0], [0, 0]])


@pytest.mark.parametrize("window", [(2,), (2, 2), (2, 1, 2), (1, 1)])
def test_over_any_number_of_axes(window):
    shape = (3, *(2 * p for p in window), 2)
    x = jax.random.normal(jax.random.key(0), shape)
    split = (3, *(n for p in window for n in (2, p)), 2)
    for rule, reduced in ((bp.max_pool, jnp.max), (bp.mean_pool, jnp.mean)):
        y, J = rule(x, window)
        axes = tuple(range(2, 2 + 2 * len(window), 2))
        expected, pullback = jax.vjp(lambda x, f=reduced, axes=axes: f(x.reshape(split), axes), x)
        np.testing.assert_allclose(y, expected, rtol=1e-6)
        np.testing.assert_allclose(jnp.cos(y) @ J, pullback(jnp.cos(expected))[0], rtol=1e-6)


def test_it_holds_a_byte_for_each_output():
    _, J = bp.max_pool(jnp.ones((5, 4, 4, 3)))
    assert [(leaf.size, leaf.dtype) for leaf in jax.tree.leaves(J)] == [(5 * 2 * 2 * 3, jnp.int8)]


@pytest.mark.parametrize("rule", [bp.max_pool, bp.mean_pool])
def test_windows_that_do_not_fill_the_image_are_refused(rule):
    with pytest.raises(ValueError, match=r"windows \(2, 2\) must fill the positions"):
        rule(jnp.ones((3, 4, 1)))


@pytest.mark.parametrize(("rule", "reduced"), [(bp.adaptive_max_pool, jnp.max), (bp.adaptive_mean_pool, jnp.mean)])
def test_adaptive_pools_to_one_number_take_all_positions(rule, reduced):
    x = jax.random.normal(jax.random.key(0), (3, 5, 2))
    y, J = rule(x, sizes=(1,))
    expected, pullback = jax.vjp(lambda x: reduced(x, axis=1, keepdims=True), x)
    np.testing.assert_allclose(y, expected, rtol=1e-6)
    np.testing.assert_allclose(jnp.cos(y) @ J, pullback(jnp.cos(y))[0], rtol=1e-6)
