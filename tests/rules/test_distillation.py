"""Distillation over chunks against jax.grad of the whole product."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import functional_bp as bp


def plain(W, h, teacher_W, teacher_h, w, temperature):
    of_teacher = jax.nn.log_softmax(teacher_h @ teacher_W.T / temperature)
    of_student = jax.nn.log_softmax(h @ W.T / temperature)
    return (w * (jnp.exp(of_teacher) * (of_teacher - of_student)).sum(-1)).sum()


@pytest.mark.parametrize(("weighted", "chunk"), [(True, 2), (False, 128)])
def test_the_gradients_are_those_of_the_whole(weighted, chunk, float64, unoptimised):
    rng = np.random.default_rng(0)
    W, h, teacher_W, teacher_h = (jnp.asarray(rng.normal(size=s)) for s in ((7, 3), (5, 3), (7, 4), (5, 4)))
    w = jnp.asarray(rng.uniform(size=5)) if weighted else None
    D, J = bp.linear_kl(W, h, teacher_W, teacher_h, w, 2.0, chunk)
    rest = (teacher_W, teacher_h, jnp.full(5, 0.2) if w is None else w, 2.0)
    expected, wanted = jax.value_and_grad(plain, (0, 1))(W, h, *rest)
    np.testing.assert_allclose(D, expected, rtol=1e-12)
    for a, b in zip(jnp.ones(()) @ J, wanted, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-10, atol=1e-14)


def test_a_student_like_its_teacher_learns_nothing(float64):
    W, h = jnp.asarray(np.eye(4)), jnp.asarray(np.ones((2, 4)))
    D, J = bp.linear_kl(W, h, W, h)
    assert D == 0
    assert all((bar == 0).all() for bar in jnp.ones(()) @ J)


def test_what_does_not_fit_is_said(unchecked):
    with pytest.raises(ValueError, match="linear_kl: the shapes do not fit"):
        bp.linear_kl(*map(jnp.ones, ((7, 3), (5, 3), (6, 4), (5, 4))))
