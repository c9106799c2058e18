"""Axes as products of factors: splits, merges and slices are exact."""

import pytest
from sympy import Idx, IndexedBase, Integer

from derivations import dimension
from derivations.reading.arrays import Array, Outside, finer, regrouped, reshaped

h, k = dimension("h"), dimension("k")
x = IndexedBase("x")


def entries(*i):
    return x[tuple(n for place in i for n in place)]


def test_a_number_is_split_into_factors_that_two_axes_share():
    assert finer((Integer(8),), (Integer(2), Integer(4))) == (2, 4)
    assert finer((Integer(2), Integer(4)), (Integer(4), Integer(2))) == (2, 2, 2)
    with pytest.raises(Outside, match="split as h"):
        finer((h, k), (k, h))


def test_heads_are_split_off_and_merged_again():
    flat = Array(((h, k),), entries)
    heads = reshaped(flat, [h, k])
    assert heads.axes == ((h,), (k,))
    i, j = Idx("i", (1, h)), Idx("j", (1, k))
    assert heads.at((i,), (j,)) == x[i, j] == reshaped(heads, [h * k]).at((i, j))
    with pytest.raises(Outside):
        reshaped(flat, [k, h])


def test_a_number_is_counted_row_by_row():
    flat = Array(((Integer(6),),), entries)
    i, j = Idx("i", (1, 2)), Idx("j", (1, 3))
    assert reshaped(flat, [Integer(2), Integer(3)]).at((i,), (j,)) == x[3 * (i - 1) + j]
    assert regrouped([(h,), (Integer(6),)], [h * 2, Integer(3)]) == (((h,), (2, 3)), ((h, 2), (3,)))
