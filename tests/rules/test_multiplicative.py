"""What is particular to products: exactness at zeros and negative bases, and where no real derivative exists."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import functional_bp as bp

pytestmark = pytest.mark.usefixtures("float64")


def test_a_pair_multiplies_and_each_partner_is_the_other_s_derivative():
    y, J = bp.pair_product(jnp.array([2.0, 3.0, 0.0, 5.0]))
    np.testing.assert_array_equal(y, [6, 0])
    np.testing.assert_array_equal(J.to_dense(), [[3, 2, 0, 0], [0, 0, 5, 0]])


def test_an_odd_number_of_inputs_has_no_pairs():
    with pytest.raises(ValueError, match=r"pair_product: .* an even number, got \(3,\)"):
        bp.pair_product(jnp.ones(3))


def monomial(alpha, z):
    """Π z^α by repeated multiplication, for whole exponents ≥ 0: its derivative by JAX has no power in it."""
    return jnp.stack(
        [
            jnp.prod(jnp.stack([z[j] for j in range(len(z)) for _ in range(int(alpha[j, i]))] or [jnp.ones(())]))
            for i in range(alpha.shape[1])
        ]
    )


@pytest.mark.parametrize("z", [[0.0, 2.0, 3.0], [0.0, 0.0, 3.0], [-2.0, 0.0, 1.5], [-2.0, -1.0, -3.0], [0.0] * 3])
def test_whole_exponents_are_exact_at_zeros_and_negative_bases(z):
    z, alpha = jnp.array(z), jnp.array([[1.0, 2.0, 0.0], [0.0, 1.0, 3.0], [2.0, 1.0, 0.0]])
    y, J = bp.power_product(alpha, z)
    np.testing.assert_array_equal(y, monomial(np.asarray(alpha), z))
    _, J_z = J.blocks
    np.testing.assert_array_equal(J_z.to_dense(), jax.jacrev(lambda z: monomial(np.asarray(alpha), z))(z))


def test_the_derivative_by_an_exponent_is_zero_at_a_zero_base_if_the_exponent_is_positive():
    alpha = jnp.array([[0.5], [2.0]])
    _, J = bp.power_product(alpha, jnp.array([0.0, 3.0]))
    alpha_bar, _ = jnp.ones(1) @ J
    np.testing.assert_array_equal(alpha_bar, np.zeros((2, 1)))


def test_where_the_real_power_does_not_exist_there_is_no_number():
    y, J = bp.power_product(jnp.array([[0.5]]), jnp.array([-1.0]))
    alpha_bar, z_bar = jnp.ones(1) @ J
    assert jnp.isnan(y).all() & jnp.isnan(alpha_bar).all() & jnp.isnan(z_bar).all()
    y, J = bp.power_product(jnp.array([[3.0]]), jnp.array([-2.0]))
    alpha_bar, z_bar = jnp.ones(1) @ J
    assert jnp.isnan(alpha_bar).all()  # (−2)^α is real at isolated α only
    np.testing.assert_array_equal(z_bar, [12.0])
    _, J = bp.power_product(jnp.array([[0.0]]), jnp.array([0.0]))
    assert jnp.isnan((jnp.ones(1) @ J)[0]).all()  # 0^α jumps at α = 0


def test_a_zero_among_many_factors_leaves_the_one_derivative_that_is_not_zero():
    z = jnp.full(64, 1.1).at[17].set(0.0)
    y, J = bp.power_product(jnp.ones((64, 1)), z)
    z_bar = (jnp.ones(1) @ J)[1]
    assert y == 0
    np.testing.assert_allclose(z_bar[17], 1.1**63, rtol=1e-12)
    assert (z_bar.at[17].set(0) == 0).all()


@pytest.mark.usefixtures("unchecked")
def test_parts_that_do_not_fit_are_named():
    with pytest.raises(ValueError, match=r"power_product: alpha \(n, m\) and z .*\(3, 2\), \(4,\)"):
        bp.power_product(jnp.ones((3, 2)), jnp.ones(4))
