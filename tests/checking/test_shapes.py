"""Axes of size one and empty batches: what is wrong only there is found; what was written for one size is right."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from functional_bp.checking import check_backward
from functional_bp.checking.program.compiled import Programs
from functional_bp.checking.program.shapes import Cut, cuts_taken
from functional_bp.checking.question.problem import pose

RNG = np.random.default_rng(0)
X, W, B = (RNG.standard_normal(shape).astype("float32") for shape in ((4, 6), (5, 6), (5,)))


def taken(forward, *primals):
    return [cut.name for cut in cuts_taken(Programs(*pose(forward, forward, primals)))]


def affine(W, b, x):
    return x @ W.T + b[None]


def affine_backward(primals, y_bar, b_bar=lambda y_bar: y_bar.sum(0)):
    W, _, x = primals
    return y_bar.T @ x, b_bar(y_bar), y_bar @ W


def test_all_axes_of_one_size_are_cut_together():
    assert set(taken(affine, W, B, X)) == {
        "batch of one",
        "axes of size 5 cut to 1",
        "axes of size 6 cut to 1",
        "empty batch",
    }
    report = check_backward(affine, affine_backward, W, B, X)
    assert report.ok, report
    assert {"batch of one", "axes of size 5 cut to 1", "empty batch"} <= set(report.points)


def test_a_squeeze_without_axis_is_found():
    report = check_backward(affine, lambda p, g: affine_backward(p, g, lambda g: g.sum(0).squeeze()), W, B, X)
    assert not report.ok
    assert "axes of size 5 cut to 1" in report.verdicts[1].summary


def test_a_sum_over_every_axis_of_size_one_is_found():
    """The usual way back from a broadcast, without keepdims."""

    def unbroadcast(g, shape):
        for axis in reversed(range(len(shape))):
            if shape[axis] == 1:
                g = g.sum(axis)
        return g

    def backward(primals, y_bar):
        x, z = primals
        return unbroadcast(y_bar * z, x.shape), unbroadcast(y_bar * x, z.shape)

    z = RNG.standard_normal((4, 6)).astype("float32")
    assert not check_backward(lambda x, z: x * z, backward, X, z).ok


def test_values_wrong_at_a_size_one_axis_only_are_found():
    def forward(x):
        return x / jnp.asarray(x.shape[-1], x.dtype)

    def backward(primals, y_bar):
        n = primals[0].shape[-1]
        return y_bar / (n if n > 1 else 2)

    report = check_backward(forward, backward, X)
    assert report.verdicts[0].point == "axes of size 6 cut to 1"


def test_what_fails_on_an_empty_batch_only_is_found():
    def backward(primals, y_bar):
        np.zeros(y_bar.shape).max()
        return y_bar * 2

    assert "(empty batch)" in str(check_backward(lambda x: 2 * x, backward, X))


@pytest.mark.parametrize("size", ["classes", "batch"])
def test_a_size_written_into_the_backward_is_a_note(size):
    def loss(z, labels):
        return -jnp.take_along_axis(jax.nn.log_softmax(z), labels[:, None], axis=-1).mean()

    def backward(primals, y_bar):
        z, labels = primals
        classes, batch = (6, len(z)) if size == "classes" else (z.shape[-1], 4)
        return (jax.nn.softmax(z) - jax.nn.one_hot(labels, classes)) / batch * y_bar, None

    report = check_backward(loss, backward, X, np.array([0, 3, 5, 1]))
    assert report.ok, report
    assert any("the given shapes only" in note for note in report.notes)


@pytest.mark.parametrize(
    ("forward", "primals", "name"),
    [
        (lambda x: x - X, (X,), "batch of one"),  # a constant of the same size is not cut
        (lambda x, s: x[:, :3] * s[None], (X, X[0, :3]), "axes of size 3 cut to 1"),  # nor a slice
        (lambda x: x.reshape(2, 12), (X,), "axes of size 6 cut to 1"),
    ],
)
def test_a_cut_that_makes_another_function_of_the_forward_is_not_taken(forward, primals, name):
    assert name not in taken(forward, *primals)


def test_a_target_keeps_its_sum():
    for target in (np.eye(6, dtype="float32")[:4], np.full((4, 6), 1 / 6, "float32")):
        for to in (1, 2):
            cut = Cut("", 6, to).values(target)
            assert cut.shape == (4, to)
            np.testing.assert_allclose(cut.sum(-1), 1, rtol=1e-6)
