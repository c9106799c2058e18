"""What is particular to maxima over subsets: ties, overlaps, and subsets that are none."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import functional_bp as bp

TIED = jnp.array([2.0, 5.0, 5.0, 5.0, -1.0])


def test_ties_split_evenly_as_jax_does_or_go_to_the_first_as_the_lectures_do():
    subsets = [(1, 2, 4), (0, 3), (3, 2)]
    y, split = bp.subset_max(TIED, subsets)
    np.testing.assert_array_equal(y, [5, 5, 5])
    np.testing.assert_array_equal(split.to_dense(), [[0, 0.5, 0.5, 0, 0], [0, 0, 0, 1, 0], [0, 0, 0.5, 0.5, 0]])
    oracle = jax.jacrev(lambda z: jnp.stack([jnp.max(z[jnp.array(subset)]) for subset in subsets]))(TIED)
    np.testing.assert_array_equal(split.to_dense(), oracle)
    _, first = bp.subset_max(TIED, subsets, ties="first")
    np.testing.assert_array_equal(first.to_dense(), [[0, 1, 0, 0, 0], [0, 0, 0, 1, 0], [0, 0, 0, 1, 0]])


@pytest.mark.parametrize("ties", ["split", "first"])
def test_at_a_tie_the_row_is_a_clarke_subgradient(ties):
    """Any convex combination of the tied unit rows: entries in [0, 1] that sum to 1, none off the tie."""
    row = bp.subset_max(TIED, [range(5)], ties=ties)[1].to_dense()[0]
    assert ((row >= 0) & (row <= 1)).all()
    assert row.sum() == 1
    assert row[0] == row[4] == 0


def test_subsets_may_overlap_and_their_cotangents_then_add():
    _, J = bp.subset_max(jnp.array([1.0, 3.0, 2.0]), [(0, 1), (1, 2), (0, 2)])
    np.testing.assert_array_equal(jnp.array([1.0, 10.0, 100.0]) @ J, [0, 11, 100])


def test_padding_never_wins_even_against_minus_infinity():
    y, J = bp.subset_max(jnp.array([-jnp.inf, 1.0, 2.0]), [(0,), (1, 2)])
    np.testing.assert_array_equal(y, [-np.inf, 2])
    np.testing.assert_array_equal(J.to_dense(), [[1, 0, 0], [0, 0, 1]])


@pytest.mark.usefixtures("unchecked")
def test_subsets_may_be_the_rows_of_an_array():
    y, _ = bp.subset_max(TIED, np.array([[0, 1], [3, 4]]))
    np.testing.assert_array_equal(y, [5, 5])


@pytest.mark.parametrize("subsets", [[()], [(0, 5)], [(-1,)], [(1, 1)], []])
def test_subsets_that_are_none_are_refused(subsets):
    with pytest.raises(ValueError, match="subset_max: "):
        bp.subset_max(TIED, subsets)


@pytest.mark.usefixtures("unchecked")
def test_an_unknown_way_with_ties_is_refused():
    with pytest.raises(ValueError, match="ties must be"):
        bp.subset_max(TIED, [(0, 1)], ties="last")
