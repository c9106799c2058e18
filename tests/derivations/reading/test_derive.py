"""The way back: from a forward to the source of its backward pass, in the user's names, proven before it is told."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from derivations.engine.certificates.check import check
from derivations.reading import derive_backward, prove_backward
from functional_bp.errors import InputError

X, W, G = (np.linspace(-1, 2, n * m, dtype=np.float32).reshape(n, m) for n, m in ((2, 3), (3, 4), (5, 3)))


def perceptron(W, b, x):
    h = jnp.tanh(x @ W + b)
    return h * h


def attention(q, k, v):
    a = jax.nn.softmax(q @ k.T / jnp.sqrt(q.shape[-1]))
    return a @ v


@pytest.fixture(autouse=True)
def as_people_write():
    with jax.numpy_rank_promotion("allow"):
        yield


def test_the_source_is_short_and_in_the_users_names():
    found = derive_backward(perceptron, W, np.ones(4, np.float32), X)
    assert found.proofs.proven
    assert "    h = jnp.tanh(b + t1)\n" in found.source
    assert "    h_bar = 2 * h * y_bar\n" in found.source
    assert "    t1_bar = (1 - h ** 2) * h_bar\n" in found.source
    assert "    W_bar = x.T @ t1_bar\n" in found.source
    assert r"\bar" in found.latex() or "bar" in found.latex()


def test_the_source_gives_what_jax_gives():
    found = derive_backward(attention, X, G, np.ones((5, 2), np.float32))
    assert found.proofs.proven
    space = {}
    exec(found.source, space)
    y_bar = np.linspace(0, 1, 4, dtype=np.float32).reshape(2, 2)
    primals = (X, G, np.linspace(-1, 1, 10, dtype=np.float32).reshape(5, 2))
    true = jax.vjp(attention, *primals)[1](y_bar)
    for ours, theirs in zip(space["attention_backward"](primals, y_bar), true, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-6)


def test_what_has_no_source_here_is_refused_in_a_line():
    with pytest.raises(InputError, match="derive: `lgamma`"):
        derive_backward(lambda x: jax.scipy.special.gammaln(x), X + 2)


def test_certificates_follow_without_the_engine():
    proofs = prove_backward(lambda x: x * jax.nn.sigmoid(x), silu_backward, X)
    records = proofs.certificates()
    assert records
    assert not [check(record).refused for record in records.values() if check(record).refused]


def silu_backward(primals, y_bar):
    (x,) = primals
    s = jax.nn.sigmoid(x)
    return (y_bar * (s + x * s * (1 - s)),)
