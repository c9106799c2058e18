import jax.numpy as jnp
import numpy as np

from functional_bp.training.metrics import classes, confusion_matrix, correct, table

LABELS, PREDICTED = np.array([0, 0, 1, 2, 2, 2]), np.array([0, 1, 1, 2, 2, 0])


def test_confusion_matrix_counts_true_against_predicted():
    expected = np.zeros((3, 3), int)
    for label, prediction in zip(LABELS, PREDICTED, strict=True):
        expected[label, prediction] += 1
    np.testing.assert_array_equal(confusion_matrix(LABELS, PREDICTED, 3), expected)


def test_correct_by_several_logits_and_of_one():
    z = jnp.array([[1.0, 2, 0], [3, 0, 0], [0, 0, 1], [0, 5, 1]])
    d = jnp.array([[0.0, 1, 0], [0, 1, 0], [0, 0, 1], [0, 1, 0]])
    assert classes(z).tolist() == [1, 0, 2, 1]
    assert correct(z, d).tolist() == [1, 0, 1, 1]
    assert correct(jnp.array([[0.3], [-0.1], [2.0]]), jnp.array([[0.0], [0.0], [1.0]])).tolist() == [0, 1, 1]


def test_table_shows_every_count():
    lines = table(confusion_matrix(LABELS, PREDICTED, 3), ("no", "2", "three")).splitlines()
    assert [line.split() for line in lines] == [
        ["|", "no", "2", "three"],
        ["no", "|", "1", "1"],
        ["2", "|", "1"],
        ["three", "|", "1", "2"],
    ]
