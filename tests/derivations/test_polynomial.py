"""Polynomials of any degree: the square of the lectures, and slips in the power rule."""

import jax.numpy as jnp
import numpy as np
from sympy import Derivative, KroneckerDelta

from derivations import emit, judge, total
from derivations.polynomial import c, definition, i, j, k, wrt_z, y, z


def test_the_square_at_1_2_3():
    J = emit(wrt_z.result.rhs, indices=(i, j), given=(definition,))(
        z=jnp.asarray([1.0, 2.0, 3.0]), coefficients=jnp.asarray([0.0, 0.0, 1.0])
    )
    np.testing.assert_allclose(J, np.diag([2.0, 4.0, 6.0]))


def test_it_holds_at_zero_and_below():
    values = {"z": jnp.asarray([0.0, -2.0]), "coefficients": jnp.asarray([3.0, 5.0, 1.0])}
    J = emit(wrt_z.result.rhs, indices=(i, j), given=(definition,))(**values)
    np.testing.assert_allclose(J, np.diag([5.0, 1.0]))


def test_the_exponent_comes_down_and_is_lessened():
    for slip in (total(c[k] * z[i] ** k, k), total(k * c[k] * z[i] ** k, k), total(c[k] * z[i] ** (k - 1), k)):
        verdict = judge(Derivative(y[i], z[j]), KroneckerDelta(i, j) * slip, given=(definition,))
        assert verdict.status == "refuted"
