"""Convolution: every axis and option against JAX's own, and what does not fit."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import functional_bp as bp
from functional_bp.jacobians.shared import summing_in

AXES = {1: "W", 2: "HW", 3: "DHW"}
OPTIONS = [  # axes, stride, padding, dilation, groups
    (1, 3, 0, 2, 2),
    (1, 3, "same", 2, 1),
    (2, 2, "same", 1, 4),
    (2, (1, 2), (0, 1), (2, 1), 1),
    (3, 2, 1, 1, 1),
]


def plain(params, x, stride, padding, dilation, groups):
    n = params.W.ndim - 2
    stride, dilation = (v if isinstance(v, tuple) else (v,) * n for v in (stride, dilation))
    ends = (
        "SAME" if padding == "same" else [(p, p) for p in (padding if isinstance(padding, tuple) else (padding,) * n)]
    )
    names = (f"N{AXES[n]}C", f"{AXES[n]}IO", f"N{AXES[n]}C")
    y = jax.lax.conv_general_dilated(
        x, params.W, stride, ends, rhs_dilation=dilation, dimension_numbers=names, feature_group_count=groups
    )
    return y + jnp.broadcast_to(params.b, y.shape)


def random(*shape):
    return jnp.asarray(np.random.default_rng(len(shape)).normal(size=shape))


@pytest.mark.parametrize(("axes", "stride", "padding", "dilation", "groups"), OPTIONS)
def test_the_cotangents_are_those_of_jax_s_convolution(axes, stride, padding, dilation, groups, float64, unoptimised):
    params = bp.ConvParams(random(*(3, 2, 3)[:axes], 4 // groups, 8), random(8))
    x, options = random(2, *(7, 8, 9)[:axes], 4), (stride, padding, dilation, groups)
    y, J = bp.convolution(params, x, *options)
    expected, pullback = jax.vjp(lambda params, x: plain(params, x, *options), params, x)
    y_bar = random(*y.shape)
    for a, b in zip(jax.tree.leaves((y, y_bar @ J)), jax.tree.leaves((expected, pullback(y_bar))), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-12)


def test_what_a_stride_leaves_over_comes_back(float64, unoptimised):
    """The transposed convolution is the cotangent of a convolution of 8 positions, of which one is never seen."""
    params, x = bp.ConvParams(random(3, 2, 4), jnp.zeros(4)), random(8, 2)
    y, J = bp.convolution(params, x, stride=2)
    back, _ = bp.transposed_convolution(bp.ConvParams(params.W, jnp.zeros(2)), y, stride=2, extra=1)
    np.testing.assert_allclose(back, y @ J.blocks[1], rtol=1e-12)
    np.testing.assert_array_equal(back[-1], 0)


def test_products_in_bfloat16_can_be_summed_in_float32():
    params, x = (
        bp.ConvParams(jnp.ones((1, 1, 1), "bfloat16"), jnp.zeros(1, "bfloat16")),
        jnp.ones((1000, 1), "bfloat16"),
    )
    y, J = bp.convolution(params, x)
    (params_bar, _) = y @ summing_in(jnp.float32, J)
    assert params_bar.W.dtype == jnp.float32
    assert params_bar.W == 1000


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize(
    ("W", "x", "options", "message"),
    [
        ((3, 2, 4), (5, 3), {}, "do not fit x"),
        ((3, 2, 4), (5, 4), {"groups": 2, "stride": 0}, "stride must be a whole number from 1 on"),
        ((3, 2, 4), (2, 2), {}, "a kernel that spans .* does not fit into"),
        ((3, 2), (5, 2), {}, "W must be"),
        ((3, 2, 4), (5, 2), {"padding": (1, 1)}, "padding must be a whole number from 0 on, or 1 of them"),
    ],
)
def test_what_does_not_fit_is_said(W, x, options, message):
    with pytest.raises(ValueError, match=message):
        bp.convolution(bp.ConvParams(jnp.ones(W), jnp.ones(W[-1])), jnp.ones(x), **options)


@pytest.mark.usefixtures("unchecked")
def test_of_the_transposed_too():
    params = bp.ConvParams(jnp.ones((3, 2, 4)), jnp.ones(2))
    with pytest.raises(ValueError, match=r"extra .* must be less than the stride"):
        bp.transposed_convolution(params, jnp.ones((5, 4)), extra=1)
    with pytest.raises(ValueError, match="leaves nothing"):
        bp.transposed_convolution(params, jnp.ones((1, 4)), padding=2)
