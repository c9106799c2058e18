"""Losses of labels: what is left out, extreme logits, and logits that are never whole."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import functional_bp as bp

LABELS = jnp.array([[0, 3, -1, 6, 2], [1, 1, 7, -1, 0]])


def plain(W, h, labels, softcap=None, smoothing=0.0, z_loss=0.0):
    """As one would write it, the logits whole."""
    V = W.shape[0]
    z = jnp.einsum("vn,...n->...v", W, h)
    z = z if softcap is None else softcap * jnp.tanh(z / softcap)
    kept, L = (labels >= 0) & (labels < V), jax.nn.logsumexp(z, -1)
    d = jax.nn.one_hot(jnp.where(kept, labels, 0), V, dtype=z.dtype) * (1 - smoothing) + smoothing / V
    return jnp.where(kept, L - (d * z).sum(-1) + z_loss * L**2, 0).sum() / float(max(kept.sum(), 1))


@pytest.mark.usefixtures("float64", "unoptimised")
@pytest.mark.parametrize("chunk", [1, 3, 100])
@pytest.mark.parametrize("options", [{}, {"softcap": 1.5, "smoothing": 0.1, "z_loss": 0.01}], ids=str)
def test_the_fused_loss_is_the_plain_one_in_chunks_of_any_size(chunk, options):
    rng = np.random.default_rng(0)
    W, h = jnp.asarray(rng.normal(size=(7, 3))), jnp.asarray(rng.normal(size=(2, 5, 3)))
    D, J = bp.linear_nll(W, h, LABELS, chunk=chunk, **options)
    expected, gradients = jax.value_and_grad(lambda W, h: plain(W, h, LABELS, **options), (0, 1))(W, h)
    np.testing.assert_allclose(D, expected, rtol=1e-12)
    for got, wanted in zip(1.0 @ J, gradients, strict=True):
        np.testing.assert_allclose(got, wanted, rtol=1e-10, atol=1e-14)


NO_LABEL = {"none": -jnp.ones((2, 5), int), "no token": jnp.zeros((2, 0), int), "V": jnp.full((2, 5), 7)}


@pytest.mark.parametrize("labels", NO_LABEL.values(), ids=NO_LABEL)
def test_without_a_label_loss_and_gradient_are_0(labels):
    W, h = jnp.ones((7, 3)), jnp.ones((*labels.shape, 3))
    D, J = bp.linear_nll(W, h, labels)
    assert D == 0
    assert all((bar == 0).all() for bar in 1.0 @ J)


def test_a_label_that_is_left_out_has_no_loss_also_at_a_nan():
    z = jnp.array([[1.0, 2.0], [jnp.nan, 0.0]])
    D, J = bp.label_nll(z, jnp.array([0, -1]))
    assert D[0] > 0
    np.testing.assert_array_equal((jnp.ones(2) @ J)[1], [0, 0])


@pytest.mark.parametrize("size", [1e4, 1e-30])
def test_extreme_logits_are_finite(size):
    D, J = bp.label_nll(size * jnp.array([[1.0, -1.0, 0.5]]), jnp.array([1]), smoothing=0.1)
    assert jnp.isfinite(D).all()
    assert jnp.isfinite(jnp.ones(1) @ J).all()


@pytest.mark.usefixtures("unchecked")
def test_what_does_not_fit_is_refused():
    with pytest.raises(ValueError, match=r"labels must be whole numbers, one a row: shape \(2,\), got float32"):
        bp.label_nll(jnp.ones((2, 3)), jnp.ones(2))
    with pytest.raises(ValueError, match="linear_nll: h must have shape"):
        bp.linear_nll(jnp.ones((7, 3)), jnp.ones((2, 4)), jnp.zeros(2, int))


def test_the_logits_are_never_whole():
    """The compiler's own count: 2048 × 4096 logits would be 32 MB, and jax.grad holds them more than once."""
    W, h = jax.ShapeDtypeStruct((4096, 16), "float32"), jax.ShapeDtypeStruct((2048, 16), "float32")
    labels = jax.ShapeDtypeStruct((2048,), "int32")

    def ours(W, h, labels):
        D, J = bp.linear_nll(W, h, labels, chunk=64)
        return D, 1.0 @ J

    def theirs(W, h, labels):
        return jax.value_and_grad(loss, (0, 1))(W, h, labels)

    def loss(W, h, labels):
        z = jnp.einsum("vn,tn->tv", W, h)
        return (jax.nn.logsumexp(z, -1) - jnp.take_along_axis(z, labels[:, None], -1)[:, 0]).mean()

    bytes_of = [jax.jit(f).lower(W, h, labels).compile().memory_analysis().temp_size_in_bytes for f in (ours, theirs)]
    assert 0 < bytes_of[0] <= 0.1 * bytes_of[1]
