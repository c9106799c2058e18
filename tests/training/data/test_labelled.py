"""The digits as published, and splits that hold out what they say."""

import numpy as np
import pytest

from functional_bp.errors import InputError
from functional_bp.training.data.digits import digits, with_negatives
from functional_bp.training.data.labelled import Data, check, ordered, stratified


def test_digits_are_those_of_the_source():
    data = digits()
    assert data.x.shape == (1797, 64)
    assert (data.x * 16 == np.round(data.x * 16)).all()
    assert (data.x.min(), data.x.max()) == (0, 1)
    assert np.bincount(data.labels).tolist() == [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]
    assert (data.x[0, :8] * 16).tolist() == [0, 0, 5, 13, 9, 1, 0, 0]
    assert data.labels[:10].tolist() == list(range(10))


@pytest.mark.parametrize("seed", range(3))
def test_stratified_quarter(seed):
    labels = digits().labels
    kept, held = stratified(labels, seed)
    assert sorted([*kept, *held]) == list(range(len(labels)))
    part = np.bincount(labels[held]) / np.bincount(labels)
    np.testing.assert_allclose(part, 0.25, atol=0.5 / 174)
    assert not np.array_equal(held, stratified(labels, seed + 1)[1])
    np.testing.assert_array_equal(held, stratified(labels, seed)[1])


def test_ordered_quarter_is_the_end():
    kept, held = ordered(digits().labels)
    assert kept.tolist() + held.tolist() == list(range(1797))
    assert len(held) == 449


def test_negatives_are_new_images_with_old_pixels():
    data = digits()
    made = with_negatives(data, 0)
    negatives = made.x[made.labels == 10]
    assert len(negatives) == 179
    np.testing.assert_array_equal(made.x[: len(data.x)], data.x)
    known = {image.tobytes() for image in data.x}
    greys = {np.sort(image).tobytes() for image in data.x}
    assert not any(image.tobytes() in known for image in negatives)
    assert all(np.sort(image).tobytes() in greys for image in negatives)


@pytest.mark.parametrize(
    ("x", "labels", "message"),
    [
        (np.array([[0.0, np.nan], [1, 2]]), [0, 1], "row 0, column 1 is nan"),
        (np.ones((2, 2)), [0, 3], "labels must be from 0 to 2, row 1 has 3"),
        (np.ones((2, 2)), [-1, 1], "row 0 has -1"),
        (np.ones((2, 2)), [0], "one label for each of 2 instances, got (1,)"),
        (np.ones((0, 2)), [], "n and k at least 1, got (0, 2)"),
        (np.ones(3), [0, 1, 2], "shape (n, k)"),
    ],
)
def test_unusable_data_is_refused(x, labels, message):
    with pytest.raises(InputError, match=r"^here: .*") as error:
        check(Data(x, np.array(labels, int)), 3, "here")
    assert message in str(error.value)
