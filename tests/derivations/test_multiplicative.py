"""Products: slips that look right, and powers of fractional exponent."""

import jax.numpy as jnp
import numpy as np
import pytest
from sympy import Derivative

from derivations import emit, judge
from derivations.multiplicative import alpha, base, first, i, j, k, p, pair, power, second, wrt_z, y, z


def test_the_factor_that_stays_is_the_other_one():
    swapped = first * z[2 * i - 1] + second * z[2 * i]
    assert judge(Derivative(y[i], z[k]), swapped, given=(pair.definition,)).status == "refuted"


def test_the_product_must_leave_out_the_factor_that_is_differentiated():
    slip = alpha[j, i] * base[j] ** (alpha[j, i] - 1) * y[i]
    assert judge(Derivative(y[i], base[j]), slip, given=(power,)).status == "refuted"


def test_the_exponent_of_another_output_does_not_matter():
    assert judge(Derivative(y[i], alpha[j, p]), y[i], given=(power,)).status == "refuted"


@pytest.mark.usefixtures("float64")
def test_a_cube_and_a_square_root_by_hand():
    bases, exponents = jnp.asarray([2.0, 9.0]), jnp.asarray([[3.0], [0.5]])
    J = emit(wrt_z.result.rhs, indices=(i, j), given=(power,))(z=bases, alpha=exponents)
    # y = z_1³ √z_2: ∂y/∂z_1 = 3 · 4 · 3 and ∂y/∂z_2 = 8 / (2 · 3)
    np.testing.assert_allclose(J, [[36.0, 8 / 6]], rtol=1e-14)
