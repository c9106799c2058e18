"""What is tried beside the given point: integers in their range, masks in part, arrays that tie; and what is kept."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from functional_bp.checking.program.integers import range_of
from functional_bp.checking.question.points import Range, derived_points, is_permutation, is_sorted

RNG = np.random.default_rng(0)
TABLE, IDS = RNG.standard_normal((6, 3)).astype("float32"), np.array([1, 4, 2], "int32")


def known(forward, x, ids):
    (found,) = range_of(lambda floats, indices: forward(*floats, *indices), [x], [ids])
    return found.largest, found.named


@pytest.mark.parametrize(
    ("forward", "largest"),
    [
        (lambda t, i: t[i], 5),
        (lambda t, i: jnp.take_along_axis(t[:3], i[:, None] % 3, 1).sum() + jax.nn.one_hot(i, 8).sum(), 7),
        (lambda t, i: jnp.zeros((9, 3), t.dtype).at[i].add(t[:3]), 8),
        (lambda t, i: jnp.where(jnp.arange(6)[:, None] < i[None], t, 0), 6),
        (lambda t, i: jax.lax.dynamic_slice(t, (i[0], 0), (2, 3)) + 0 * i[1], None),
        (lambda t, i: t[:3] ** i[:, None], None),
    ],
)
def test_how_large_an_integer_may_be_is_seen(forward, largest):
    assert known(forward, TABLE, IDS) == (largest, set())


def test_numbers_that_integers_are_compared_with_are_seen():
    assert known(lambda t, i: jnp.where((i != -1)[:, None], t[i], 0), TABLE, IDS) == (5, {-1})


def moved(indices, known=()):
    points = derived_points((TABLE,), (indices,), [np.zeros(3, "float32")], (), 0, 96, known)
    return {p.name: p.indices[0] for p in points if "index 0" in p.name}


def test_integers_reach_both_ends_and_what_they_are_compared_with():
    tried = moved(IDS, [Range(5, {-1})])
    assert set(tried["the first and the last index (index 0)"]) == {0, 5}
    assert -1 in tried["an integer at -1, with which the forward compares (index 0)"]
    assert max(a.max() for a in moved(IDS).values()) == 4  # nothing is known: the range they came in


def test_what_integers_keep_is_kept():
    rising, shuffled = np.array([0, 2, 2, 5]), np.array([2, 0, 1])
    assert is_sorted(rising)
    assert all(is_sorted(a) for a in moved(rising, [Range(7)]).values())
    assert is_permutation(shuffled)
    assert not moved(shuffled, [Range(2)])


def test_an_offset_moves():
    assert {int(a) for a in moved(np.array(0)).values()} == {1, 3}


def test_masks_are_set_in_part():
    tried = moved(np.ones((4, 5), bool))
    assert 0 < tried["another mask (index 0)"].mean() < 1
    assert tried["a mask with padding at the end (index 0)"].sum(1).tolist() == [3] * 4


def test_two_arrays_of_one_shape_tie():
    a, b = TABLE, TABLE[::-1].copy()
    points = derived_points((a, b), (), [np.zeros(3, "float32")], (), 0, 96)
    tied = next(p for p in points if "equal in leaves 0 and 1" in p.name)
    assert 0 < np.mean(tied.floats[0] == tied.floats[1]) < 1
