"""Where JAX's own derivative is wrong, what is right passes and what copies JAX does not."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from functional_bp.checking import check_backward

X = np.random.default_rng(0).standard_normal((4, 5)).astype("float32")
ONES = np.ones(X.shape, "int32")
MET = {
    "softplus by relu": (lambda x: jax.nn.relu(x) + jnp.log1p(jnp.exp(-jnp.abs(x))), jax.nn.sigmoid),
    "softplus by where": (lambda x: jnp.where(x > 0, x, 0) + jnp.log1p(jnp.exp(-jnp.abs(x))), jax.nn.sigmoid),
    "i0": (jax.scipy.special.i0, jax.scipy.special.i1),
    "ldexp": (lambda x: jnp.ldexp(x, ONES[: x.shape[0]]), lambda x: 2 * jnp.ones_like(x)),
}


@pytest.mark.parametrize("name", MET)
def test_the_right_slope_passes_and_jax_s_own_does_not(name):
    forward, slope = MET[name]
    report = check_backward(forward, lambda primals, y_bar: slope(primals[0]) * y_bar, X)
    assert report.ok, report
    assert any("jax.vjp itself is wrong" in note for note in report.notes)
    report = check_backward(forward, lambda primals, y_bar: jax.vjp(forward, *primals)[1](y_bar), X)
    assert not report.ok
    assert report.verdicts[0].causes[0].kind == "jax", report


@pytest.mark.parametrize(
    "forward", [jax.nn.relu, jnp.abs, lambda x: jnp.max(x, axis=-1), lambda x: jnp.sort(x, axis=-1)]
)
def test_jax_is_not_doubted_at_an_ordinary_kink(forward):
    report = check_backward(forward, lambda primals, y_bar: jax.vjp(forward, *primals)[1](y_bar), X)
    assert report.ok, report
    assert not any("itself" in note for note in report.notes)


def marginals(em, tr):
    """Of a chain: e^{α + β − log Z} by the two recursions in logarithms."""
    alpha, beta = [em[0]], [jnp.zeros_like(em[0])]
    for t in range(1, len(em)):
        alpha.append(jax.nn.logsumexp(alpha[-1][:, None] + tr, axis=0) + em[t])
        beta.insert(0, jax.nn.logsumexp(tr + (em[-t] + beta[0])[None], axis=1))
    return jnp.exp(jnp.stack(alpha) + jnp.stack(beta) - jax.nn.logsumexp(alpha[-1]))


@pytest.mark.slow
def test_log_space_code_that_cancels_at_large_numbers_is_no_fault():
    def forward(em, tr):
        alpha = em[0]
        for row in em[1:]:
            alpha = jax.nn.logsumexp(alpha[:, None] + tr, axis=0) + row
        return jax.nn.logsumexp(alpha)

    def backward(primals, y_bar, off=1.0):
        pull = jax.vjp(forward, *primals)[1]
        return off * y_bar * marginals(*primals), pull(y_bar)[1]

    tr = np.random.default_rng(1).standard_normal((5, 5)).astype("float32")
    with jax.numpy_rank_promotion("allow"):
        report = check_backward(forward, backward, X, tr)
        assert report.ok, report
        assert any("loses digits to rounding" in note for note in report.notes)
        assert not check_backward(forward, lambda p, g: backward(p, g, 1.001), X, tr).ok


def test_digits_are_printed_until_they_differ():
    report = check_backward(jnp.sin, lambda p, g: g * jnp.cos(p[0]) * np.float64(1 + 1e-9), X.astype("float64"))
    if jax.config.read("jax_enable_x64"):
        assert not report.ok
    report = check_backward(jnp.sin, lambda p, g: g * jnp.cos(p[0]) * (1 + 1e-5), X)
    lines = [line.split() for line in str(report).splitlines() if line.strip().startswith("[")]
    assert lines
    assert all(line[-1] != line[-2] for line in lines)


def test_no_complex_step_goes_through_a_loop():
    def root(x):
        """√(1 + x²) by Newton's method, as long as the real part moves."""
        y = 1 + np.abs(x)
        for _ in range(60):
            if np.max(np.abs(np.real(y * y - x * x - 1))) <= 1e-12 * np.max(np.abs(y * y)):
                break
            y = (y + (x * x + 1) / y) / 2
        return y

    x = np.abs(X[0]) + 1
    with jax.enable_x64(True):
        report = check_backward(root, lambda p, g: g * p[0] / np.sqrt(1 + p[0] ** 2), x.astype("float64"))
    assert report.ok, report
    assert "complex step" not in report.oracles
