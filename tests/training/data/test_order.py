"""The order of the rows is a permutation in every epoch, and no row is favoured."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from functional_bp.training.data.order import batches


@pytest.mark.parametrize("n", [1, 2, 3, 7, 10, 64, 65, 1347, 10007])
def test_every_epoch_is_a_permutation(n):
    rows = np.asarray(batches(jax.random.key(n), jnp.int32(5), 3, n, n))
    np.testing.assert_array_equal(np.sort(rows), np.broadcast_to(np.arange(n), (3, n)))


def test_batches_of_an_epoch_do_not_overlap():
    rows = np.asarray(batches(jax.random.key(0), jnp.int32(42), 42, 1347, 32))
    assert len(np.unique(rows)) == 42 * 32


def test_any_step_can_be_found_alone():
    ask = partial(batches, jax.random.key(3))
    together = ask(jnp.int32(0), 30, 100, 9)
    for step in range(30):
        np.testing.assert_array_equal(ask(jnp.int32(step), 1, 100, 9)[0], together[step])


def test_epochs_and_seeds_differ():
    first, second = batches(jax.random.key(0), jnp.int32(0), 2, 1000, 1000)
    other = batches(jax.random.key(1), jnp.int32(0), 1, 1000, 1000)[0]
    assert (np.asarray(first) == np.asarray(second)).mean() < 0.01
    assert (np.asarray(first) == np.asarray(other)).mean() < 0.01


@pytest.mark.parametrize("n", [5, 10, 24])
def test_every_row_stands_everywhere_equally_often(n):
    """χ² over (place, row), and over pairs of neighbours: within five standard deviations of its mean."""
    epochs = 8000
    rows = np.asarray(batches(jax.random.key(7), jnp.int32(0), epochs, n, n))
    places = np.array([np.bincount(rows[:, place], minlength=n) for place in range(n)])
    pairs = np.bincount((rows[:, :-1] * n + rows[:, 1:]).ravel(), minlength=n * n).reshape(n, n)
    assert chi_square(places, epochs / n) < (n - 1) ** 2 + 5 * np.sqrt(2) * (n - 1)
    unequal = pairs[~np.eye(n, dtype=bool)]
    assert chi_square(unequal, epochs / n) < len(unequal) + 5 * np.sqrt(2 * len(unequal))


def chi_square(counts: np.ndarray, expected: float) -> float:
    return float(((counts - expected) ** 2 / expected).sum())
