"""Systems and determinants: the derived cotangents are the rules', and those of the other sign are refuted."""

import jax.numpy as jnp
import numpy as np
import pytest

import functional_bp as bp
from derivations import judge, total
from derivations.linear_algebra import A_dot, b_bar, given, i, k, moved, system, y
from derivations.registry import derivations


@pytest.mark.usefixtures("float64")
@pytest.mark.parametrize("rule", ["solve", "cholesky_solve"])
def test_the_tangents_of_the_derivation_are_those_of_the_rule(rule):
    """ȳ·ẏ = b̄·ḃ − b̄ Ȧ y, with the rule's b̄, and its Ā the coefficients of Ȧ."""
    rng = np.random.default_rng(0)
    A = rng.normal(size=(4, 4)) + 4 * np.eye(4)
    A = jnp.asarray(A if rule == "solve" else A + A.T)
    found, J = getattr(bp, rule)(A, jnp.asarray(rng.normal(size=4)))
    bar = jnp.asarray(rng.normal(size=4))
    A_bar, of_b = bar @ J
    np.testing.assert_allclose(of_b @ A, bar, rtol=1e-12)
    outer = jnp.outer(of_b, found)
    np.testing.assert_allclose(A_bar, -outer if rule == "solve" else -(outer + outer.T) / 2, rtol=1e-12)


@pytest.mark.usefixtures("float64")
def test_the_cofactors_of_a_row_over_the_determinant_are_the_rule_s():
    A = np.random.default_rng(1).normal(size=(3, 3))
    y, J = bp.log_determinant(jnp.asarray(A))
    minors = [np.linalg.det(np.delete(A[1:], c, 1)) * (-1) ** c for c in range(3)]
    np.testing.assert_allclose((jnp.ones(()) @ J)[0], np.array(minors) / np.linalg.det(A), rtol=1e-12)
    np.testing.assert_allclose(y, np.log(np.abs(np.linalg.det(A))), rtol=1e-12)
    assert str(derivations()["log_determinant.a"].result.lhs.expr) == "log(D)"


def test_the_other_sign_is_refuted():
    wrong = given + total(b_bar[i] * A_dot[i, k] * y[k], i, k)
    assert judge(moved, wrong, system, diagnose=False).status == "refuted"
