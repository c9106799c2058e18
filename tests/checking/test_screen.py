"""A large problem is decided by one compiled comparison a point; what is wrong there must not slip through it."""

from itertools import pairwise
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from functional_bp.checking import check_backward
from functional_bp.checking.limits import SMALL
from functional_bp.checking.verdict.judge import Judge

WIDTHS, BATCH = (96, 128, 80, 10), 8


def mlp(params: Any, x: jax.Array) -> jax.Array:
    for W, b in params[:-1]:
        x = jnp.tanh(x @ W.T + b[None])
    W, b = params[-1]
    return x @ W.T + b[None]


def backward(primals: tuple, y_bar: jax.Array) -> tuple[list, jax.Array]:
    params, x = primals
    activations = [x]
    for W, b in params[:-1]:
        activations.append(jnp.tanh(activations[-1] @ W.T + b[None]))
    gradients = []
    for (W, _), y in zip(reversed(params), reversed(activations), strict=True):
        gradients.append((y_bar.T @ y, y_bar.sum(0)))
        y_bar = y_bar @ W
        if len(gradients) < len(params):
            y_bar = y_bar * (1 - y**2)
    return gradients[::-1], y_bar


@pytest.fixture(scope="module")
def inputs() -> tuple[list, jax.Array]:
    rng = np.random.default_rng(0)
    params = [
        (
            jnp.asarray(rng.standard_normal((m, n)) / n**0.5, jnp.float32),
            jnp.asarray(rng.standard_normal(m), jnp.float32),
        )
        for n, m in pairwise(WIDTHS)
    ]
    assert sum(a.size for a in jax.tree.leaves(params)) > SMALL
    return params, jnp.asarray(rng.standard_normal((BATCH, WIDTHS[0])), jnp.float32)


def changed(change: Any) -> Any:
    """The right backward, with a change of the gradient of the first layer's W."""

    def wrong(primals: tuple, y_bar: jax.Array) -> tuple[list, jax.Array]:
        gradients, x_bar = backward(primals, y_bar)
        return [(change(primals, gradients[0][0]), gradients[0][1]), *gradients[1:]], x_bar

    return wrong


def one_element(primals: tuple, W_bar: jax.Array) -> jax.Array:
    k = jnp.argmax(jnp.abs(W_bar))
    return (W_bar.ravel() * jnp.where(jnp.arange(W_bar.size) == k, 1.001, 1.0).astype("float32")).reshape(W_bar.shape)


WRONG = {
    "one element by a thousandth": one_element,
    "only where an input is large": lambda primals, W_bar: W_bar * jnp.where(jnp.abs(primals[1]).max() > 50, 2, 1),
    "not finite": lambda primals, W_bar: W_bar.at[3, 4].set(jnp.nan),
    "zero": lambda primals, W_bar: W_bar * 0,
}


def test_a_right_one_is_decided_by_the_screen_alone(inputs: tuple, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Judge, "judge", lambda *_: pytest.fail("the screen left it undecided"))
    report = check_backward(mlp, backward, *inputs)
    assert report.ok
    assert len(report.points) > 1
    assert report.oracles == ("jax.vjp in float32",)


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_one_is_not_let_through(name: str, inputs: tuple) -> None:
    report = check_backward(mlp, changed(WRONG[name]), *inputs)
    assert [(v.argument, v.path) for v in report.verdicts if not v.ok] == [("params", "[0][0]")]


def test_a_right_one_that_rounds_otherwise_is_left_to_the_judge() -> None:
    """x + 1000 loses digits that cos x cos 1000 − sin x sin 1000 keeps: JAX's own value is the worse one."""

    def accurate(primals: tuple, y_bar: jax.Array) -> tuple[jax.Array]:
        (x,) = primals
        return (y_bar * (jnp.cos(x) * np.float32(np.cos(1000)) - jnp.sin(x) * np.float32(np.sin(1000))),)

    x = jnp.linspace(-2, 2, SMALL + 1)
    report = check_backward(lambda x: jnp.sin(x + 1000), accurate, x)
    assert report.ok
    assert "jax.vjp in float64" in report.oracles
