"""Attention in blocks is attention: with every mask, of any length, and where a row sees nothing."""

import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import functional_bp as bp

pytestmark = pytest.mark.usefixtures("float64", "unoptimised")


def plain(qkv, causal=False, segments=None, mask=None, scale=None, softcap=None):
    """As one would write it, the scores whole."""
    q, k, v, bias, sink = qkv
    heads, T, d = q.shape[-3:]
    S = k.shape[-2]
    k, v = (jnp.repeat(a, heads // a.shape[-3], -3) for a in (k, v))
    s = jnp.einsum("...id,...jd->...ij", q, k) * (d**-0.5 if scale is None else scale)
    s = s if softcap is None else softcap * jnp.tanh(s / softcap)
    s = s if bias is None else s + jnp.broadcast_to(bias, s.shape)
    seen = np.tril(np.ones((T, S), bool)) if causal else np.ones((T, S), bool)
    seen = jnp.broadcast_to(seen, s.shape)
    if mask is not None:
        seen &= jnp.broadcast_to(mask, s.shape)
    if segments is not None:
        same = (segments[..., :, None] == segments[..., None, :]) & (segments[..., None, :] >= 0)
        seen &= jnp.broadcast_to(same[..., None, :, :], s.shape)
    weights = jnp.where(seen, jnp.exp(jnp.where(seen, s, 0)), 0)
    total = weights.sum(-1, keepdims=True)
    if sink is not None:
        total = total + jnp.broadcast_to(jnp.exp(sink)[:, None, None], total.shape)
    return jnp.einsum("...ij,...jc->...ic", weights / jnp.where(total == 0, 1, total), v)


def draw(T=6, S=6, batch=(2,), heads=4, groups=2, d=3, c=5, bias=None, sink=False, seed=0):
    rng = np.random.default_rng(seed)
    shapes = (*batch, heads, T, d), (*batch, groups, S, d), (*batch, groups, S, c)
    q, k, v = (jnp.asarray(rng.normal(size=shape)) for shape in shapes)
    bias = None if bias is None else jnp.asarray(rng.normal(size=bias))
    return bp.QKV(q, k, v, bias, jnp.asarray(rng.normal(size=heads)) if sink else None)


def hold(qkv, block=4, **options):
    """Output, cotangents and tangent against jax."""
    rng = np.random.default_rng(7)

    @jax.jit
    def both(qkv, y_bar, dot):
        y, J = bp.attention(qkv, block=block, **options)
        expected, pullback = jax.vjp(lambda qkv: plain(qkv, **options), qkv)
        _, tangent = jax.jvp(lambda qkv: plain(qkv, **options), (qkv,), (dot,))
        return (y, y_bar @ J, J @ dot), (expected, pullback(y_bar)[0], tangent)

    y = jax.eval_shape(lambda qkv: plain(qkv, **options), qkv)
    dot = jax.tree.map(lambda a: jnp.asarray(rng.normal(size=a.shape)), qkv)
    got, expected = both(qkv, jnp.asarray(rng.normal(size=y.shape)), dot)
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-12), got, expected)
    return got


@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize(("T", "S"), [(8, 8), (1, 1), (7, 7), (3, 9), (9, 3), (0, 4), (4, 0)])
def test_any_length_in_blocks_of_4(T, S, causal):
    hold(draw(T, S), causal=causal)


def segments_of(T):
    return jnp.asarray(np.stack([np.arange(T) // 3, np.where(np.arange(T) < T // 2, 0, -1)]))


def spotted(T, S, period):
    return jnp.asarray(np.arange(T * S).reshape(1, T, S) % period > 0)


STAIRS = jnp.asarray(np.arange(7) < np.arange(6)[:, None])[None]  # the first row sees nothing
OPTIONS = {
    "segments": ({"T": 9, "S": 9}, {"segments": segments_of(9)}),
    "segments, causal": ({"T": 9, "S": 9}, {"segments": segments_of(9), "causal": True}),
    "mask with an empty row": ({"S": 7}, {"mask": STAIRS}),
    "bias": ({"S": 7, "bias": (2, 4, 6, 7)}, {}),
    "bias of a head, shared": ({"S": 7, "bias": (4, 1, 1)}, {}),
    "bias of each key": ({"S": 7, "bias": (2, 1, 1, 7)}, {"causal": True}),
    "softcap": ({}, {"softcap": 1.5, "causal": True}),
    "sink": ({"sink": True}, {"causal": True}),
    "sink, all masked": ({"sink": True}, {"mask": jnp.zeros((1, 1, 6), bool)}),
    "scale": ({}, {"scale": 0.3}),
    "no batch, one group": ({"batch": (), "groups": 1}, {"causal": True}),
    "two batch axes": ({"batch": (2, 1), "groups": 4}, {"causal": True}),
    "no example": ({"batch": (0,)}, {"causal": True}),
    "all at once": (
        {"bias": (1, 6, 6), "sink": True},
        {"causal": True, "segments": segments_of(6), "softcap": 2.0, "mask": spotted(6, 6, 5)},
    ),
}


@pytest.mark.parametrize("name", OPTIONS)
def test_every_option(name):
    drawn, options = OPTIONS[name]
    hold(draw(**drawn), **options)


def test_a_row_that_sees_nothing_gives_0_and_no_gradient():
    qkv = draw(4, 4)
    y, J = bp.attention(qkv, mask=jnp.zeros((1, 4, 4), bool), block=2)
    np.testing.assert_array_equal(y, 0)
    for bar in jax.tree.leaves(jnp.ones_like(y) @ J):
        np.testing.assert_array_equal(bar, 0)


@pytest.mark.parametrize("size", [1e4, 1e-300])
def test_extreme_scores_are_finite_and_right(size):
    q, k, v, *_ = draw(6, 6)
    y, J = bp.attention(bp.QKV(size * q, size * k, v), causal=True, block=4)
    assert all(jnp.isfinite(a).all() for a in jax.tree.leaves((y, jnp.ones_like(y) @ J)))
    s = np.einsum("bhid,bhjd->bhij", size * q, np.repeat(size * k, 2, 1)) / np.sqrt(3)
    best = np.where(np.tril(np.ones((6, 6), bool)), s, -np.inf).argmax(-1)
    if size > 1:
        np.testing.assert_allclose(y, np.take_along_axis(np.repeat(v, 2, 1), best[..., None], 2), rtol=1e-9)


def test_the_block_makes_no_difference():
    qkv = draw(12, 12)
    by_block = [bp.attention(qkv, causal=True, block=block)[0] for block in (1, 5, 12, 100)]
    for one, other in itertools.pairwise(by_block):
        np.testing.assert_allclose(one, other, rtol=1e-12)


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"k": jnp.ones((2, 3, 6, 3))}, "k's heads divide q's"),
        ({"v": jnp.ones((2, 2, 5, 3))}, "one length"),
        ({"q": jnp.ones((6, 3))}, "must have shapes"),
        ({"bias": jnp.ones((2, 6, 6))}, "bias must have shape"),
        ({"sink": jnp.ones(3)}, "sink must have shape"),
    ],
)
def test_what_does_not_fit_is_said_in_a_line(change, message):
    with pytest.raises(ValueError, match=message):
        bp.attention(draw(6, 6)._replace(**change))


def test_the_scores_are_never_whole():
    """The compiler's own count: the temporaries of forward and backward pass stay below 2 % of jax.grad's."""
    shape = jax.ShapeDtypeStruct((1, 2, 1024, 16), "float32")

    def ours(q, k, v):
        y, J = bp.attention(bp.QKV(q, k, v), causal=True, block=64)
        return y @ J

    def theirs(q, k, v):
        y, pullback = jax.vjp(lambda q, k, v: plain(bp.QKV(q, k, v), True, scale=0.25), q, k, v)
        return pullback(y)

    with jax.default_device(jax.devices("cpu")[0]):
        bytes_of = [
            jax.jit(f).lower(shape, shape, shape).compile().memory_analysis().temp_size_in_bytes for f in (ours, theirs)
        ]
    assert 0 < bytes_of[0] <= 0.02 * bytes_of[1]
