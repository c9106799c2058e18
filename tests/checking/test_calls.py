"""How often and with what a backward is called: races, memory in another order, arrays written into, constants."""

import itertools

import jax
import jax.numpy as jnp
import numpy as np

from functional_bp.checking import check_backward, check_custom_vjp

X = np.random.default_rng(0).standard_normal((3, 4)).astype("float32")


def kinds(report):
    return [cause.kind for cause in report.verdicts[0].causes]


def test_one_call_in_a_hundred_is_found():
    calls = itertools.count(1)

    def backward(primals, g):
        return np.asarray(2 * primals[0] * g) * (next(calls) % 100 != 0)

    assert kinds(check_backward(lambda x: np.asarray(x) ** 2, backward, X)) == ["not deterministic"]


def test_another_order_of_memory_is_found():
    def backward(primals, g):
        g = np.asarray(g)
        return 2 * np.asarray(primals[0]) * g.ravel(order="K").reshape(g.shape)

    assert kinds(check_backward(lambda x: np.asarray(x) ** 2, backward, X)) == ["not contiguous"]


def test_a_cotangent_that_is_written_into_is_found():
    def backward(primals, g):
        g[np.asarray(primals[0]) < 0] = 0
        return g

    report = check_backward(lambda x: np.maximum(np.asarray(x), 0), backward, X)
    assert kinds(report) == ["overwritten"]
    assert "overwrites ȳ in place" in str(report)


def test_numpy_that_takes_no_jax_arrays_is_right():
    def forward(x):
        x[x < 0] = 0
        return x

    def backward(primals, g):
        g = g.copy()
        g[primals[0] < 0] = 0
        return g

    assert check_backward(lambda x: forward(x.copy()), backward, X).ok


def test_constants_need_no_cotangent():
    def backward(primals, g):
        return 2 * primals[0] * g, None

    assert check_backward(lambda x, gamma: x**2 + gamma, backward, X, X, constant=("gamma",)).ok
    assert not check_backward(lambda x, gamma: x**2 + gamma, backward, X, X).ok


def test_a_fwd_may_want_symbolic_zeros():
    @jax.custom_vjp
    def f(x):
        return jnp.sin(x)

    f.defvjp(lambda x: (jnp.sin(x.value), x.value), lambda x, g: (jnp.cos(x) * g,), symbolic_zeros=True)
    assert check_custom_vjp(f, X).ok
