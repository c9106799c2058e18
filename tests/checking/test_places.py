"""Where in the forward a mistake was made is named: the line, the step, the place of a conjugate."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from functional_bp.checking import check_backward

pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def ordinary_promotion():
    """The networks are written as people write them, with `x @ W + b`."""
    with jax.numpy_rank_promotion("allow"), jax.numpy_dtype_promotion("standard"):
        yield


def mlp(W1, W2, x):
    h = jnp.tanh(x @ W1)
    return jnp.tanh(h @ W2)


def forgetful(primals, y_bar):
    """Without the derivative of the first layer's tanh."""
    W1, W2, x = primals
    h = jnp.tanh(x @ W1)
    z_bar = y_bar * (1 - jnp.tanh(h @ W2) ** 2)
    h_bar = z_bar @ W2.T
    return x.T @ h_bar, h.T @ z_bar, h_bar @ W1.T


def primals(*shapes, seed=0):
    rng = np.random.default_rng(seed)
    return [rng.standard_normal(shape).astype("float32") for shape in shapes]


def first_causes(forward, backward, *values):
    return {v.name: v.causes[0] for v in check_backward(forward, backward, *values).verdicts if not v.ok and v.causes}


def test_the_line_of_the_mistake_is_named_and_the_same_for_all_arguments():
    causes = first_causes(mlp, forgetful, *primals((4, 5), (5, 3), (6, 4)))
    assert set(causes) == {"W1", "x"}
    assert len(set(causes.values())) == 1
    assert causes["x"].kind == "missing factor"
    line = mlp.__code__.co_firstlineno + 1
    expected = f"the derivative of `tanh` is missing (in mlp, line {line}: h = jnp.tanh(x @ W1))"
    assert causes["x"].text == expected


@pytest.mark.parametrize(
    "call", [jax.jit, jax.checkpoint, lambda f: lambda *x: jax.lax.cond(x[0].sum() < 1e6, f, f, *x)]
)
def test_programs_inside_the_program_are_looked_into(call):
    causes = first_causes(call(mlp), forgetful, *primals((4, 5), (5, 3), (6, 4)))
    assert {cause.kind for cause in causes.values()} == {"missing factor"}
    assert all("tanh" in cause.text for cause in causes.values())


@pytest.mark.parametrize("scanned", [False, True])
def test_a_mistake_made_at_every_step_is_one_cause(scanned):
    def forward(W, h):
        def step(h, _):
            return jnp.arctan(h @ W), None

        if scanned:
            return jax.lax.scan(step, h, None, length=3)[0]
        for _ in range(3):
            h = jnp.arctan(h @ W)
        return h

    def backward(primals, y_bar):
        W, h = primals
        W_bar, before = jnp.zeros_like(W), []
        for _ in range(3):
            before.append(h)
            h = jnp.arctan(h @ W)
        for h in reversed(before):
            W_bar, y_bar = W_bar + h.T @ y_bar, y_bar @ W.T  # without 1 / (1 + (h W)²)
        return W_bar, y_bar

    causes = first_causes(forward, backward, *primals((3, 3), (2, 3)))
    assert [cause.kind for cause in causes.values()] == ["missing factor"] * 2
    assert all("the derivative of `atan` is missing" in cause.text for cause in causes.values())


@pytest.mark.parametrize("seed", range(4))
def test_random_answers_have_no_cause(seed):
    """Right cotangents with noise: nothing gives these values, so nothing is named."""

    def noisy(primals, y_bar):
        right = jax.vjp(mlp, *primals)[1](y_bar)
        return tuple(a * (1 + 0.3 * jnp.sin(3 * seed + 40 * a)) for a in right)

    report = check_backward(mlp, noisy, *primals((4, 5), (5, 3), (6, 4), seed=seed))
    assert [v.ok for v in report.verdicts] == [False] * 3
    assert all(not cause or cause[0].kind == "not linear" for cause in report.diagnoses.values()), report


@pytest.mark.parametrize(
    ("backward", "text"),
    [
        (lambda p, g: (g * p[1].conj(), g * p[0].conj()), "the conjugate of J"),
        (lambda p, g: (g.conj() * p[1], g.conj() * p[0]), "ȳ is conjugated"),
        (lambda p, g: ((g * p[1]).conj(), (g * p[0]).conj()), "the cotangent is conjugated"),
    ],
)
def test_a_conjugate_too_many_is_named(backward, text):
    parts = primals((4, 3), (4, 3), (4, 3), (4, 3))
    causes = first_causes(jnp.multiply, backward, parts[0] + 1j * parts[1], parts[2] + 1j * parts[3])
    assert [cause.kind for cause in causes.values()] == ["conjugate"] * 2
    assert all(cause.text.startswith(text) for cause in causes.values())


def test_a_conjugate_inside_a_network_is_placed():
    def forward(z, w):
        return jnp.tanh(z * w) * w

    def backward(primals, y_bar):
        z, w = primals
        t = jnp.tanh(z * w)
        a_bar = y_bar * w * (1 - t**2)
        return a_bar * w, y_bar * t + (a_bar * z).conj()

    parts = primals((4, 3), (4, 3), (4, 3), (4, 3))
    causes = first_causes(forward, backward, parts[0] + 1j * parts[1], parts[2] + 1j * parts[3])
    assert set(causes) == {"w"}
    assert "conjugated at `mul`" in causes["w"].text


def test_another_s_derivative_is_no_cause():
    """A mistake that is on no menu: the slope of a function that the forward does not hold."""

    def backward(primals, y_bar):
        W1, W2, x = primals
        h = jnp.tanh(x @ W1)
        z_bar = y_bar * (1 - jnp.tanh(h @ W2) ** 2)
        h_bar = (z_bar @ W2.T) * jnp.exp(-(h**2))
        return x.T @ h_bar, h.T @ z_bar, h_bar @ W1.T

    assert first_causes(mlp, backward, *primals((4, 5), (5, 3), (6, 4))) == {}
