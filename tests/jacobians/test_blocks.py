"""Products and sums of rows and columns of blocks, of deep chains and of empty ones, written dense."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import functional_bp as bp

D, E = bp.Diagonal(jnp.array([1.0, 2.0, 3.0])), bp.Diagonal(jnp.array([1.0, 10.0, 100.0]))
A = bp.Dense(jnp.arange(6.0).reshape(3, 2))


def test_a_row_times_a_column_is_the_sum_of_the_blocks_products():
    J = bp.BlockRow((D, E)) @ bp.BlockColumn((E, D))
    np.testing.assert_array_equal(J.to_dense(), 2 * np.diag([1.0, 20.0, 300.0]))
    np.testing.assert_array_equal(jnp.ones(3) @ J, [2, 40, 600])


def test_a_column_times_a_matrix_is_the_column_of_products():
    upper, lower = (bp.BlockColumn((D, E)) @ A).to_dense()
    np.testing.assert_array_equal(upper, D.to_dense() @ A.A)
    np.testing.assert_array_equal(lower, E.to_dense() @ A.A)


def test_an_output_that_nothing_depends_on_adds_nothing():
    column = bp.BlockColumn({"a": D, "b": E})
    np.testing.assert_array_equal(jnp.ones(3) @ (bp.BlockRow({"a": D, "b": None}) @ column), [1, 4, 9])
    both = bp.BlockRow({"a": D, "b": None}) + bp.BlockRow({"a": None, "b": E})
    assert both.shape.inputs == {"a": (3,), "b": (3,)}
    np.testing.assert_array_equal(jnp.ones(3) @ (both @ column), [2, 104, 10009])


def test_what_does_not_fit_is_refused_in_blocks_too():
    with pytest.raises(ValueError, match="cannot compose"):
        bp.BlockRow((D, E)) @ bp.BlockColumn((D, A, E))
    with pytest.raises(ValueError, match="cannot compose"):
        bp.BlockRow((D, E)) @ bp.BlockColumn((D, bp.Identity((4,))))


def test_the_product_of_a_rule_and_a_residual_block_is_written_by_blocks():
    layer = bp.residual(bp.affine_layer(3, 3))
    params, x = layer.init(jax.random.key(0)), jnp.ones((4, 3))
    y, J = layer.apply(params, x)
    _, J_y = bp.softmax(y)
    _, dense = (J_y @ J).to_dense()
    np.testing.assert_allclose(dense, J_y.to_dense() @ (jnp.eye(3) + params.W)[None], rtol=1e-5, atol=1e-7)


def test_a_deep_chain_is_multiplied_in_time_polynomial_in_its_depth():
    depth = 60
    J = bp.Identity((2,))
    for _ in range(depth):
        J = bp.Diagonal(jnp.array([1.0, 0.5])) @ bp.Dense(jnp.array([[1.0, 1.0], [0.0, 1.0]])) @ J
    expected = np.linalg.matrix_power(np.array([[1.0, 1.0], [0.0, 0.5]]), depth)
    np.testing.assert_allclose(J.to_dense(), expected, rtol=1e-5)


@pytest.mark.parametrize("shape", [(0, 3), (2, 0), (0, 0)], ids=str)
def test_nothing_at_all_has_an_empty_matrix(shape):
    for rule in (bp.softmax, bp.log_softmax, bp.tanh, bp.identity):
        _, J = rule(jnp.zeros(shape))
        assert J.to_dense().shape[-2:] == (shape[1], shape[1])


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_the_identity_takes_the_dtype_of_what_it_is_added_to(dtype, float64):
    network = bp.chain(bp.residual(bp.affine_layer(3, 3, dtype=dtype)))
    _, J = network.apply(network.init(jax.random.key(0)), jnp.ones((2, 3), dtype))
    assert {leaf.dtype.name for leaf in jax.tree.leaves(J.to_dense())} == {dtype}
