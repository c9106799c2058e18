"""Affine layers: the derived gradients of a batch are what the rule's Jacobian gives, and the layouts are not one."""

import jax
import numpy as np
import pytest
from sympy import Derivative

from derivations import emit, judge
from derivations.affine import A, W, Z, b, batch, definition, i, j, k, l, t, transposed, y, z
from derivations.registry import derivations
from functional_bp import AffineParams, affine


@pytest.mark.usefixtures("float64")
def test_the_derived_gradients_of_a_batch_are_those_of_the_rule():
    keys = jax.random.split(jax.random.key(1), 4)
    shapes = {"W": (3, 4), "b": (3,), "y": (5, 4), "z_bar": (5, 3)}
    arrays = {name: jax.random.normal(key, shape) for key, (name, shape) in zip(keys, shapes.items(), strict=True)}
    _, J = affine(AffineParams(arrays["W"], arrays["b"]), arrays["y"])
    params_bar, y_bar = arrays["z_bar"] @ J
    expected = {"W": ((k, l), params_bar.W), "b": ((k,), params_bar.b), "y": ((t, l), y_bar)}
    for name, (indices, value) in expected.items():
        formula = derivations()[f"affine.batch.{name}"].result.rhs
        derived = emit(formula, indices=indices, given=(batch,))(**arrays)
        np.testing.assert_allclose(derived, value, rtol=1e-12)


def test_the_transposed_weight_is_not_the_jacobian_in_our_layout():
    assert judge(Derivative(z[i], y[j]), W[i, j], given=(definition,))
    assert judge(Derivative(z[i], y[j]), W[j, i], given=(definition,)).status == "ill-typed"
    assert judge(Derivative(Z[i], A[j]), W[j, i], given=(transposed,))
    assert judge(Derivative(Z[i], A[j]), W[i, j], given=(transposed,)).status == "ill-typed"


def test_the_bias_is_not_multiplied_by_the_input():
    assert judge(Derivative(z[i], b[k]), y[l] - y[l] + 1, given=(definition,), indices=(l,)).status == "refuted"
