"""What is particular to the affine rule: shared parameters sum over the batch, and parts that do not fit are named."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import functional_bp as bp


def params(m=2, n=3):
    return bp.AffineParams(jnp.arange(1.0, 1 + m * n).reshape(m, n), jnp.ones(m))


def test_the_weight_s_cotangent_is_the_outer_product_of_the_textbook():
    y, z_bar = jnp.array([1.0, 2.0, 3.0]), jnp.array([10.0, 100.0])
    z, J = bp.affine(params(), y)
    np.testing.assert_array_equal(z, [15, 33])
    params_bar, y_bar = z_bar @ J
    np.testing.assert_array_equal(params_bar.W, [[10, 20, 30], [100, 200, 300]])
    np.testing.assert_array_equal(params_bar.b, z_bar)
    np.testing.assert_array_equal(y_bar, [410, 520, 630])


@pytest.mark.usefixtures("float64")
def test_a_batch_sums_the_cotangents_of_its_examples():
    y = jax.random.normal(jax.random.key(0), (2, 4, 3))
    z_bar = jax.random.normal(jax.random.key(1), (2, 4, 2))
    together, _ = z_bar @ bp.affine(params(), y)[1]
    each = [(z_bar[i, j] @ bp.affine(params(), y[i, j])[1])[0] for i in range(2) for j in range(4)]
    np.testing.assert_allclose(together.W, sum(one.W for one in each), rtol=1e-13)
    np.testing.assert_allclose(together.b, sum(one.b for one in each), rtol=1e-13)


def test_the_bias_is_a_weight_of_a_unit_that_is_always_1():
    y = jnp.array([[1.0, 2.0, 3.0], [-1.0, 0.0, 2.0]])
    W, b = params()
    wide = bp.AffineParams(jnp.concatenate([b[:, None], W], 1), jnp.zeros(2))
    ones = jnp.concatenate([jnp.ones((2, 1)), y], 1)
    z, J = bp.affine(params(), y)
    z_wide, J_wide = bp.affine(wide, ones)
    np.testing.assert_array_equal(z, z_wide)
    z_bar = jnp.array([[1.0, 2.0], [3.0, 4.0]])
    np.testing.assert_array_equal((z_bar @ J)[0].b, (z_bar @ J_wide)[0].W[:, 0])


def test_the_weight_s_jacobian_is_never_materialised():
    _, J = bp.affine(params(), jnp.ones((7, 3)))
    assert {leaf.shape for leaf in jax.tree.leaves(J)} == {(7, 3), (2, 3)}


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize(
    ("W", "b", "y", "part"),
    [
        ((2, 3), (2,), (5, 4), r"y must have shape \(\*batch, 3\).*\(5, 4\)"),
        ((2, 3), (3,), (3,), r"b must have shape \(2,\).*\(3,\)"),
        ((6,), (2,), (3,), r"W must have shape \(out, in\).*\(6,\)"),
        ((2, 3), (2,), (), r"y must have shape"),
    ],
)
def test_parts_that_do_not_fit_are_named(W, b, y, part):
    with pytest.raises(ValueError, match=f"^affine: {part}"):
        bp.affine(bp.AffineParams(jnp.ones(W), jnp.ones(b)), jnp.ones(y))
