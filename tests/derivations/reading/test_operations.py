"""Operations that have no formula of their own: orders, rounding, inverses, windows, what is read backwards, loops."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax

from derivations.reading import prove_backward

X = np.linspace(-1, 2, 12, dtype=np.float32).reshape(2, 6)
A = np.eye(3, dtype=np.float32) * 3 + np.linspace(-1, 1, 9, dtype=np.float32).reshape(3, 3)
B = np.array([1.0, -2.0, 0.5], np.float32)


@pytest.fixture(autouse=True)
def as_people_write():
    with jax.numpy_rank_promotion("allow"), jax.numpy_dtype_promotion("standard"):
        yield


def of_sorted(p, g):
    order = jnp.argsort(p[0], axis=-1)
    return (jnp.take_along_axis(g, jnp.argsort(order, axis=-1), axis=-1),)


def of_solve(p, g):
    y = jnp.linalg.solve(*p)
    b_bar = jnp.linalg.solve(p[0].T, g)
    return -jnp.outer(b_bar, y), b_bar


def pooled(x):
    return lax.reduce_window(x, 0.0, lax.add, (1, 2), (1, 2), "VALID") / 2


def rounded(x):
    return x + lax.stop_gradient(jnp.round(x) - x)


def discounted(x):
    return jnp.cumsum(x[:, ::-1], axis=1)[:, ::-1]


def recurrent(x):
    return lax.scan(lambda h, row: (jnp.tanh(h + row), h), jnp.zeros(x.shape[1]), x)[0]


def of_recurrent(p, g):
    (x,) = p
    _, hs = lax.scan(lambda h, row: (jnp.tanh(h + row),) * 2, jnp.zeros(x.shape[1]), x)
    return (lax.scan(lambda h_bar, h: (h_bar * (1 - h**2),) * 2, g, hs, reverse=True)[1],)


RIGHT = {
    "sorted": (lambda x: jnp.sort(x, axis=-1), of_sorted, (X,)),
    "the largest": (
        lambda x: lax.top_k(x, 2)[0].sum(-1),
        lambda p, g: (g[:, None] * jax.nn.one_hot(lax.top_k(p[0], 2)[1], p[0].shape[1]).sum(1),),
        (X,),
    ),
    "solved": (lambda A, b: jnp.linalg.solve(A, b), of_solve, (A, B)),
    "log det": (lambda A: jnp.linalg.slogdet(A)[1], lambda p, g: (g * jnp.linalg.inv(p[0]).T,), (A,)),
    "pooled": (pooled, lambda p, g: (jnp.repeat(g, 2, axis=1)[:, : p[0].shape[1]] / 2,), (X,)),
    "rounded": (rounded, lambda p, g: (g,), (X,)),
    "backwards": (discounted, lambda p, g: (jnp.cumsum(g, axis=1),), (X,)),
    "a loop": (recurrent, of_recurrent, (X,)),
    "numpy": (lambda x: np.tanh(x), lambda p, g: (g * (1 - np.tanh(p[0]) ** 2),), (X,)),
    "masked with −∞": (
        lambda x: jax.nn.softmax(jnp.where(x > 0, x, -jnp.inf)),
        lambda p, g: (
            (a := jax.nn.softmax(jnp.where(p[0] > 0, p[0], -jnp.inf))) * (g - (a * g).sum(-1, keepdims=True)),
        ),
        (np.abs(X) + 0.1,),
    ),
}


# What is read, and not yet proven at every size. The list is to shrink.
OPEN = {"sorted", "solved", "log det", "backwards"}


@pytest.mark.walk
@pytest.mark.parametrize("name", RIGHT)
def test_it_is_proven(name):
    forward, backward, primals = RIGHT[name]
    proofs = prove_backward(forward, backward, *primals)
    assert proofs.proven or (name in OPEN and not proofs.refuted), str(proofs)


@pytest.mark.walk
@pytest.mark.parametrize("name", RIGHT)
def test_a_wrong_one_is_not(name):
    forward, backward, primals = RIGHT[name]

    def wrong(p, g):
        first, *rest = backward(p, g)
        return (first * 1.5, *rest)

    assert prove_backward(forward, wrong, *primals).refuted
