"""The derivative: free of capture, and equal to what JAX differentiates the emitted formula to."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from sympy import (
    Abs,
    Derivative,
    Function,
    IndexedBase,
    KroneckerDelta,
    Max,
    Min,
    Piecewise,
    Symbol,
    cos,
    exp,
    floor,
    log,
    sin,
    sqrt,
    tanh,
)

from derivations import (
    Field,
    Maximum,
    derivative,
    dimension,
    emit,
    index,
    judge,
    prime,
    product,
    sigmoid,
    softplus,
    total,
)
from derivations.engine.language.renaming import free_indices, indices_of, replace_index

n, m = dimension("n"), dimension("m")
i, j, k, l = (index(name, n) for name in "ijkl")
a = index("a", m)
z, W, x, S = (IndexedBase(name) for name in ("z", "W", "x", "S"))
positive = IndexedBase("z", positive=True)

SCALARS = {  # of a vector z
    "sum of squares": total(z[k] ** 2, k),
    "log sum exp": log(total(exp(z[k]), k)),
    "product of nonzero numbers": product(z[k], k),
    "power with symbolic exponent": total(positive[k] ** positive[l], k, l),
    "nested sums": total(z[k] * total(z[l] ** 2, l), k),
    "functions": total(tanh(z[k]) + sigmoid(z[k]) * softplus(z[k]) + sin(z[k]) * cos(z[k]), k),
    "absolute value": total(Abs(z[k] - 1), k),
    "max of two": total(Max(z[k], z[k] ** 2) + Min(z[k], 2), k),
    "max of three": total(Max(z[k], z[k] ** 2, 1 - z[k]), k),
    "cases": total(Piecewise((z[k] ** 2, z[k] >= 1), (2 * z[k], True)), k),
    "maximum over an index": Maximum(z[k] ** 2, k),
    "root": sqrt(total(z[k] ** 2, k) + 1),
    "index as a number": total(k * z[k] ** 2, k),
    "delta": total(KroneckerDelta(k, l) * z[k] * z[l], k, l),
}


@pytest.mark.parametrize("name", SCALARS)
def test_gradient_is_jaxs(name, float64):
    formula = SCALARS[name]
    point = jnp.asarray(np.random.default_rng(0).uniform(0.2, 2.0, 5))
    expected = jax.grad(lambda z: emit(formula)(z=z))(point)
    base = positive if name.startswith("power") else z
    actual = emit(derivative(formula, base[i]), (i,))(z=point)
    np.testing.assert_allclose(actual, expected, rtol=1e-10)


def test_the_dummy_of_a_sum_is_not_captured():
    assert derivative(total(z[k] ** 2, k), z[k]) == 2 * z[k]
    assert derivative(total(z[k] * z[l], k, l), z[k]) != 0
    assert judge(derivative(total(z[k] * z[l], k, l), z[k]), 2 * total(z[i], i))
    assert judge(derivative(total(W[k, l] * z[l], l), z[l]), W[k, l])


def test_the_dummy_of_a_product_or_maximum_is_not_captured():
    for binding in (product(z[k], k), Maximum(z[k], k)):
        by_dummy, by_other = derivative(binding, z[k]), derivative(binding, z[i])
        assert free_indices(by_dummy) == {k}
        assert judge(replace_index(by_dummy, k, i), by_other)


def test_deltas_are_contracted():
    assert derivative(total(W[j, k] * z[k], k), z[i]) == W[j, i]
    assert derivative(total(W[j, k] * z[k], k), W[i, l]) == KroneckerDelta(i, j) * z[l]


def test_opaque_functions():
    f, g = Function("f"), Function("g")
    assert derivative(f(z[j] ** 2), z[i]) == 2 * prime(f)(z[j] ** 2) * z[j] * KroneckerDelta(i, j)
    t = Symbol("t")
    assert derivative(g(t, t**2), t) == prime(g, 1)(t, t**2) + 2 * t * prime(g, 2)(t, t**2)
    assert prime(prime(f)).__name__ == "f''"


def test_chain_rule_of_vector_functions():
    F, G = Field("F"), Field("G")
    composed = derivative(F[j](G[a](z[k], k), a), z[i])
    assert judge(composed, total(prime(F)[j, a](G[index("b", m)](z[k], k), index("b", m)) * prime(G)[a, i](z[k], k), a))


def test_replacing_an_index_avoids_capture():
    assert replace_index(total(W[i, k], k), i, k) != total(W[k, k], k)
    assert free_indices(replace_index(total(W[i, k], k), i, k)) == {k}


def test_free_indices_see_the_variable_of_a_derivative():
    assert free_indices(Derivative(z[j], z[i])) == {i, j}
    assert free_indices(total(Derivative(z[j], z[i]), i)) == {j}
    assert indices_of(total(z[k], k)) == {k}


def test_an_unknown_derivative_is_named():
    with pytest.raises(TypeError, match="floor"):
        derivative(floor(z[i]), z[j])
