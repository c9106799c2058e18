"""Contractions: the derived cotangents are the rule's, and one that forgets a factor is refuted."""

import jax.numpy as jnp
import numpy as np
import pytest
from sympy import Derivative

import functional_bp as bp
from derivations import emit, judge, total
from derivations.contraction import A, B, W, e, f, i, l, lowered, product, r, x, y
from derivations.registry import derivations


@pytest.mark.usefixtures("float64")
def test_the_emitted_cotangents_are_the_rule_s():
    rng = np.random.default_rng(0)
    arrays = {name: jnp.asarray(rng.normal(size=shape)) for name, shape in (("a", (2, 4)), ("b", (4, 3)), ("c", (4,)))}
    y_bar = jnp.asarray(rng.normal(size=(3, 2)))
    found = y_bar @ bp.contraction(*arrays.values(), spec="ij,jk,j->ki")[1]
    for name, bar, indices in zip("abc", found, ((e, f), (f, l), (f,)), strict=True):
        rhs = derivations()[f"contraction.{name}"].result.rhs
        emitted = emit(rhs, indices=indices, given=(product,))(**arrays, y_bar=y_bar, m=2, n=4, p=3)
        np.testing.assert_allclose(emitted, bar, rtol=1e-12)


def test_a_low_rank_addition_without_its_scale_is_refuted():
    wrong = W[i, f] + total(B[i, r] * A[r, f], r)
    assert judge(Derivative(y[i], x[f]), wrong, (lowered,), diagnose=False).status == "refuted"
