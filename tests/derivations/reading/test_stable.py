"""Proven, and wrong in floating point: the stable form is told where it is known."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from derivations.reading.question import ask
from derivations.reading.stable import stable_forms

X = np.linspace(-1, 2, 12, dtype=np.float32).reshape(3, 4)

NAIVE = {
    "logsumexp": lambda x: jnp.log(jnp.exp(x).sum(-1)),
    "softmax": lambda x: jnp.exp(x) / jnp.exp(x).sum(-1, keepdims=True),
    "softplus": lambda x: jnp.log(1 + jnp.exp(x)),
    "log1p": lambda x: jnp.log(1 + x),
    "expm1": lambda x: jnp.exp(x) - 1,
    "sigmoid": lambda x: 1 / (1 + jnp.exp(-x)),
    "two passes": lambda x: (x * x).mean(-1) - x.mean(-1) ** 2,
    "hypot": lambda x: jnp.sqrt(x[0] ** 2 + x[1] ** 2),
}
STABLE = {
    "logsumexp": lambda x: jax.nn.logsumexp(x, axis=-1),
    "softmax": lambda x: jax.nn.softmax(x),
    "shifted": lambda x: jnp.log(jnp.exp(x - x.max(-1, keepdims=True)).sum(-1)),
    "sigmoid": lambda x: jax.nn.sigmoid(x),
    "variance": lambda x: x.var(-1),
}


def forms(forward):
    with jax.numpy_rank_promotion("allow"):
        return stable_forms(ask(forward, lambda p, g: (p[0],), (X,)))


@pytest.mark.parametrize("name", NAIVE)
def test_a_naive_form_is_told_its_stable_one(name):
    (form,) = forms(NAIVE[name])
    assert name in form


@pytest.mark.parametrize("name", STABLE)
def test_a_stable_form_is_left_alone(name):
    assert not forms(STABLE[name])
