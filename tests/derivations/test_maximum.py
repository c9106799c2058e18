"""The maximum over subsets: the derived selection holds off ties, and says so."""

import jax.numpy as jnp
import numpy as np
import pytest
from sympy import Derivative

from derivations import emit, judge, step
from derivations.maximum import S, i, j, jacobian, y, z
from functional_bp import subset_max

SUBSETS = ((0, 2), (1, 2))
MASK = jnp.asarray([[1.0, 0.0, 1.0], [0.0, 1.0, 1.0]])


def selection(values):
    return emit(jacobian.result.rhs, indices=(j, i), given=jacobian.definitions)(z=jnp.asarray(values), S=MASK)


def test_the_absence_of_a_tie_is_a_side_condition():
    no_tie, not_empty = jacobian.check().side_conditions
    assert no_tie.rhs == 1
    assert no_tie.lhs.has(step)
    assert not_empty.lhs.has(S)


def test_it_selects_within_the_subset_alone():
    np.testing.assert_array_equal(selection([3.0, 5.0, 1.0]), [[1, 0, 0], [0, 1, 0]])


def test_at_a_tie_the_formula_breaks_its_condition_and_the_rule_chooses():
    tied = selection([2.0, 0.0, 2.0])
    np.testing.assert_array_equal(tied.sum(-1), [2, 1])
    for ties, row in {"first": [1, 0, 0], "split": [0.5, 0, 0.5]}.items():
        _, J = subset_max(jnp.asarray([2.0, 0.0, 2.0]), SUBSETS, ties=ties)
        np.testing.assert_array_equal(J.to_dense()[0], row)


@pytest.mark.parametrize("slip", [step(z[i] - y[j]), S[j, i]], ids=["other subsets too", "all of the subset"])
def test_a_slip_is_refuted(slip):
    given = (*jacobian.definitions, *jacobian.given)
    assert judge(Derivative(y[j], z[i]), slip, given=given).status == "refuted"
