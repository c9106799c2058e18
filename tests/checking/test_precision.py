"""In half precision a sum accumulated in half precision is found, one in float32 is not blamed."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from functional_bp.checking import check_backward

pytestmark = pytest.mark.slow

RNG = np.random.default_rng(0)


def scaled(x, w):
    return x * w[None]


def running(terms):
    total, _ = jax.lax.scan(lambda c, row: (c + row, None), jnp.zeros_like(terms[0]), terms)
    return total


@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
def test_a_running_sum_in_half_precision_is_found(dtype):
    x, w = (RNG.standard_normal(shape).astype(jnp.dtype(dtype)) for shape in ((4, 6), (6,)))

    def backward(add):
        return lambda p, g: (g * p[1][None], add(g * p[0]))

    report = check_backward(scaled, backward(running), x, w)
    assert not report.ok
    assert f"accumulates in {dtype}" in report.verdicts[1].trigger
    in_float32 = lambda terms: running(terms.astype("float32")).astype(terms.dtype)  # noqa: E731
    assert check_backward(scaled, backward(in_float32), x, w).ok
    assert check_backward(scaled, backward(lambda terms: terms.sum(0)), x, w).ok
