"""The gated delta rule: chunks of any size, segments, states handed on, nothing that overflows; what J holds."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import functional_bp as bp


def drawn(T=7, batch=(2,), d=3, c=2, seed=0):
    rng = np.random.default_rng(seed)
    q, k, v = (jnp.asarray(rng.normal(size=(*batch, T, size))) for size in (d, d, c))
    log_decay, beta = (
        jnp.log(jnp.asarray(rng.uniform(0.2, 1, (*batch, T)))),
        jnp.asarray(rng.uniform(0, 1, (*batch, T))),
    )
    return bp.DeltaInputs(q, k, v, log_decay, beta, jnp.asarray(rng.normal(size=(*batch, c, d))))


def plain(x, segments=None):
    """Step by step, time first."""

    def step(S, at):
        q, k, v, g, beta, forget = at
        S = jnp.where(forget[..., None, None], 0, jnp.exp(g)[..., None, None] * S)
        w = beta[..., None] * (v - jnp.einsum("...cd,...d->...c", S, k))
        S = S + jnp.einsum("...c,...d->...cd", w, k)
        return S, jnp.einsum("...cd,...d->...c", S, q)

    forget = jnp.zeros(x.beta.shape, bool)
    if segments is not None:
        before = jnp.concatenate([jnp.where(segments[..., :1] < 0, 9, segments[..., :1]), segments[..., :-1]], -1)
        forget = (segments != before) | (segments < 0)
    first = [jnp.moveaxis(a, x.beta.ndim - 1, 0) for a in (*x[:5], forget)]
    S, y = jax.lax.scan(step, x.state, tuple(first))
    return jnp.moveaxis(y, 0, -2), S


def compared(x, segments=None, **options):
    y, J = bp.gated_delta_rule(x, segments, **options)
    expected, pullback = jax.vjp(lambda x: plain(x, segments), x)
    bar = jax.tree.map(jnp.cos, y)
    found, wanted = jax.tree.leaves((y, bar @ J)), jax.tree.leaves((expected, pullback(bar)[0]))
    for a, b in zip(found, wanted, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize(("T", "chunk"), [(7, 3), (6, 64), (1, 4)])
def test_any_chunk_gives_what_single_steps_give(T, chunk, float64, unoptimised):
    compared(drawn(T), chunk=chunk)


def test_a_new_segment_forgets_what_was_before_it(float64, unoptimised):
    segments = jnp.asarray([[0, 0, 0, 1, 1, 2, -1], [-1, 3, 3, 3, 3, 3, 4]])
    compared(drawn(), segments, chunk=3)


def test_a_sequence_in_two_parts_is_the_whole(float64, unoptimised):
    x = drawn(6)
    (y, S), _ = bp.gated_delta_rule(x, chunk=4)
    first, second = (bp.DeltaInputs(*(a[:, part] for a in x[:5]), x.state) for part in (slice(0, 2), slice(2, 6)))
    (y_1, S_1), _ = bp.gated_delta_rule(first, chunk=4)
    (y_2, S_2), _ = bp.gated_delta_rule(second._replace(state=S_1), chunk=4)
    np.testing.assert_allclose(jnp.concatenate([y_1, y_2], 1), y, rtol=1e-12)
    np.testing.assert_allclose(S_2, S, rtol=1e-12)


def test_of_no_steps_the_state_stays(float64):
    x = drawn(0)
    (y, S), J = bp.gated_delta_rule(x)
    assert y.shape == (2, 0, 2)
    np.testing.assert_array_equal(S, x.state)
    np.testing.assert_array_equal(((y, S) @ J).state, x.state)


def test_decays_that_underflow_leave_what_came_after_them():
    """e^(−200) is 0 in float32: quotients of decays would be 0/0."""
    x = jax.tree.map(lambda a: a.astype("float32"), drawn(6))
    x = x._replace(log_decay=jnp.full((2, 6), -200.0, "float32"))
    y, J = bp.gated_delta_rule(x)
    bar = y @ J
    assert all(np.isfinite(leaf).all() for leaf in jax.tree.leaves((y, bar)))
    single = x.beta[..., None] * x.v * jnp.einsum("btd,btd->bt", x.k, x.q)[..., None]
    np.testing.assert_allclose(y[0], single, rtol=1e-5)


def test_between_chunks_it_holds_a_state_each_and_nothing_else():
    x = jax.eval_shape(lambda: drawn(64, d=8, c=8))
    _, J = jax.eval_shape(lambda x: bp.gated_delta_rule(x, chunk=16), x)
    held = sum(leaf.size for leaf in jax.tree.leaves(J))
    assert held == sum(leaf.size for leaf in jax.tree.leaves(x)) + 4 * 2 * 8 * 8


def test_what_does_not_fit_is_said(unchecked):
    x = drawn()
    with pytest.raises(ValueError, match="gated_delta_rule: expected q, k"):
        bp.gated_delta_rule(x._replace(k=x.k[..., :2]))
    with pytest.raises(ValueError, match="segments must have shape"):
        bp.gated_delta_rule(x, jnp.zeros((2, 3), int))
