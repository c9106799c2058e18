"""Axes of size one and empty batches: what is wrong only there is found; what was written for one size is right."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from functional_bp.checking import check_backward
from functional_bp.checking.program.compiled import Programs
from functional_bp.checking.program.shapes import Family, Shape, at_shape, shapes_of
from functional_bp.checking.question.problem import pose

RNG = np.random.default_rng(0)
X, W, B = (RNG.standard_normal(shape).astype("float32") for shape in ((4, 6), (5, 6), (5,)))


def families(forward, *primals):
    found = shapes_of(Programs(*pose(forward, forward, primals))).families
    return {tuple(f.axes): f.size for f in found}


def affine(W, b, x):
    return x @ W.T + b[None]


def affine_backward(primals, y_bar, b_bar=lambda y_bar: y_bar.sum(0)):
    W, _, x = primals
    return y_bar.T @ x, b_bar(y_bar), y_bar @ W


def test_axes_that_can_only_be_changed_together_are_one_family():
    assert families(affine, W, B, X) == {((2, 0),): 4, ((0, 0), (1, 0)): 5, ((0, 1), (2, 1)): 6}
    square = np.eye(6, dtype="float32")
    assert families(lambda x, A: x @ A, X, square) == {((0, 0),): 4, ((0, 1), (1, 0)): 6, ((1, 1),): 6}


def test_what_right_means_is_told():
    report = check_backward(affine, affine_backward, W, B, X)
    assert report.ok, report
    assert "axis 0 of x: 0, 1, 2" in report.varied
    assert report.status == "right"
    assert not check_backward(affine, affine_backward, W, B, X, shapes="given").varied


def test_a_squeeze_without_axis_is_found():
    report = check_backward(affine, lambda p, g: affine_backward(p, g, lambda g: g.sum(0).squeeze()), W, B, X)
    assert not report.ok
    assert report.verdicts[1].trigger.startswith("if axis 0 of W is 1;")


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
    assert report.verdicts[0].trigger.startswith("if axis 1 of x is 1;")


def test_a_wrong_shape_on_an_empty_batch_is_found_and_one_that_cannot_be_taken_is_a_note():
    report = check_backward(lambda x: 2 * x, lambda p, g: g * 2 if len(g) else g.sum(), X)
    assert report.verdicts[0].trigger.startswith("if axis 0 of x is 0 (empty batch)")

    def backward(primals, y_bar):
        np.zeros(y_bar.shape).max()
        return y_bar * 2

    report = check_backward(lambda x: 2 * x, backward, X)
    assert report.ok, report
    assert any("does not take an empty batch" in note for note in report.notes)


@pytest.mark.parametrize("size", ["classes", "batch"])
def test_a_size_written_into_the_backward_has_a_verdict_of_its_own(size):
    def loss(z, labels):
        return -jnp.take_along_axis(jax.nn.log_softmax(z), labels[:, None], axis=-1).mean()

    def backward(primals, y_bar):
        z, labels = primals
        classes, batch = (6, len(z)) if size == "classes" else (z.shape[-1], 4)
        return (jax.nn.softmax(z) - jax.nn.one_hot(labels, classes)) / batch * y_bar, None

    report = check_backward(loss, backward, X, np.array([0, 3, 5, 1]))
    assert report.ok, report
    assert report.status == "right at the given shapes only"
    assert ("axis 1 of z is 6" if size == "classes" else "axis 0 of z is 4") in report.given_only[0]
    assert check_backward(loss, backward, X, np.array([0, 3, 5, 1]), shapes="given").status == "right"


@pytest.mark.parametrize(
    ("forward", "primals", "fixed"),
    [
        (lambda x: x - X, (X,), {4, 6}),  # a constant of the same size is not changed
        (lambda x, s: x[:, :3] * s[None], (X, X[0, :3]), {3}),  # nor a slice
    ],
)
def test_a_size_that_the_forward_holds_is_no_family(forward, primals, fixed):
    assert fixed.isdisjoint(families(forward, *primals).values())


def test_a_target_keeps_its_sum():
    for target in (np.eye(6, dtype="float32")[:4], np.full((4, 6), 1 / 6, "float32")):
        for to in (1, 2, 9):
            (changed,) = at_shape(Shape(((Family(((0, 1),), 6, ""), to),)), [target], 0)
            assert changed.shape == (4, to)
            np.testing.assert_allclose(changed.sum(-1), 1, rtol=1e-6)


def tampered(when, by=2.0):
    """The backward of an affine map with its bias wrong where the shapes say so."""

    def backward(primals, y_bar):
        w_bar, b_bar, x_bar = affine_backward(primals, y_bar)
        return w_bar, b_bar * (by if when(*primals[0].shape, len(primals[2])) else 1.0), x_bar

    return backward


@pytest.mark.parametrize(
    ("when", "words"),
    [
        (lambda m, n, batch: batch % 4 != 0, "if axis 0 of x is not a multiple of 4 (smallest: 1)"),
        (lambda m, n, batch: batch > 4 and batch % 4 != 0, "if axis 0 of x is not a multiple of 4 (smallest: 5)"),
        (lambda m, n, batch: batch % 2 == 1, "if axis 0 of x is odd (smallest: 1)"),
        (lambda m, n, batch: batch > 32, "if axis 0 of x is larger than 32 (smallest: 33)"),
        (lambda m, n, batch: batch == 1, "if axis 0 of x is 1"),
        (lambda m, n, batch: batch & (batch - 1) != 0, "if axis 0 of x is not a power of two (smallest: 3)"),
        (lambda m, n, batch: n > 100, "if axis 1 of W is larger than 96 (smallest: 127)"),
        (lambda m, n, batch: m == n, "if axis 0 of W is as large as axis 1 of W"),
        (lambda m, n, batch: batch > m, "if axis 0 of W is smaller than axis 0 of x"),
    ],
)
def test_the_trigger_is_shrunk_and_said(when, words):
    report = check_backward(affine, tampered(when), W, B, X)
    assert not report.ok
    assert report.verdicts[1].trigger.startswith(words), report
    assert "reproduce: seed 0, shapes W[" in report.verdicts[1].trigger


def test_a_batch_of_one_given_does_not_hide_what_needs_more():
    report = check_backward(affine, tampered(lambda m, n, batch: batch > 1), W, B, X[:1])
    assert report.verdicts[1].trigger.startswith("if axis 0 of x is larger than 1 (smallest: 2)")


def test_unlike_where_alike_was_given():
    """Right for d_v = d alone."""

    def backward(primals, y_bar):
        w, x = primals
        return x.T @ y_bar, y_bar @ w.T * (1.0 if w.shape[0] == w.shape[1] else 2.0)

    report = check_backward(lambda w, x: x @ w, backward, W[:, :5], X[:, :5])
    assert "and axis 1 of" in report.verdicts[1].trigger
    assert "are of different sizes" in report.verdicts[1].trigger


def test_a_silent_fault_at_another_rank_is_found_and_a_loud_one_is_a_note():
    def backward(primals, y_bar):
        y = jax.nn.softmax(primals[0])
        return y * (y_bar - (y * y_bar).sum(1, keepdims=True))

    report = check_backward(jax.nn.softmax, backward, X)
    assert report.verdicts[0].trigger.startswith("with one more leading axis")
    report = check_backward(lambda x, w: x @ w, lambda p, g: (g @ p[1].T, p[0].T @ g), X, W.T.copy())
    assert report.ok, report
    assert any("given rank only" in note for note in report.notes)


def test_where_the_forward_is_not_finite_nothing_is_blamed():
    """Unbiased variance: n − 1 = 0 for a batch of one."""

    def normalised(x):
        return (x - x.mean(0)) / jnp.sqrt(x.var(0, ddof=1) + 1e-5)

    def backward(primals, y_bar):
        x, n = primals[0], len(primals[0])
        inv = 1 / jnp.sqrt(x.var(0, ddof=1) + 1e-5)
        y = (x - x.mean(0)) * inv
        return inv / n * (n * y_bar - y_bar.sum(0) - n / (n - 1) * y * (y_bar * y).sum(0))

    with jax.numpy_rank_promotion("allow"):
        report = check_backward(normalised, backward, X)
    assert report.ok, report
    assert report.status == "right"


def test_axes_are_told_apart_by_what_the_forward_does_with_them():
    """Heads, width and keys are all 3 here."""

    def attention(q, k, v):
        p = jax.nn.softmax(jnp.einsum("ihd,jhd->hij", q, k))
        return jnp.einsum("hij,jhd->ihd", p, v)

    q = RNG.standard_normal((3, 3, 3)).astype("float32")
    heads, width, keys = ((0, 1), (1, 1), (2, 1)), ((0, 2), (1, 2)), ((1, 0), (2, 0))
    assert families(attention, q, q, q).keys() == {((0, 0),), heads, width, keys, ((2, 2),)}


def test_an_axis_of_one_array_is_broadcast_alone():
    def backward(reduced):
        return lambda p, g: (g * p[1][None], reduced((g * p[0]).sum(0), p[1]))

    def forward(x, s):
        return x * s[None]

    s = RNG.standard_normal((4, 6)).astype("float32")
    x = RNG.standard_normal((2, 4, 6)).astype("float32")
    assert check_backward(forward, backward(lambda a, s: a), x, s).ok  # loud where s is broadcast: not meant
    first = check_backward(forward, backward(lambda a, s: a[: len(s)]), x, s)
    assert "axis 0 of s is 1, so that it is broadcast" in first.verdicts[1].trigger


def test_a_window_larger_than_what_it_slides_over_is_no_shape():
    def forward(x, w):
        return jnp.stack([x[i : i + len(w)] @ w for i in range(len(x) - len(w) + 1)]) if len(x) >= len(w) else x[:0]

    shapes = shapes_of(Programs(*pose(forward, forward, (X[0], X[1, :3]))))
    (kernel,) = (family for family in shapes.families if family.size == 3)
    assert shapes.taken(Shape(((kernel, 6),))) == [(1,)]
    assert shapes.taken(Shape(((kernel, 7),))) is None
